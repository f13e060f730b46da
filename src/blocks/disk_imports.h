// Files of disks on their way from outside into snapshots, which others wrote and nobody here trusts. Each is received
// piece by piece, looked at, and turned into what Volumes::import_file takes. Nothing of it outlives the process: what
// one leaves behind the next one removes, and begins anew.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "blocks/disk_format.h"
#include "blocks/tar.h"
#include "os/file_system.h"

namespace aerolith::blocks {

enum class ImportErrorCode : uint8_t {
  disk,         // the file's fault, which stays
  no_space,     // the disk has no room for what comes of it
  stopped,      // as it was asked to
  unavailable,  // qemu-img is missing
  failed,       // it may go well another time
};
struct ImportError : Failure<ImportErrorCode> {
  DiskFault fault = DiskFault::none;  // of `disk`
};
template <typename T = void>
using ImportResult = aerolith::Result<T, ImportError>;

// A disk in a file that was received: all of it, or a member of an archive.
struct DiskSource {
  std::string_view name;
  DiskFormat format = DiskFormat::raw;
  uint64_t offset_bytes = 0;
  uint64_t size_bytes = 0;  // 0: up to the file's end
};

// Safe from any thread; one at a time for a name. Names are ids: of a-z, 0-9 and '-'.
class DiskImports {
 public:
  // `folder`: imports/ lies in it. What is there goes, and programs of a former process that still work on it.
  static ImportResult<std::unique_ptr<DiskImports>> open(const std::string& folder);

  // How much is there of a file; 0 where nothing is.
  ImportResult<uint64_t> received_bytes(std::string_view name);
  // Makes the file where it isn't there, and appends. Zeros take no room.
  ImportResult<> append(std::string_view name, std::string_view bytes);
  // `no_space` where the disk hasn't so many bytes left, and some for others.
  ImportResult<> require_room(uint64_t bytes) const;

  // Of an archive. `disk` for what is none.
  ImportResult<std::vector<TarMember>> list_members(std::string_view name);
  ImportResult<std::string> read_member(std::string_view name, const TarMember& member);

  // Its size as a disk, once it is sure that no other file is opened with it.
  ImportResult<uint64_t> check(const DiskSource& source);
  // The disk of a file that was checked, as Volumes::import_file takes it -> its path: the file itself, or one that
  // `target` names. Asks now and then, with how much of it is done; on false it stops.
  ImportResult<std::string> convert(const DiskSource& source, std::string_view target,
                                    const std::function<bool(int percent)>& may_go_on);
  // What was received under the name, and what was made under it. Fine where nothing is.
  ImportResult<> remove(std::string_view name);

 private:
  explicit DiskImports(std::string folder) : folder_(std::move(folder)) {}
  std::string file_of(std::string_view name) const;
  std::string converted_file(std::string_view target) const;
  // For qemu-img, with all drivers named: it guesses no format, and knows no protocol but files.
  std::string describe(const DiskSource& source) const;
  ImportResult<DiskFault> find_fault_of(const DiskSource& source);

  os::RealFileSystem files_;
  const std::string folder_;
};

}  // namespace aerolith::blocks
