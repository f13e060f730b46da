// CRC-64/NVME, reflected: https://reveng.sourceforge.io/crc-catalogue/17plus.htm#crc.cat.crc-64-nvme
//
// ISA-L has it from 2.31 on only (Debian 12: 2.30). Where the processor multiplies without carries, long runs are
// folded as in Intel's "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction"; else slicing by
// eight.
#include <array>
#include <bit>
#include <cstring>

#include "base/crc_combine.h"
#include "base/digest.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace aerolith {
namespace {

constexpr uint64_t kPolynomial = kCrc64Nvme.polynomial;
using SliceTables = std::array<std::array<uint64_t, 256>, 8>;

constexpr SliceTables make_slice_tables() {
  SliceTables tables{};
  for (uint64_t i = 0; i < 256; ++i) {
    uint64_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ kPolynomial : crc >> 1;
    tables[0][i] = crc;
  }
  for (size_t t = 1; t < 8; ++t)
    for (size_t i = 0; i < 256; ++i) tables[t][i] = tables[t - 1][i] >> 8 ^ tables[0][tables[t - 1][i] & 255];
  return tables;
}
constexpr SliceTables kTables = make_slice_tables();

// The register moves over the bytes; no inversion.
uint64_t update_by_tables(uint64_t crc, const char* data, size_t size) {
  static_assert(std::endian::native == std::endian::little);
  for (; size >= 8; size -= 8, data += 8) {
    uint64_t word;
    std::memcpy(&word, data, 8);
    word ^= crc;
    crc = 0;
    for (size_t i = 0; i < 8; ++i) crc ^= kTables[7 - i][word >> (8 * i) & 255];
  }
  for (; size > 0; --size, ++data) crc = crc >> 8 ^ kTables[0][(crc ^ static_cast<uint8_t>(*data)) & 255];
  return crc;
}

#if defined(__x86_64__)

// x^n modulo the polynomial, reflected: the highest bit is the coefficient of x^0.
constexpr uint64_t power_of_x(unsigned n) {
  uint64_t power = uint64_t{1} << 63;
  for (; n > 0; --n) power = (power & 1) != 0 ? power >> 1 ^ kPolynomial : power >> 1;
  return power;
}

constexpr size_t kLanes = 8;
constexpr size_t kLaneBytes = 16;

// Moves 128 bits ahead by `Bits` bits: their two halves times what the bits in between make of them. A product of two
// reflected 64-bit polynomials is one bit short of 128, hence the 1.
template <unsigned Bits>
__attribute__((target("pclmul,sse4.1"))) inline __m128i fold(__m128i value, __m128i next) {
  const __m128i factors =
      _mm_set_epi64x(static_cast<int64_t>(power_of_x(Bits - 1)), static_cast<int64_t>(power_of_x(Bits + 64 - 1)));
  const __m128i low = _mm_clmulepi64_si128(value, factors, 0x00);
  const __m128i high = _mm_clmulepi64_si128(value, factors, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

__attribute__((target("pclmul,sse4.1"))) inline __m128i load(const char* data, size_t lane) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(data + lane * kLaneBytes));
}

// At least kLanes * kLaneBytes bytes. Takes whole lanes off the front.
__attribute__((target("pclmul,sse4.1"))) uint64_t update_by_folding(uint64_t crc, const char*& data, size_t& size) {
  constexpr size_t kStep = kLanes * kLaneBytes;
  __m128i lanes[kLanes];
  for (size_t i = 0; i < kLanes; ++i) lanes[i] = load(data, i);
  lanes[0] = _mm_xor_si128(lanes[0], _mm_cvtsi64_si128(static_cast<int64_t>(crc)));
  for (data += kStep, size -= kStep; size >= kStep; data += kStep, size -= kStep) {
#pragma GCC unroll 8
    for (size_t i = 0; i < kLanes; ++i) lanes[i] = fold<kStep * 8>(lanes[i], load(data, i));
  }
  __m128i all = lanes[0];
  for (size_t i = 1; i < kLanes; ++i) all = fold<kLaneBytes * 8>(all, lanes[i]);
  for (; size >= kLaneBytes; data += kLaneBytes, size -= kLaneBytes) all = fold<kLaneBytes * 8>(all, load(data, 0));
  std::array<char, kLaneBytes> rest;
  _mm_storeu_si128(reinterpret_cast<__m128i*>(rest.data()), all);
  return update_by_tables(0, rest.data(), rest.size());
}

const bool kFolds = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");

#endif

}  // namespace

uint64_t crc64nvme(std::string_view bytes, uint64_t previous) {
  uint64_t crc = ~previous;
  const char* data = bytes.data();
  size_t size = bytes.size();
#if defined(__x86_64__)
  if (kFolds && size >= kLanes * kLaneBytes) crc = update_by_folding(crc, data, size);
#endif
  return ~update_by_tables(crc, data, size);
}

}  // namespace aerolith
