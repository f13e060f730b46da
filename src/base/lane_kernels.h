// The compression functions of MD5 and SHA-256 over several streams at once: a vector has the same word of each of
// them. RFC 1321 section 3.4, FIPS 180-4 section 6.2. Included by the files that are compiled for one instruction set
// each; nothing of this header may be an inline function that other files have too.
#pragma once

#include <cstddef>
#include <cstdint>

namespace aerolith::lanes {

struct Md5 {
  static constexpr int kStateWords = 4;
  static constexpr bool kBigEndian = false;

  // floor(2^32 * abs(sin(i + 1)))
  static constexpr uint32_t kSines[64] = {
      0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
      0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
      0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
      0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
      0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
      0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
      0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
      0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
  static constexpr int kShifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

  template <int Step, typename Vector>
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

  template <int Step, typename Vector>
  [[gnu::always_inline]] static void steps(Vector* s, Vector* words) {
    if constexpr (Step < 64) {
      step<Step>(s[0], s[1], s[2], s[3], words);
      step<Step + 1>(s[3], s[0], s[1], s[2], words);
      step<Step + 2>(s[2], s[3], s[0], s[1], words);
      step<Step + 3>(s[1], s[2], s[3], s[0], words);
      steps<Step + 4>(s, words);
    }
  }
};

struct Sha256 {
  static constexpr int kStateWords = 8;
  static constexpr bool kBigEndian = true;

  // The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
  static constexpr uint32_t kRoots[64] = {
      0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
      0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
      0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
      0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
      0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
      0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
      0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
      0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

  template <int Bits, typename Vector>
  [[gnu::always_inline]] static Vector right(const Vector& v) {
    return v >> Bits | v << (32 - Bits);
  }

  // Names of the standard; the eight words turn by one with each step.
  template <int Step, typename Vector>
  [[gnu::always_inline]] static void step(Vector* s, Vector* words) {
    constexpr auto kAt = [](int word) { return (word - Step % 8 + 8) % 8; };
    const Vector &a = s[kAt(0)], &b = s[kAt(1)], &c = s[kAt(2)], &e = s[kAt(4)], &f = s[kAt(5)], &g = s[kAt(6)];
    if constexpr (Step >= 16) {
      const Vector &near = words[(Step + 1) % 16], &far = words[(Step + 14) % 16];
      words[Step % 16] += (right<7>(near) ^ right<18>(near) ^ near >> 3) + words[(Step + 9) % 16] +
                          (right<17>(far) ^ right<19>(far) ^ far >> 10);
    }
    const Vector first = s[kAt(7)] + (right<6>(e) ^ right<11>(e) ^ right<25>(e)) + (g ^ (e & (f ^ g))) +
                         (words[Step % 16] + kRoots[Step]);
    s[kAt(3)] += first;
    s[kAt(7)] = first + (right<2>(a) ^ right<13>(a) ^ right<22>(a)) + ((a & b) | (c & (a | b)));
  }

  template <int Step, typename Vector>
  [[gnu::always_inline]] static void steps(Vector* s, Vector* words) {
    if constexpr (Step < 64) {
      step<Step>(s, words);
      steps<Step + 1>(s, words);
    }
  }
};

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

template <typename Hash, int Lanes>
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
    if constexpr (Hash::kBigEndian) {
#pragma GCC unroll 16
      for (int word = 0; word < 16; ++word) {
        const Vector v = words[word];
        words[word] = ((v << 8 | v >> 24) & 0x00ff00ff) | ((v << 24 | v >> 8) & 0xff00ff00);
      }
    }
  }

  // `state` has the words of all streams: the first of each, then the second and so on. `blocks` of 64 bytes are taken
  // of each.
  static void run(uint32_t* state, const char* const* data, size_t blocks) {
    Vector sums[Hash::kStateWords];
    __builtin_memcpy(sums, state, sizeof sums);
    for (size_t block = 0; block < blocks; ++block) {
      Vector words[16];
      load(data, block * 64, words);
      Vector next[Hash::kStateWords];
      __builtin_memcpy(next, sums, sizeof sums);
      Hash::template steps<0>(next, words);
#pragma GCC unroll 8
      for (int word = 0; word < Hash::kStateWords; ++word) sums[word] += next[word];
    }
    __builtin_memcpy(state, sums, sizeof sums);
  }
};

// As Kernel::run.
using Run = void (*)(uint32_t* state, const char* const* data, size_t blocks);
struct Runs {
  Run md5;
  Run sha256;
};
// For 16 and for 8 streams; null where the processor can't.
Runs runs_of_16();
Runs runs_of_8();

}  // namespace aerolith::lanes
