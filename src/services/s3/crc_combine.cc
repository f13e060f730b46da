#include "services/s3/crc_combine.h"

namespace aerolith::s3 {
namespace {

// a(x) * b(x) modulo the polynomial; the highest bit of the width is the coefficient of x^0.
uint64_t multiply(CrcKind kind, uint64_t a, uint64_t b) {
  uint64_t product = 0;
  for (int bit = kind.width_bits - 1; bit >= 0; --bit) {
    if (((a >> bit) & 1) != 0) product ^= b;
    b = (b & 1) != 0 ? (b >> 1) ^ kind.polynomial : b >> 1;
  }
  return product;
}

}  // namespace

uint64_t combine_crc(CrcKind kind, uint64_t first, uint64_t second, uint64_t second_size_bytes) {
  // x^8, to be squared for each binary digit of the size.
  uint64_t power = uint64_t{1} << (kind.width_bits - 1 - 8);
  uint64_t shifted = first;
  for (uint64_t left = second_size_bytes; left != 0; left >>= 1) {
    if ((left & 1) != 0) shifted = multiply(kind, shifted, power);
    power = multiply(kind, power, power);
  }
  return shifted ^ second;
}

}  // namespace aerolith::s3
