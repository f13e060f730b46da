// OpenSSL's functions over whole blocks are deprecated in favour of EVP, which gives no access to the state.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/block_hash.h"

#include <openssl/md5.h>
#include <openssl/sha.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/hash_lanes.h"

namespace aerolith {
namespace {

static_assert(std::endian::native == std::endian::little);
constexpr size_t kBlockBytes = 64;

void md5_of_1(uint32_t* state, const char* const* data, size_t blocks) {
  MD5_CTX context{};
  context.A = state[0];
  context.B = state[1];
  context.C = state[2];
  context.D = state[3];
  MD5_Update(&context, *data, blocks * kBlockBytes);
  state[0] = context.A;
  state[1] = context.B;
  state[2] = context.C;
  state[3] = context.D;
}

void sha256_of_1(uint32_t* state, const char* const* data, size_t blocks) {
  SHA256_CTX context{};
  context.md_len = SHA256_DIGEST_LENGTH;
  std::copy_n(state, 8, context.h);
  SHA256_Update(&context, *data, blocks * kBlockBytes);
  std::copy_n(context.h, 8, state);
}

bool has_sha_instructions() {
#if defined(__x86_64__)
  // CPUID leaf 7, EBX bit 29; __builtin_cpu_supports doesn't know it.
  uint32_t a = 7, b = 0, c = 0, d = 0;
  asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  return (b >> 29 & 1) != 0;
#else
  return true;  // for all we know
#endif
}

HashLanes& lanes_of(BlockHashKind kind) {
  static HashLanes md5({4, &md5_of_1, lanes::runs_of_8().md5, lanes::runs_of_16().md5, 2});
  static HashLanes sha256 =
      has_sha_instructions() ? HashLanes({8, &sha256_of_1, nullptr, nullptr, 1})
                             : HashLanes({8, &sha256_of_1, lanes::runs_of_8().sha256, lanes::runs_of_16().sha256, 3});
  return kind == BlockHashKind::md5 ? md5 : sha256;
}

constexpr std::array<uint32_t, 8> kMd5Start = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
constexpr std::array<uint32_t, 8> kSha256Start = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

}  // namespace

bool has_lanes(BlockHashKind kind) { return lanes_of(kind).count() > 1; }

BlockHash::BlockHash(BlockHashKind kind)
    : lanes_(&lanes_of(kind)), kind_(kind), state_(kind == BlockHashKind::md5 ? kMd5Start : kSha256Start) {}

void BlockHash::take_blocks(std::string_view blocks) {
  lanes_->hash({state_.data(), blocks.data(), blocks.size() / kBlockBytes});
}

void BlockHash::update(std::string_view bytes) {
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

std::string BlockHash::finish() {
  // A one, zeros, and the length in bits, of the hash's byte order.
  const bool is_md5 = kind_ == BlockHashKind::md5;
  const uint64_t size_bits = is_md5 ? size_bytes_ * 8 : __builtin_bswap64(size_bytes_ * 8);
  const size_t filled = size_bytes_ % kBlockBytes;
  std::string end(filled < kBlockBytes - 8 ? kBlockBytes - filled : 2 * kBlockBytes - filled, '\0');
  end.front() = '\x80';
  std::memcpy(end.data() + end.size() - 8, &size_bits, 8);
  update(end);
  if (!is_md5) {
    for (uint32_t& word : state_) word = __builtin_bswap32(word);
  }
  std::string digest(is_md5 ? 16 : 32, '\0');
  std::memcpy(digest.data(), state_.data(), digest.size());
  return digest;
}

}  // namespace aerolith
