// MD5 (for ETags) and SHA-256 (for signatures) of many streams at once. One stream can't use more than one lane of the
// processor; many can: threads that hash large pieces at the same time do it together, one of them for all, 16 streams
// with AVX-512, 8 with AVX2. A thread that is alone hashes by itself, at once.
//
// Measured on one core (docs/dev/perf-log.md), GB/s of one, 8 and 16 streams: MD5 0.6, 2.8, 6.5; SHA-256 0.4, 1.2, 2.6.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace aerolith {

enum class BlockHashKind : uint8_t { md5, sha256 };

// Whether this processor gains by it: one that has SHA-256 in hardware hashes one stream faster than lanes do.
bool has_lanes(BlockHashKind kind);

// One running digest. One thread at a time; update() may wait for other threads' pieces, each of a bounded size.
class BlockHash {
 public:
  explicit BlockHash(BlockHashKind kind);
  void update(std::string_view bytes);
  // Raw bytes. The object can't be used after this.
  std::string finish();

  // The same bytes into two digests of different kinds: they wait for other threads once, not twice.
  static void update_both(BlockHash& one, BlockHash& other, std::string_view bytes);

 private:
  // Fills up the block that was begun; answers the bytes behind it, which `keep_rest` takes what is no whole block of.
  std::string_view fill_block(std::string_view bytes);
  void keep_rest(std::string_view bytes);
  void take_blocks(std::string_view blocks);  // whole blocks

  BlockHashKind kind_;
  uint64_t size_bytes_ = 0;
  std::array<uint32_t, 8> state_;
  std::array<char, 64> rest_{};  // size_bytes_ % 64 bytes that fill no block yet
};

}  // namespace aerolith
