// The CRC of two byte sequences one after the other, from the CRCs of each: no byte is read.
#pragma once

#include <cstdint>

namespace aerolith {

// `width_bits` (32 or 64) and `polynomial` (bit-reversed, without its highest term) name a reflected CRC whose
// initial value and final XOR are all ones: CRC32, CRC32C and CRC64-NVME are such.
struct CrcKind {
  int width_bits;
  uint64_t polynomial;
};

inline constexpr CrcKind kCrc32{32, 0xEDB88320};
inline constexpr CrcKind kCrc32c{32, 0x82F63B78};
inline constexpr CrcKind kCrc64Nvme{64, 0x9A6C9329AC4BC9B5};

// a(x) * b(x) modulo the polynomial; the highest bit of the width is the coefficient of x^0.
constexpr uint64_t multiply_crc(CrcKind kind, uint64_t a, uint64_t b) {
  uint64_t product = 0;
  for (int bit = kind.width_bits - 1; bit >= 0; --bit) {
    product ^= b & (0 - ((a >> bit) & 1));
    b = b >> 1 ^ (kind.polynomial & (0 - (b & 1)));
  }
  return product;
}

// What that many bytes behind a CRC multiply it with.
constexpr uint64_t crc_shift(CrcKind kind, uint64_t size_bytes) {
  uint64_t shift = uint64_t{1} << (kind.width_bits - 1);
  // x^8, squared for each binary digit of the size.
  uint64_t power = uint64_t{1} << (kind.width_bits - 1 - 8);
  for (; size_bytes != 0; size_bytes >>= 1) {
    if ((size_bytes & 1) != 0) shift = multiply_crc(kind, shift, power);
    power = multiply_crc(kind, power, power);
  }
  return shift;
}

constexpr uint64_t combine_crc(CrcKind kind, uint64_t first, uint64_t second, uint64_t second_size_bytes) {
  return multiply_crc(kind, first, crc_shift(kind, second_size_bytes)) ^ second;
}

}  // namespace aerolith
