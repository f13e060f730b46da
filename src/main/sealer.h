// Secrets at rest: AES-256-GCM under a key file that its owner alone can read.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace aerolith::main_program {

enum class SealErrorCode {
  io,         // the key file can't be read or written
  malformed,  // not a key file, or not sealed bytes
  insecure,   // the key file can be read by others than its owner
  rejected,   // another key, another context, or altered bytes
};
using SealError = Failure<SealErrorCode>;

// Safe from any thread. Copyable; the key is wiped when a copy dies.
class Sealer {
 public:
  // Makes the key file (mode 0600, durable on return); fails when it exists.
  static Result<Sealer, SealError> create(const std::filesystem::path& key_file);
  // Refuses a key file that others than its owner can read.
  static Result<Sealer, SealError> load(const std::filesystem::path& key_file);
  Sealer(const Sealer&) = default;
  Sealer& operator=(const Sealer&) = default;
  ~Sealer();

  // Text (base64). `context` says what it is and where it belongs; open() must be given the same.
  std::string seal(std::string_view secret, std::string_view context) const;
  Result<std::string, SealError> open(std::string_view sealed, std::string_view context) const;

 private:
  Sealer() = default;
  std::array<unsigned char, 32> key_{};
};

}  // namespace aerolith::main_program
