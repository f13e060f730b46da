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

HashLanes& shared_lanes() {
  const lanes::Runs of_8 = lanes::runs_of_8();
  const lanes::Runs of_16 = lanes::runs_of_16();
  const bool sha_alone = has_sha_instructions();
  static HashLanes all(
      {LaneRuns{4, &md5_of_1, of_8.md5, of_16.md5, 2},
       LaneRuns{8, &sha256_of_1, sha_alone ? nullptr : of_8.sha256, sha_alone ? nullptr : of_16.sha256, 3}});
  return all;
}

size_t index_of(BlockHashKind kind) { return static_cast<size_t>(kind); }
std::string_view whole_blocks(std::string_view bytes) {
  return bytes.substr(0, bytes.size() / kBlockBytes * kBlockBytes);
}

constexpr std::array<uint32_t, 8> kMd5Start = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
constexpr std::array<uint32_t, 8> kSha256Start = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

}  // namespace

bool has_lanes(BlockHashKind kind) { return shared_lanes().has(index_of(kind)); }

BlockHash::BlockHash(BlockHashKind kind) : kind_(kind), state_(kind == BlockHashKind::md5 ? kMd5Start : kSha256Start) {}

void BlockHash::take_blocks(std::string_view blocks) {
  HashBlocks taken{.data = blocks.data(), .count = blocks.size() / kBlockBytes, .states = {}};
  taken.states[index_of(kind_)] = state_.data();
  shared_lanes().hash(taken);
}

std::string_view BlockHash::fill_block(std::string_view bytes) {
  const size_t filled = size_bytes_ % kBlockBytes;
  size_bytes_ += bytes.size();
  if (filled == 0) return bytes;
  const size_t taken = bytes.copy(rest_.data() + filled, kBlockBytes - filled);
  if (filled + taken == kBlockBytes) take_blocks(std::string_view(rest_.data(), kBlockBytes));
  return bytes.substr(taken);
}

void BlockHash::keep_rest(std::string_view bytes) {
  const std::string_view rest = bytes.substr(whole_blocks(bytes).size());
  if (!rest.empty()) rest.copy(rest_.data(), kBlockBytes);
}

void BlockHash::update(std::string_view bytes) {
  bytes = fill_block(bytes);
  if (const std::string_view whole = whole_blocks(bytes); !whole.empty()) take_blocks(whole);
  keep_rest(bytes);
}

void BlockHash::update_both(BlockHash& one, BlockHash& other, std::string_view bytes) {
  const bool is_aligned = one.size_bytes_ % kBlockBytes == other.size_bytes_ % kBlockBytes;
  if (!is_aligned || one.kind_ == other.kind_) {
    one.update(bytes);
    other.update(bytes);
    return;
  }
  other.fill_block(bytes);
  bytes = one.fill_block(bytes);
  if (const std::string_view whole = whole_blocks(bytes); !whole.empty()) {
    HashBlocks blocks{.data = whole.data(), .count = whole.size() / kBlockBytes, .states = {}};
    blocks.states[index_of(one.kind_)] = one.state_.data();
    blocks.states[index_of(other.kind_)] = other.state_.data();
    shared_lanes().hash(blocks);
  }
  one.keep_rest(bytes);
  other.keep_rest(bytes);
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
