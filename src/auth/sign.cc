#include "auth/sign.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "auth/canonical.h"
#include "auth/sigv4a.h"
#include "base/encoding.h"

namespace aerolith::auth {
namespace {

std::string date_of(const SigningInput& input) { return format_iso8601_basic(input.time).substr(0, 8); }

std::string scope_of(const SigningInput& input) {
  return scope_text(input.algorithm, date_of(input), input.region, input.service);
}

std::string signature_of(const SigningInput& input, std::string_view text) {
  if (input.algorithm == SignatureAlgorithm::hmac_sha256) {
    return hmac_signature(derive_signing_key(input.secret, date_of(input), input.region, input.service), text);
  }
  const auto key = EcdsaKey::derive(input.access_key_id, input.secret);
  return key ? hex_encode(key->sign(text)) : std::string();
}

std::string signed_header_list(const http::Headers& headers) {
  // Proxies and HTTP libraries change these on the way.
  constexpr std::array<std::string_view, 11> kLeftOut = {
      "authorization", "connection",        "expect",  "keep-alive", "proxy-authorization", "te",
      "trailer",       "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id"};
  std::vector<std::string> names;
  for (const auto& [name, value] : headers.fields()) {
    std::string lower = to_lower(name);
    if (std::find(kLeftOut.begin(), kLeftOut.end(), lower) == kLeftOut.end()) names.push_back(std::move(lower));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string list;
  for (const std::string& name : names) {
    if (!list.empty()) list += ';';
    list += name;
  }
  return list;
}

Signed make_signature(const http::RequestHead& head, const SigningInput& input, std::string_view signed_headers) {
  Signed out;
  out.canonical_request = canonical_request({.method = head.method,
                                             .path = head.path(),
                                             .query = head.query(),
                                             .headers = head.headers,
                                             .signed_headers = signed_headers,
                                             .payload_hash = input.payload_hash,
                                             .path_rule = path_rule(input.service),
                                             .except_parameter = {}});
  out.string_to_sign = string_to_sign(algorithm_name(input.algorithm), format_iso8601_basic(input.time),
                                      scope_of(input), out.canonical_request);
  out.signature = signature_of(input, out.string_to_sign);
  return out;
}

}  // namespace

Signed sign_request(http::RequestHead& head, const SigningInput& input) {
  head.headers.set("x-amz-date", format_iso8601_basic(input.time));
  if (input.session_token) head.headers.set("x-amz-security-token", *input.session_token);
  if (input.algorithm == SignatureAlgorithm::ecdsa_p256_sha256) head.headers.set("x-amz-region-set", input.region);
  if (is_s3_family(input.service) || input.payload_hash.starts_with("STREAMING-")) {
    head.headers.set("x-amz-content-sha256", input.payload_hash);
  }
  const std::string signed_headers = signed_header_list(head.headers);
  Signed out = make_signature(head, input, signed_headers);
  std::string value(algorithm_name(input.algorithm));
  value += " Credential=" + input.access_key_id + '/' + scope_of(input);
  value += ", SignedHeaders=" + signed_headers + ", Signature=" + out.signature;
  head.headers.set("Authorization", std::move(value));
  return out;
}

Signed presign_request(http::RequestHead& head, const SigningInput& input, std::chrono::seconds lifetime) {
  const std::string signed_headers = signed_header_list(head.headers);
  const auto add = [&](std::string_view name, std::string_view value) {
    head.target += head.target.find('?') == std::string::npos ? '?' : '&';
    head.target += name;
    head.target += '=';
    head.target += percent_encode(value);
  };
  add("X-Amz-Algorithm", algorithm_name(input.algorithm));
  add("X-Amz-Credential", input.access_key_id + '/' + scope_of(input));
  add("X-Amz-Date", format_iso8601_basic(input.time));
  add("X-Amz-Expires", std::to_string(lifetime.count()));
  if (input.algorithm == SignatureAlgorithm::ecdsa_p256_sha256) add("X-Amz-Region-Set", input.region);
  if (input.session_token) add("X-Amz-Security-Token", *input.session_token);
  if (is_s3_family(input.service) && input.payload_hash != kUnsignedPayload) {
    add("X-Amz-Content-Sha256", input.payload_hash);
  }
  add("X-Amz-SignedHeaders", signed_headers);
  Signed out = make_signature(head, input, signed_headers);
  add("X-Amz-Signature", out.signature);
  return out;
}

ChunkSigning chunk_signing(const SigningInput& input, std::string_view seed) {
  ChunkSigning out;
  if (input.algorithm == SignatureAlgorithm::hmac_sha256) {
    out.hmac_key = std::make_shared<const std::string>(
        derive_signing_key(input.secret, date_of(input), input.region, input.service));
  } else {
    out.ecdsa_key = EcdsaKey::derive(input.access_key_id, input.secret);
  }
  out.time_text = format_iso8601_basic(input.time);
  out.scope = scope_of(input);
  out.seed_signature = std::string(seed);
  return out;
}

std::string sign_chunk_text(const ChunkSigning& signing, std::string_view text) {
  if (signing.hmac_key) return hmac_signature(*signing.hmac_key, text);
  if (!signing.ecdsa_key) return {};
  std::string signature = hex_encode(signing.ecdsa_key->sign(text));
  signature.resize(kPaddedEcdsaSignatureDigits, '*');
  return signature;
}

std::string sign_post_policy(const SigningInput& input, std::string_view policy_base64) {
  return signature_of(input, policy_base64);
}

}  // namespace aerolith::auth
