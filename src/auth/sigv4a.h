// Signature Version 4A (AWS4-ECDSA-P256-SHA256): the secret gives an ECDSA key pair, the signature holds for a set of
// regions. The server derives the same pair and checks with its public half.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html#reference_sigv-asymmetric
#pragma once

#include <cstddef>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace aerolith::auth {

// A P-256 key pair. Immutable; safe from any thread.
class EcdsaKey {
 public:
  // NIST SP 800-108 counter mode KDF with HMAC-SHA256 over the access key id, until the value is a valid scalar.
  // nullptr only if OpenSSL fails or 254 counters in a row give no scalar.
  static std::shared_ptr<const EcdsaKey> derive(std::string_view access_key_id, std::string_view secret);
  ~EcdsaKey();
  EcdsaKey(const EcdsaKey&) = delete;
  EcdsaKey& operator=(const EcdsaKey&) = delete;

  // Signatures are DER, as raw bytes.
  bool verify(std::string_view message, std::string_view signature) const;
  std::string sign(std::string_view message) const;

  // Big-endian, 32 bytes each: for tests against published keys.
  const std::string& private_scalar() const { return scalar_; }
  const std::string& public_x() const { return x_; }
  const std::string& public_y() const { return y_; }

 private:
  struct Handle;
  explicit EcdsaKey(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
  std::string scalar_, x_, y_;
};

// Safe from any thread. Bounded: a full cache starts anew.
class EcdsaKeyCache {
 public:
  explicit EcdsaKeyCache(size_t capacity = 1024) : capacity_(capacity) {}
  std::shared_ptr<const EcdsaKey> get(std::string_view access_key_id, std::string_view secret);

 private:
  const size_t capacity_;
  std::shared_mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<const EcdsaKey>> keys_;
};

// X-Amz-Region-Set: names or patterns with '*', divided by commas ("us-east-1,eu-*"). True when one matches.
bool region_set_matches(std::string_view region_set, std::string_view region);

// Chunk signatures are padded with '*' to a fixed width on the wire; the text without the padding.
std::string_view strip_signature_padding(std::string_view signature);
inline constexpr size_t kPaddedEcdsaSignatureDigits = 144;

}  // namespace aerolith::auth
