#include "base/digest.h"

#include <isa-l/crc.h>
#include <openssl/evp.h>
#include <xxhash.h>

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "base/block_hash.h"
#include "base/encoding.h"

namespace aerolith {
namespace {

// Fetched once: looking an algorithm up costs more than a short digest.
const EVP_MD* message_digest(DigestKind kind) {
  static const EVP_MD* const md5 = EVP_MD_fetch(nullptr, "MD5", nullptr);
  static const EVP_MD* const sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  static const EVP_MD* const sha512 = EVP_MD_fetch(nullptr, "SHA512", nullptr);
  switch (kind) {
    case DigestKind::md5:
      return md5;
    case DigestKind::sha1:
      return sha1;
    case DigestKind::sha256:
      return sha256;
    case DigestKind::sha512:
      return sha512;
    case DigestKind::crc32:
    case DigestKind::crc32c:
    case DigestKind::crc64nvme:
    case DigestKind::xxhash64:
    case DigestKind::xxhash3:
    case DigestKind::xxhash128:
      return nullptr;
  }
  return nullptr;
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(XXH64_state_t* state) const { XXH64_freeState(state); }
  void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
};
using MdContext = std::unique_ptr<EVP_MD_CTX, FreeContext>;

void start(EVP_MD_CTX* context, const EVP_MD* algorithm) {
  if (EVP_DigestInit_ex2(context, algorithm, nullptr) != 1)
    throw std::runtime_error("OpenSSL refuses a digest algorithm");
}

std::string finish_digest(EVP_MD_CTX* context) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  EVP_DigestFinal_ex(context, reinterpret_cast<unsigned char*>(out.data()), &size);
  out.resize(size);
  return out;
}

// Of the two pieces, one after the other. One context a thread: making one costs more than a short digest.
std::string digest_pieces(const EVP_MD* algorithm, std::string_view first, std::string_view second) {
  thread_local const MdContext context(EVP_MD_CTX_new());
  start(context.get(), algorithm);
  EVP_DigestUpdate(context.get(), first.data(), first.size());
  EVP_DigestUpdate(context.get(), second.data(), second.size());
  return finish_digest(context.get());
}

template <typename T>
std::string big_endian(T value) {
  std::string out(sizeof(T), '\0');
  for (size_t i = 0; i < sizeof(T); ++i) out[sizeof(T) - 1 - i] = static_cast<char>(value >> (8 * i) & 255);
  return out;
}

// ISA-L takes lengths as uint64_t for crc32_gzip_refl and as int for crc32_iscsi.
uint32_t update_crc32c(uint32_t crc, std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t size = std::min<size_t>(bytes.size(), 1U << 30);
    auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
    crc = crc32_iscsi(data, static_cast<int>(size), crc);
    bytes.remove_prefix(size);
  }
  return crc;
}

// Those that many streams hash faster together.
std::optional<BlockHashKind> block_hash_kind(DigestKind kind) {
  std::optional<BlockHashKind> found;
  if (kind == DigestKind::md5) found = BlockHashKind::md5;
  if (kind == DigestKind::sha256) found = BlockHashKind::sha256;
  if (found && !has_lanes(*found)) found.reset();
  return found;
}

}  // namespace

struct Digest::State {
  std::optional<BlockHash> block_hash;
  MdContext context;
  std::unique_ptr<XXH64_state_t, FreeContext> xxhash64;
  std::unique_ptr<XXH3_state_t, FreeContext> xxhash3;  // also of 128 bits
  uint64_t crc = 0;
};

Digest::Digest(DigestKind kind) : kind_(kind), state_(std::make_unique<State>()) {
  if (kind == DigestKind::crc32c) state_->crc = 0xFFFFFFFFU;
  if (kind == DigestKind::xxhash64) {
    state_->xxhash64.reset(XXH64_createState());
    XXH64_reset(state_->xxhash64.get(), 0);
  }
  if (kind == DigestKind::xxhash3 || kind == DigestKind::xxhash128) {
    state_->xxhash3.reset(XXH3_createState());
    XXH3_64bits_reset(state_->xxhash3.get());  // the same for 128 bits
  }
  if (const auto block_hash = block_hash_kind(kind)) {
    state_->block_hash.emplace(*block_hash);
    return;
  }
  const EVP_MD* algorithm = message_digest(kind);
  if (algorithm == nullptr) return;
  state_->context.reset(EVP_MD_CTX_new());
  start(state_->context.get(), algorithm);
}
Digest::~Digest() = default;
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;

