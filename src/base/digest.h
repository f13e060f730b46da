// Digests and checksums, incremental and in one call. Results are raw bytes, big-endian for checksums
// (as AWS writes them in base64). OpenSSL, ISA-L and xxHash do the work.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace aerolith {

enum class DigestKind : uint8_t { md5, sha1, sha256, sha512, crc32, crc32c, crc64nvme, xxhash64, xxhash3, xxhash128 };

// One running digest. Not thread-safe; movable.
class Digest {
 public:
  explicit Digest(DigestKind kind);
  ~Digest();
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;

  void update(std::string_view bytes);
  // Raw bytes. The object can't be used after this.
  std::string finish();
  DigestKind kind() const { return kind_; }
  // The same bytes into two; cheaper than one after the other where many threads digest large pieces.
  static void update_both(Digest& one, Digest& other, std::string_view bytes);

 private:
  struct State;
  DigestKind kind_;
  std::unique_ptr<State> state_;
};

std::string digest(DigestKind kind, std::string_view bytes);
std::string sha256_hex(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view message);
uint64_t crc64nvme(std::string_view bytes, uint64_t previous = 0);

}  // namespace aerolith
