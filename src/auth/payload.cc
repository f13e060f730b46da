#include "auth/payload.h"

#include "auth/chunked_reader.h"
#include "auth/sigv4.h"
#include "base/digest.h"
#include "base/encoding.h"

namespace aerolith::auth {
namespace {

const std::vector<std::pair<std::string, std::string>>& no_trailers() {
  static const std::vector<std::pair<std::string, std::string>> none;
  return none;
}

class UnsignedReader final : public VerifyingReader {
 public:
  explicit UnsignedReader(http::BodyReader& inner) : inner_(inner) {}
  Result<size_t, http::BodyError> read(std::span<char> buffer) override { return inner_.read(buffer); }
  std::optional<uint64_t> size_bytes() const override { return inner_.size_bytes(); }
  const std::vector<std::pair<std::string, std::string>>& trailers() const override { return no_trailers(); }
  const std::optional<PayloadError>& failure() const override { return failure_; }

 private:
  http::BodyReader& inner_;
  std::optional<PayloadError> failure_;
};

class HashingReader final : public VerifyingReader {
 public:
  HashingReader(http::BodyReader& inner, std::string expected) : inner_(inner), expected_(std::move(expected)) {}

  Result<size_t, http::BodyError> read(std::span<char> buffer) override { return read_piece(buffer, nullptr); }
  Result<size_t, http::BodyError> read_full(std::span<char> buffer, Digest& digest) override {
    return read_piece(buffer, &digest);
  }
  std::optional<uint64_t> size_bytes() const override { return inner_.size_bytes(); }
  const std::vector<std::pair<std::string, std::string>>& trailers() const override { return no_trailers(); }
  const std::optional<PayloadError>& failure() const override { return failure_; }

 private:
  // In large pieces: many streams are digested together (base/block_hash.h). `also` may be null.
  Result<size_t, http::BodyError> read_piece(std::span<char> buffer, Digest* also) {
    if (failure_) return fail(http::BodyErrorCode::rejected, failure_->detail);
    if (is_finished_ || buffer.empty()) return size_t{0};
    const size_t size = TRY(http::read_full(inner_, buffer));
    const std::string_view bytes(buffer.data(), size);
    if (size > 0) {
      also != nullptr ? Digest::update_both(digest_, *also, bytes) : digest_.update(bytes);
      return size;
    }
    is_finished_ = true;
    if (!equals_constant_time(hex_encode(digest_.finish()), expected_)) {
      failure_ = PayloadError{PayloadErrorCode::hash_mismatch, "the body's SHA-256 is not x-amz-content-sha256"};
      return fail(http::BodyErrorCode::rejected, failure_->detail);
    }
    return size_t{0};
  }

  http::BodyReader& inner_;
  const std::string expected_;
  Digest digest_{DigestKind::sha256};
  bool is_finished_ = false;
  std::optional<PayloadError> failure_;
};

std::string chain_text(const ChunkSigning& signing, std::string_view kind, std::string_view previous_signature) {
  std::string out;
  out.reserve(320);
  out += signing.hmac_key ? kHmacAlgorithm : kEcdsaAlgorithm;
  out += '-';
  out += kind;
  out += '\n';
  out += signing.time_text;
  out += '\n';
  out += signing.scope;
  out += '\n';
  out += previous_signature;
  out += '\n';
  return out;
}

}  // namespace

Result<size_t, http::BodyError> VerifyingReader::read_full(std::span<char> buffer, Digest& digest) {
  const size_t size = TRY(http::read_full(*this, buffer));
  digest.update({buffer.data(), size});
  return size;
}

std::string chunk_string_to_sign(const ChunkSigning& signing, std::string_view previous_signature,
                                 std::string_view data_sha256_hex) {
  std::string out = chain_text(signing, "PAYLOAD", previous_signature);
  out += kEmptySha256;
  out += '\n';
  out += data_sha256_hex;
  return out;
}

std::string trailer_string_to_sign(const ChunkSigning& signing, std::string_view previous_signature,
                                   std::string_view canonical_trailers) {
  return chain_text(signing, "TRAILER", previous_signature) + sha256_hex(canonical_trailers);
}

bool verify_chunk_text(const ChunkSigning& signing, std::string_view text, std::string_view signature) {
  if (signing.hmac_key) return equals_constant_time(hmac_signature(*signing.hmac_key, text), signature);
  const auto der = hex_decode(strip_signature_padding(signature));
  return der && signing.ecdsa_key && signing.ecdsa_key->verify(text, *der);
}

std::unique_ptr<VerifyingReader> make_payload_reader(const PayloadPlan& plan, http::BodyReader& inner,
                                                     const PayloadLimits& limits) {
  switch (plan.kind) {
    case PayloadKind::unsigned_body:
      return std::make_unique<UnsignedReader>(inner);
    case PayloadKind::hashed:
      return std::make_unique<HashingReader>(inner, plan.sha256_hex);
    case PayloadKind::signed_chunks:
    case PayloadKind::signed_chunks_trailer:
    case PayloadKind::unsigned_chunks_trailer:
      return std::make_unique<ChunkedReader>(plan, inner, limits);
  }
  std::unreachable();
}

}  // namespace aerolith::auth
