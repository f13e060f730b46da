// The encryption of qcow2 files, as QEMU makes it: a LUKS head of version 1, whose key a secret opens, and AES-256 in
// XTS mode over sectors of 512 bytes that are numbered by their place in the file (QEMU's docs/interop/qcow2.txt,
// "full disk encryption header pointer"; the LUKS On-Disk Format Specification 1.2.3).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "blocks/volumes.h"

namespace aerolith::blocks {

inline constexpr uint64_t kSectorBytes = 512;
inline constexpr uint64_t kMostLuksBytes = uint64_t{8} << 20;  // of a head; QEMU's has 2 MiB

// The key of the bytes. `command` where the secret isn't the right one, `corrupt` for what isn't a head as ours are.
// Bytes of the head aren't believed: what they ask for is bounded.
Result<std::string> open_luks(std::string_view head, std::string_view secret);

// Used by one thread.
class SectorCipher {
 public:
  explicit SectorCipher(std::string_view key);  // of open_luks
  ~SectorCipher();
  SectorCipher(const SectorCipher&) = delete;
  SectorCipher& operator=(const SectorCipher&) = delete;

  // Whole sectors, in place; `place` is that of the first one in the file, in bytes.
  void decrypt(uint64_t place, std::span<char> sectors);
  void encrypt(uint64_t place, std::span<char> sectors);

 private:
  struct State;
  void run(uint64_t place, std::span<char> sectors, bool encrypts);

  const std::unique_ptr<State> state_;
};

// What a new file is encrypted with.
struct LuksHead {
  std::string head;    // with its secret's slot; what follows is zeros
  uint64_t bytes = 0;  // that it takes altogether
  std::string key;
};
// Of a secret of 256 random bits: others would need more iterations than it has, which take seconds.
LuksHead make_luks(std::string_view secret);

}  // namespace aerolith::blocks
