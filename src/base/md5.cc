#include "base/md5.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/md5_lanes.h"

namespace aerolith {
namespace {

static_assert(std::endian::native == std::endian::little);
constexpr size_t kBlockBytes = 64;
// Shorter pieces are done before another thread could be told of them.
constexpr size_t kSharedFromBytes = size_t{16} << 10;

Md5Lanes& lanes() {
  static Md5Lanes all;
  return all;
}

}  // namespace

void Md5::take_blocks(std::string_view blocks) {
  const Md5Blocks piece{state_, blocks.data(), blocks.size() / kBlockBytes};
  if (blocks.size() < kSharedFromBytes) return hash_alone(piece);
  lanes().hash(piece);
}

void Md5::update(std::string_view bytes) {
  const size_t filled = size_bytes_ % kBlockBytes;
  size_bytes_ += bytes.size();
  if (filled > 0) {
    const size_t taken = std::min(kBlockBytes - filled, bytes.size());
    bytes.copy(rest_.data() + filled, taken);
    bytes.remove_prefix(taken);
    if (filled + taken < kBlockBytes) return;
    take_blocks(std::string_view(rest_.data(), kBlockBytes));
  }
  const size_t whole = bytes.size() / kBlockBytes * kBlockBytes;
  if (whole > 0) take_blocks(bytes.substr(0, whole));
  bytes.copy(rest_.data(), kBlockBytes, whole);
}

std::string Md5::finish() {
  // RFC 1321 sections 3.1 and 3.2: a one, zeros, and the length in bits.
  const uint64_t size_bits = size_bytes_ * 8;
  const size_t filled = size_bytes_ % kBlockBytes;
  std::string end(filled < kBlockBytes - 8 ? kBlockBytes - filled : 2 * kBlockBytes - filled, '\0');
  end.front() = '\x80';
  std::memcpy(end.data() + end.size() - 8, &size_bits, 8);
  update(end);
  std::string digest(16, '\0');
  std::memcpy(digest.data(), state_.data(), 16);
  return digest;
}

}  // namespace aerolith
