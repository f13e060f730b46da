// MD5's compression function over several streams at once: a vector has the same word of each of them.
// RFC 1321 section 3.4. Included by the files that are compiled for one instruction set each; nothing of this header
// may be an inline function that other files have too.
#pragma once

#include <cstddef>
#include <cstdint>

namespace aerolith::md5 {

// floor(2^32 * abs(sin(i + 1)))
inline constexpr uint32_t kSines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
inline constexpr int kShifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

template <int... Column>
struct Columns {};
template <int Count, int... Column>
struct ColumnsUpTo : ColumnsUpTo<Count - 1, Count - 1, Column...> {};
template <int... Column>
struct ColumnsUpTo<0, Column...> {
  using Type = Columns<Column...>;
};
template <int Count>
using FirstColumns = typename ColumnsUpTo<Count>::Type;

template <int Lanes>
struct Kernel {
  using Vector [[gnu::vector_size(4 * Lanes)]] = uint32_t;

  // Of row i and row i + Half, square by square of Half x Half: swaps what is off the diagonal.
  template <int Half, int... Column>
  [[gnu::always_inline]] static void swap_squares(Vector& upper, Vector& lower, Columns<Column...>) {
    const Vector first =
        __builtin_shufflevector(upper, lower, ((Column & Half) == 0 ? Column : Lanes + Column - Half)...);
    lower = __builtin_shufflevector(upper, lower, ((Column & Half) == 0 ? Column + Half : Lanes + Column)...);
    upper = first;
  }
  // Row i, column j becomes row j, column i.
  template <int Half = Lanes / 2>
  [[gnu::always_inline]] static void transpose(Vector* rows) {
    if constexpr (Half > 0) {
#pragma GCC unroll 16
      for (int row = 0; row < Lanes; ++row) {
        if ((row & Half) == 0) swap_squares<Half>(rows[row], rows[row + Half], FirstColumns<Lanes>{});
      }
      transpose<Half / 2>(rows);
    }
  }

  [[gnu::always_inline]] static void load(const char* const* data, size_t offset, Vector* words) {
#pragma GCC unroll 16
    for (int part = 0; part < 16; part += Lanes) {
#pragma GCC unroll 16
      for (int lane = 0; lane < Lanes; ++lane) {
        __builtin_memcpy(&words[part + lane], data[lane] + offset + size_t{4} * static_cast<size_t>(part),
                         sizeof(Vector));
      }
      transpose(words + part);
    }
  }

  template <int Step>
  [[gnu::always_inline]] static void step(Vector& a, const Vector& b, const Vector& c, const Vector& d,
                                          const Vector* words) {
    constexpr int kRound = Step / 16;
    constexpr int kWord = kRound == 0   ? Step
                          : kRound == 1 ? (5 * Step + 1) % 16
                          : kRound == 2 ? (3 * Step + 5) % 16
                                        : (7 * Step) % 16;
    constexpr int kShift = kShifts[kRound][Step % 4];
    Vector mixed;
    if constexpr (kRound == 0) mixed = d ^ (b & (c ^ d));
    if constexpr (kRound == 1) mixed = c ^ (d & (b ^ c));
    if constexpr (kRound == 2) mixed = b ^ c ^ d;
    if constexpr (kRound == 3) mixed = c ^ (b | ~d);
    const Vector sum = a + (words[kWord] + kSines[Step]) + mixed;
    a = b + (sum << kShift | sum >> (32 - kShift));
  }

  template <int Step>
  [[gnu::always_inline]] static void steps(Vector& a, Vector& b, Vector& c, Vector& d, const Vector* words) {
    if constexpr (Step < 64) {
      step<Step>(a, b, c, d, words);
      step<Step + 1>(d, a, b, c, words);
      step<Step + 2>(c, d, a, b, words);
      step<Step + 3>(b, c, d, a, words);
      steps<Step + 4>(a, b, c, d, words);
    }
  }

  // `state` has the four words of all streams: a of each, then b, c and d. `blocks` of 64 bytes are taken of each.
  static void run(uint32_t* state, const char* const* data, size_t blocks) {
    Vector sums[4];
    __builtin_memcpy(sums, state, sizeof sums);
    for (size_t block = 0; block < blocks; ++block) {
      Vector words[16];
      load(data, block * 64, words);
      Vector a = sums[0], b = sums[1], c = sums[2], d = sums[3];
      steps<0>(a, b, c, d, words);
      sums[0] += a;
      sums[1] += b;
      sums[2] += c;
      sums[3] += d;
    }
    __builtin_memcpy(state, sums, sizeof sums);
  }
};

// As Kernel::run, for 16 and for 8 streams; null where the processor can't.
using Run = void (*)(uint32_t* state, const char* const* data, size_t blocks);
Run run_of_16();
Run run_of_8();

}  // namespace aerolith::md5