void Digest::update(std::string_view bytes) {
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  switch (kind_) {
    case DigestKind::crc32:
      state_->crc = crc32_gzip_refl(static_cast<uint32_t>(state_->crc), data, bytes.size());
      return;
    case DigestKind::crc32c:
      state_->crc = update_crc32c(static_cast<uint32_t>(state_->crc), bytes);
      return;
    case DigestKind::crc64nvme:
      state_->crc = crc64nvme(bytes, state_->crc);
      return;
    case DigestKind::xxhash64:
      XXH64_update(state_->xxhash64.get(), bytes.data(), bytes.size());
      return;
    case DigestKind::xxhash3:
      XXH3_64bits_update(state_->xxhash3.get(), bytes.data(), bytes.size());
      return;
    case DigestKind::xxhash128:
      XXH3_128bits_update(state_->xxhash3.get(), bytes.data(), bytes.size());
      return;
    case DigestKind::md5:
    case DigestKind::sha1:
    case DigestKind::sha256:
    case DigestKind::sha512:
      if (state_->block_hash) return state_->block_hash->update(bytes);
      EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size());
      return;
  }
}

void Digest::update_both(Digest& one, Digest& other, std::string_view bytes) {
  if (one.state_->block_hash && other.state_->block_hash) {
    return BlockHash::update_both(*one.state_->block_hash, *other.state_->block_hash, bytes);
  }
  one.update(bytes);
  other.update(bytes);
}

std::string Digest::finish() {
  switch (kind_) {
    case DigestKind::crc32:
      return big_endian(static_cast<uint32_t>(state_->crc));
    case DigestKind::crc32c:
      return big_endian(~static_cast<uint32_t>(state_->crc));
    case DigestKind::crc64nvme:
      return big_endian(state_->crc);
    case DigestKind::xxhash64:
      return big_endian<uint64_t>(XXH64_digest(state_->xxhash64.get()));
    case DigestKind::xxhash3:
      return big_endian<uint64_t>(XXH3_64bits_digest(state_->xxhash3.get()));
    case DigestKind::xxhash128: {
      const XXH128_hash_t hash = XXH3_128bits_digest(state_->xxhash3.get());
      return big_endian<uint64_t>(hash.high64) + big_endian<uint64_t>(hash.low64);
    }
    case DigestKind::md5:
    case DigestKind::sha1:
    case DigestKind::sha256:
    case DigestKind::sha512:
      break;
  }
  return state_->block_hash ? state_->block_hash->finish() : finish_digest(state_->context.get());
}

std::string digest(DigestKind kind, std::string_view bytes) {
  if (const EVP_MD* algorithm = message_digest(kind)) return digest_pieces(algorithm, bytes, {});
  Digest d(kind);
  d.update(bytes);
  return d.finish();
}

std::string sha256_hex(std::string_view bytes) { return hex_encode(digest(DigestKind::sha256, bytes)); }

std::string hmac_sha256(std::string_view key, std::string_view message) {
  // RFC 2104 over the fetched SHA-256: OpenSSL's one-shot HMAC looks its algorithm up on every call.
  constexpr size_t kBlockSize = 64;
  std::string padded(key);
  if (padded.size() > kBlockSize) padded = digest(DigestKind::sha256, padded);
  padded.resize(kBlockSize, '\0');
  std::string inner = padded;
  for (char& c : inner) c = static_cast<char>(c ^ 0x36);
  for (char& c : padded) c = static_cast<char>(c ^ 0x5C);
  const EVP_MD* const sha256 = message_digest(DigestKind::sha256);
  return digest_pieces(sha256, padded, digest_pieces(sha256, inner, message));
}

}  // namespace aerolith
