// What encrypted qcow2 files are opened with: a secret of its own for each, sealed, in "<id>.secret" beside it.
#pragma once

#include <string>
#include <string_view>

#include "blocks/sealing.h"
#include "blocks/volumes.h"
#include "os/file_system.h"

namespace aerolith::blocks {

inline constexpr std::string_view kSecretSuffix = ".secret";

struct DiskSecret {
  std::string text;  // what QEMU is given: letters and digits, 256 random bits
  std::string key;   // the name of the key that its snapshots' blocks are encrypted with (block_keys.h)
};

// `file` is the whole path of the file that the secret opens, also of one that isn't finished: "<folder>/.<id>.copy".
// Safe from any thread; of one file, one at a time. `files` outlives it.
class DiskSecrets {
 public:
  DiskSecrets(os::FileSystem& files, Sealing sealing) : files_(files), sealing_(std::move(sealing)) {}

  // To be called before the file is made: durable on return. One that is there already stays, if it is of that key.
  Result<DiskSecret> make(std::string_view file, std::string_view key) const;
  // `not_found`; `corrupt` where it was changed, or sealed by another installation.
  Result<DiskSecret> read(std::string_view file) const;
  // One more file that is opened with the same secret.
  Result<> share(std::string_view from, std::string_view to) const;
  // Fine where there is none. To be called when the file is gone.
  Result<> remove(std::string_view file) const;
  // In a folder: those whose file isn't there under any name.
  Result<> remove_strays(const std::string& folder) const;

 private:
  Result<> write(std::string_view file, const DiskSecret& secret) const;

  os::FileSystem& files_;
  const Sealing sealing_;
};

}  // namespace aerolith::blocks
