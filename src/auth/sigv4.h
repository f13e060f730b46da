// Signature Version 4 (AWS4-HMAC-SHA256) from the canonical request on: string to sign, signing key, signature.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "auth/canonical.h"
#include "base/digest.h"

namespace aerolith::auth {

enum class SignatureAlgorithm : uint8_t { hmac_sha256, ecdsa_p256_sha256 };

inline constexpr std::string_view kHmacAlgorithm = "AWS4-HMAC-SHA256";
inline constexpr std::string_view kEcdsaAlgorithm = "AWS4-ECDSA-P256-SHA256";
inline constexpr std::string_view kTerminator = "aws4_request";
inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";
inline constexpr std::string_view kEmptySha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

std::string_view algorithm_name(SignatureAlgorithm algorithm);

// Services of the S3 family have rules of their own: path as sent, x-amz-content-sha256 required, presigned payloads
// unsigned, every x-amz-* header signed. `service` is a signing name: s3, s3express, s3-outposts, s3-object-lambda.
bool is_s3_family(std::string_view service);
PathRule path_rule(std::string_view service);

// The line between date and signature: date/region/service/aws4_request, without region for SigV4A.
std::string scope_text(SignatureAlgorithm algorithm, std::string_view date, std::string_view region,
                       std::string_view service);

// algorithm \n time \n scope \n hex(sha256(canonical request))
std::string string_to_sign(std::string_view algorithm, std::string_view time, std::string_view scope,
                           std::string_view canonical_request);

// Raw 32 bytes, good for one day, region and service.
std::string derive_signing_key(std::string_view secret, std::string_view date, std::string_view region,
                               std::string_view service);

// hex(hmac(key, text)), 64 digits.
std::string hmac_signature(std::string_view signing_key, std::string_view text);

// Derived keys of the days and services in use, so that a verification costs one HMAC and not five.
// Safe from any thread. Bounded: a full cache starts anew (a key costs 4 HMACs to derive again).
class SigningKeyCache {
 public:
  explicit SigningKeyCache(size_t capacity = 4096) : capacity_(capacity) {}
  std::shared_ptr<const std::string> get(std::string_view secret, std::string_view date, std::string_view region,
                                         std::string_view service);
  size_t size() const;

 private:
  const size_t capacity_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<const std::string>> keys_;
};

}  // namespace aerolith::auth
