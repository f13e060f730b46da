#include "base/random.h"

#include <openssl/rand.h>

#include <atomic>
#include <cstdint>
#include <stdexcept>

#include "base/encoding.h"

namespace aerolith {
namespace {

// splitmix64: spreads a counter over 64 bits, so that ids of neighbouring requests look unrelated.
uint64_t spread(uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

uint64_t random_seed() {
  uint64_t seed = 0;
  const std::string bytes = random_bytes(sizeof seed);
  for (const char c : bytes) seed = seed << 8 | static_cast<uint8_t>(c);
  return seed;
}

}  // namespace

std::string random_bytes(size_t size) {
  std::string out(size, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(size)) != 1)
    throw std::runtime_error("the operating system gives no random bytes");
  return out;
}

std::string random_hex(size_t digits) { return hex_encode(random_bytes((digits + 1) / 2)).substr(0, digits); }

std::string random_string(size_t size, std::string_view alphabet) {
  // Bytes past the largest multiple of the alphabet's size are dropped, so that every character is as likely.
  const size_t fair = 256 - 256 % alphabet.size();
  std::string out;
  while (out.size() < size)
    for (const char c : random_bytes(size))
      if (static_cast<uint8_t>(c) < fair && out.size() < size)
        out.push_back(alphabet[static_cast<uint8_t>(c) % alphabet.size()]);
  return out;
}

std::string make_request_id() {
  static const uint64_t seed = random_seed();
  static std::atomic<uint64_t> counter{0};
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  uint64_t bits = spread(seed + counter.fetch_add(1, std::memory_order_relaxed));
  std::string id(16, '0');
  for (size_t i = 0; i < 12; ++i, bits >>= 5) id[i] = kAlphabet[bits & 31];
  bits = spread(~seed + counter.load(std::memory_order_relaxed));
  for (size_t i = 12; i < 16; ++i, bits >>= 5) id[i] = kAlphabet[bits & 31];
  return id;
}

}  // namespace aerolith
