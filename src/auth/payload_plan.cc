#include "auth/payload_plan.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/encoding.h"

namespace aerolith::auth {
namespace {

bool is_sha256_hex(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) { return hex_value(c) >= 0; });
}

struct Streaming {
  std::string_view name;
  PayloadKind kind;
  std::optional<SignatureAlgorithm> algorithm;  // nullopt: chunks aren't signed
};
constexpr Streaming kStreaming[] = {
    {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", PayloadKind::unsigned_chunks_trailer, std::nullopt},
    {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", PayloadKind::signed_chunks, SignatureAlgorithm::hmac_sha256},
    {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", PayloadKind::signed_chunks_trailer, SignatureAlgorithm::hmac_sha256},
    {"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", PayloadKind::signed_chunks, SignatureAlgorithm::ecdsa_p256_sha256},
    {"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER", PayloadKind::signed_chunks_trailer,
     SignatureAlgorithm::ecdsa_p256_sha256},
};

Result<uint64_t, AuthError> decoded_length(const http::Headers& headers, AuthMethod how) {
  const auto header = headers.find("x-amz-decoded-content-length");
  if (!header) return refuse(AuthErrorCode::missing_decoded_length, how);
  const std::string_view text = trim(*header);
  uint64_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return refuse(AuthErrorCode::invalid_decoded_length, how, text);
  }
  return length;
}

// Names of x-amz-trailer, from all its lines.
std::vector<std::string> declared_trailers(const http::Headers& headers) {
  std::vector<std::string> names;
  for (const auto& [field, value] : headers.fields()) {
    if (!equals_ignore_case(field, "x-amz-trailer")) continue;
    for (std::string_view rest = value; !rest.empty();) {
      const size_t end = std::min(rest.find(','), rest.size());
      std::string name = to_lower(trim(rest.substr(0, end)));
      if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return names;
}

// The value the request itself gives, from the query (presigned) or the header.
std::optional<std::string> given_hash(const http::RequestHead& head, const SignatureClaim* claim) {
  if (claim != nullptr && claim->query_content_sha256) return claim->query_content_sha256;
  if (const auto header = head.headers.find("x-amz-content-sha256")) return std::string(trim(*header));
  return std::nullopt;
}

}  // namespace

Result<PayloadDeclaration, AuthError> declare_payload(const http::RequestHead& head, const SignatureClaim* claim,
                                                      std::string_view body_sha256) {
  const AuthMethod how = claim != nullptr ? claim->how : AuthMethod::anonymous;
  PayloadDeclaration out;
  auto given = given_hash(head, claim);
  if (!given) {
    if (claim == nullptr || (is_s3_family(claim->scope.service) && how == AuthMethod::query)) {
      out.canonical_hash = std::string(kUnsignedPayload);
      return out;
    }
    if (is_s3_family(claim->scope.service)) return refuse(AuthErrorCode::missing_content_sha256, how);
    out.canonical_hash = std::string(body_sha256);
    out.plan.kind = PayloadKind::hashed;
    out.plan.sha256_hex = to_lower(body_sha256);
    return out;
  }
  out.canonical_hash = *std::move(given);
  const std::string& value = out.canonical_hash;
  if (value == kUnsignedPayload) return out;
  if (is_sha256_hex(value)) {
    out.plan.kind = PayloadKind::hashed;
    out.plan.sha256_hex = to_lower(value);
    return out;
  }
  for (const Streaming& streaming : kStreaming) {
    if (value != streaming.name) continue;
    // Chunks are signed with the request's own key: an anonymous request or another algorithm has none.
    if (streaming.algorithm && (claim == nullptr || claim->algorithm != *streaming.algorithm)) break;
    out.plan.kind = streaming.kind;
    out.plan.decoded_length_bytes = TRY(decoded_length(head.headers, how));
    if (streaming.kind != PayloadKind::signed_chunks) out.plan.trailers = declared_trailers(head.headers);
    return out;
  }
  return refuse(AuthErrorCode::invalid_content_sha256, how, value);
}

}  // namespace aerolith::auth
