#include "auth/authorization.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/encoding.h"

namespace aerolith::auth {
namespace {

constexpr size_t kSignedHeadersLimit = 256;
constexpr int64_t kExpiresLimitSeconds = 604'800;  // seven days, as AWS

AuthError error_of(AuthErrorCode code, AuthMethod how, std::string_view got = {}) {
  AuthError error;
  error.code = code;
  error.how = how;
  error.got = std::string(got);
  return error;
}

std::unexpected<AuthError> refuse(AuthErrorCode code, AuthMethod how, std::string_view got = {}) {
  return std::unexpected(error_of(code, how, got));
}

// Control characters can't be part of what is signed line by line.
bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

std::optional<SignatureAlgorithm> parse_algorithm(std::string_view name) {
  if (name == kHmacAlgorithm) return SignatureAlgorithm::hmac_sha256;
  if (name == kEcdsaAlgorithm) return SignatureAlgorithm::ecdsa_p256_sha256;
  return std::nullopt;
}

struct Components {
  std::optional<std::string_view> credential, signed_headers, signature;
};

// "Credential=..., SignedHeaders=..., Signature=..." in any order; blanks after commas are optional.
Result<Components, AuthError> split_components(std::string_view text) {
  Components out;
  while (true) {
    const size_t end = text.find(',');
    const std::string_view part = trim(text.substr(0, end));
    const size_t equals = part.find('=');
    const std::string_view name = part.substr(0, equals);
    std::optional<std::string_view>* slot = name == "Credential"      ? &out.credential
                                            : name == "SignedHeaders" ? &out.signed_headers
                                            : name == "Signature"     ? &out.signature
                                                                      : nullptr;
    if (equals == std::string_view::npos || slot == nullptr || slot->has_value()) {
      return refuse(AuthErrorCode::malformed_authorization, AuthMethod::header, part);
    }
    *slot = part.substr(equals + 1);
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

bool is_signed_header_list(std::string_view list) {
  if (list.empty() || !is_printable(list)) return false;
  if (static_cast<size_t>(std::count(list.begin(), list.end(), ';')) >= kSignedHeadersLimit) return false;
  return list.front() != ';' && list.back() != ';' && list.find(";;") == std::string_view::npos;
}

// The date the signature was made at: X-Amz-Date wins over Date.
Result<std::pair<std::string, Timestamp>, AuthError> header_date(const http::Headers& headers) {
  if (const auto amz = headers.find("x-amz-date")) {
    const std::string_view text = trim(*amz);
    if (const auto time = parse_iso8601_basic(text)) return std::pair(std::string(text), *time);
    return refuse(AuthErrorCode::malformed_date, AuthMethod::header, text);
  }
  const auto date = headers.find("date");
  if (!date) return refuse(AuthErrorCode::missing_date, AuthMethod::header);
  const std::string_view text = trim(*date);
  auto time = parse_http_date(text);
  if (!time) time = parse_iso8601_basic(text);
  if (!time) return refuse(AuthErrorCode::malformed_date, AuthMethod::header, text);
  return std::pair(format_iso8601_basic(*time), *time);
}

Result<SignatureClaim, AuthError> read_header_claim(const http::RequestHead& head, std::string_view value) {
  constexpr auto kHow = AuthMethod::header;
  value = trim(value);
  const size_t space = std::min(value.find(' '), value.size());
  const std::string_view scheme = value.substr(0, space);
  if (scheme == "AWS") return refuse(AuthErrorCode::legacy_signature, kHow);
  if (!scheme.starts_with("AWS4-")) return refuse(AuthErrorCode::unsupported_scheme, kHow, scheme);
  const auto algorithm = parse_algorithm(scheme);
  if (!algorithm) return refuse(AuthErrorCode::unsupported_algorithm, kHow, scheme);
  const std::string_view rest = trim(value.substr(space));
  if (rest.empty()) return refuse(AuthErrorCode::missing_component, kHow, "Credential");

  const Components parts = TRY(split_components(rest));
  if (!parts.credential) return refuse(AuthErrorCode::missing_component, kHow, "Credential");
  if (!parts.signed_headers) return refuse(AuthErrorCode::missing_component, kHow, "SignedHeaders");
  if (!parts.signature) return refuse(AuthErrorCode::missing_component, kHow, "Signature");
  if (!is_signed_header_list(*parts.signed_headers)) {
    return refuse(AuthErrorCode::malformed_authorization, kHow, "SignedHeaders");
  }
  SignatureClaim claim;
  claim.how = kHow;
  claim.algorithm = *algorithm;
  claim.scope = TRY(parse_credential(*parts.credential, *algorithm, kHow));
  claim.signed_headers = std::string(*parts.signed_headers);
  claim.signature = std::string(*parts.signature);
  std::tie(claim.time_text, claim.time) = TRY(header_date(head.headers));
  if (const auto token = head.headers.find("x-amz-security-token")) claim.session_token = std::string(trim(*token));
  if (const auto set = head.headers.find("x-amz-region-set")) claim.region_set = std::string(trim(*set));
  return claim;
}

Result<int64_t, AuthError> parse_expires(std::string_view text) {
  constexpr auto kHow = AuthMethod::query;
  std::string_view digits = text;
  const bool is_negative = digits.starts_with('-');
  if (is_negative) digits.remove_prefix(1);
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return refuse(AuthErrorCode::expires_not_a_number, kHow, text);
  }
  int64_t seconds = 0;
  const bool overflows = std::from_chars(digits.data(), digits.data() + digits.size(), seconds).ec != std::errc{};
  if (is_negative && (overflows || seconds != 0)) return refuse(AuthErrorCode::expires_negative, kHow, text);
  if (overflows || seconds > kExpiresLimitSeconds) return refuse(AuthErrorCode::expires_too_large, kHow, text);
  return seconds;
}

Result<std::string, AuthError> require_parameter(std::string_view query, std::string_view name) {
  auto value = find_parameter(query, name);
  if (!value) return refuse(AuthErrorCode::missing_component, AuthMethod::query, name);
  return *std::move(value);
}

Result<SignatureClaim, AuthError> read_query_claim(std::string_view query) {
  constexpr auto kHow = AuthMethod::query;
  SignatureClaim claim;
  claim.how = kHow;
  const std::string algorithm = TRY(require_parameter(query, "X-Amz-Algorithm"));
  const auto parsed = parse_algorithm(algorithm);
  if (!parsed) return refuse(AuthErrorCode::unsupported_algorithm, kHow, algorithm);
  claim.algorithm = *parsed;
  const std::string credential = TRY(require_parameter(query, "X-Amz-Credential"));
  claim.scope = TRY(parse_credential(credential, *parsed, kHow));
  claim.signature = TRY(require_parameter(query, "X-Amz-Signature"));
  claim.time_text = TRY(require_parameter(query, "X-Amz-Date"));
  claim.signed_headers = TRY(require_parameter(query, "X-Amz-SignedHeaders"));
  const auto time = parse_iso8601_basic(claim.time_text);
  if (!time) return refuse(AuthErrorCode::malformed_date, kHow, claim.time_text);
  claim.time = *time;
  if (!is_signed_header_list(claim.signed_headers)) {
    return refuse(AuthErrorCode::malformed_authorization, kHow, "X-Amz-SignedHeaders");
  }
  if (const auto expires = find_parameter(query, "X-Amz-Expires")) {
    claim.expires_seconds = TRY(parse_expires(*expires));
  } else if (is_s3_family(claim.scope.service)) {
    return refuse(AuthErrorCode::missing_component, kHow, "X-Amz-Expires");
  }
  claim.session_token = find_parameter(query, "X-Amz-Security-Token");
  claim.region_set = find_parameter(query, "X-Amz-Region-Set");
  claim.query_content_sha256 = find_parameter(query, "X-Amz-Content-Sha256");
  return claim;
}

}  // namespace

std::optional<std::string> find_parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const size_t equals = std::min(part.find('='), part.size());
    if (part.substr(0, equals) != name) continue;
    const std::string_view raw = equals < part.size() ? part.substr(equals + 1) : std::string_view{};
    auto decoded = form_decode(raw);
    return decoded ? *std::move(decoded) : std::string(raw);
  }
  return std::nullopt;
}

