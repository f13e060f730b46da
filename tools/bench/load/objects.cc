#include "objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "signer.h"

namespace aerolith::load {
namespace {

constexpr uint64_t kAllBodiesBytes = 64 * 1024 * 1024;
constexpr uint64_t kMostBodies = 256;

}  // namespace

// SplitMix64: one to one, so that no two numbers share a name.
uint64_t mix(uint64_t number) {
  number += 0x9e3779b97f4a7c15ULL;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9ULL;
  number = (number ^ (number >> 27)) * 0x94d049bb133111ebULL;
  return number ^ (number >> 31);
}

std::string key_of(std::string_view prefix, uint64_t number) {
  return fmt::format("{}/{:02x}/{:016x}", prefix, number % 64, mix(number));
}

Bodies::Bodies(uint64_t size_bytes) {
  const uint64_t count = std::clamp<uint64_t>(kAllBodiesBytes / std::max<uint64_t>(size_bytes, 1), 1, kMostBodies);
  for (uint64_t i = 0; i < count; ++i) {
    std::string body(size_bytes, '\0');
    uint64_t state = mix(i ^ size_bytes);
    for (uint64_t at = 0; at < size_bytes; at += sizeof state) {
      state = mix(state);
      memcpy(body.data() + at, &state, std::min<uint64_t>(sizeof state, size_bytes - at));
    }
    sha256_hex_.push_back(load::sha256_hex(body));
    bodies_.push_back(std::move(body));
  }
}

}  // namespace aerolith::load
