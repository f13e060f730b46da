// The CRC of two byte sequences one after the other, from the CRCs of each: no byte is read.
#pragma once

#include <cstdint>

namespace aerolith::s3 {

// `width_bits` (32 or 64) and `polynomial` (bit-reversed, without its highest term) name a reflected CRC whose
// initial value and final XOR are all ones: CRC32, CRC32C and CRC64-NVME are such.
struct CrcKind {
  int width_bits;
  uint64_t polynomial;
};

inline constexpr CrcKind kCrc32{32, 0xEDB88320};
inline constexpr CrcKind kCrc32c{32, 0x82F63B78};
inline constexpr CrcKind kCrc64Nvme{64, 0x9A6C9329AC4BC9B5};

uint64_t combine_crc(CrcKind kind, uint64_t first, uint64_t second, uint64_t second_size_bytes);

}  // namespace aerolith::s3
