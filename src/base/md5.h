// MD5, for ETags. One stream can't use more than one lane of the processor; many at a time can: threads that hash
// large pieces at the same time do it together, one of them for all (16 streams with AVX-512, 8 with AVX2). A thread
// that is alone hashes by itself, at once.
//
// Measured on one core: one stream 0.6 GB/s, 8 streams 2.9 GB/s, 16 streams 6.4 GB/s (docs/dev/perf-log.md).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace aerolith {

// One running digest. One thread at a time; update() may wait for other threads' pieces, each of a bounded size.
class Md5 {
 public:
  void update(std::string_view bytes);
  // 16 raw bytes. The object can't be used after this.
  std::string finish();

 private:
  void take_blocks(std::string_view blocks);  // whole blocks

  std::array<uint32_t, 4> state_ = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  uint64_t size_bytes_ = 0;
  std::array<char, 64> rest_;  // size_bytes_ % 64 bytes that fill no block yet
};

}  // namespace aerolith