Result<CredentialScope, AuthError> parse_credential(std::string_view credential, SignatureAlgorithm algorithm,
                                                    AuthMethod how) {
  const size_t wanted = algorithm == SignatureAlgorithm::hmac_sha256 ? 5 : 4;
  std::string_view parts[5];
  size_t count = 0;
  for (std::string_view rest = credential;; ++count) {
    const size_t end = rest.find('/');
    if (count == wanted) return refuse(AuthErrorCode::malformed_credential, how, credential);
    parts[count] = rest.substr(0, end);
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  if (count + 1 != wanted || !is_printable(credential)) {
    return refuse(AuthErrorCode::malformed_credential, how, credential);
  }
  for (size_t i = 0; i < wanted; ++i) {
    if (parts[i].empty()) return refuse(AuthErrorCode::malformed_credential, how, credential);
  }
  CredentialScope scope;
  scope.access_key_id = std::string(parts[0]);
  scope.date = std::string(parts[1]);
  if (wanted == 5) scope.region = std::string(parts[2]);
  scope.service = std::string(parts[wanted - 2]);
  if (parts[wanted - 1] != kTerminator) {
    return refuse(AuthErrorCode::wrong_terminator, how, parts[wanted - 1]);
  }
  if (scope.date.size() != 8 ||
      !std::all_of(scope.date.begin(), scope.date.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return refuse(AuthErrorCode::malformed_scope_date, how, scope.date);
  }
  return scope;
}

Result<std::optional<SignatureClaim>, AuthError> read_claim(const http::RequestHead& head) {
  std::optional<std::string_view> header;
  for (const auto& [name, value] : head.headers.fields()) {
    if (name.size() != 13 || !equals_ignore_case(name, "authorization")) continue;
    if (header) return refuse(AuthErrorCode::multiple_mechanisms, AuthMethod::header);
    header = value;
  }
  const std::string_view query = head.query();
  bool has_query_claim = false;
  bool has_legacy_query = false;
  if (!query.empty()) {
    has_query_claim = find_parameter(query, "X-Amz-Algorithm") || find_parameter(query, "X-Amz-Signature") ||
                      find_parameter(query, "X-Amz-Credential");
    has_legacy_query = find_parameter(query, "AWSAccessKeyId") && find_parameter(query, "Signature");
  }
  if (header && (has_query_claim || has_legacy_query)) {
    return refuse(AuthErrorCode::multiple_mechanisms, AuthMethod::header);
  }
  if (header) return std::optional(TRY(read_header_claim(head, *header)));
  if (has_query_claim) return std::optional(TRY(read_query_claim(query)));
  if (has_legacy_query) return refuse(AuthErrorCode::legacy_signature, AuthMethod::query);
  return std::optional<SignatureClaim>();
}

std::optional<CredentialScope> peek_scope(const http::RequestHead& head) {
  // Lenient: a request that read_claim() will refuse must still be routed, so that the refusal comes in the words of
  // the service that it was meant for.
  std::string credential;
  std::string_view algorithm;
  if (const auto authorization = head.headers.find("authorization")) {
    constexpr std::string_view kName = "Credential=";
    algorithm = *authorization;
    const size_t at = authorization->find(kName);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view rest = authorization->substr(at + kName.size());
    credential = rest.substr(0, rest.find(','));
  } else if (auto parameter = find_parameter(head.query(), "X-Amz-Credential")) {
    credential = *std::move(parameter);
    algorithm = head.query().find("ECDSA") != std::string_view::npos ? "AWS4-ECDSA" : "AWS4-HMAC";
  } else {
    return std::nullopt;
  }
  const bool ecdsa = algorithm.starts_with("AWS4-ECDSA");
  auto scope = parse_credential(
      credential, ecdsa ? SignatureAlgorithm::ecdsa_p256_sha256 : SignatureAlgorithm::hmac_sha256, AuthMethod::header);
  if (!scope.has_value()) return std::nullopt;
  return *std::move(scope);
}

}  // namespace aerolith::auth
