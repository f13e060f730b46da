#include "auth/authorization.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "http/query.h"

namespace aerolith::auth {
namespace {

constexpr size_t kSignedHeadersLimit = 256;
constexpr int64_t kExpiresLimitSeconds = 604'800;  // seven days, as AWS

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

bool has_repeated_names(std::string_view list) {
  std::vector<std::string> names;
  for (size_t begin = 0; begin <= list.size();) {
    const size_t end = std::min(list.find(';', begin), list.size());
    names.push_back(to_lower(list.substr(begin, end - begin)));
    begin = end + 1;
  }
  std::ranges::sort(names);
  return std::ranges::adjacent_find(names) != names.end();
}

// Every repeat of a name would put its header into the canonical text once more.
bool is_signed_header_list(std::string_view list) {
  if (list.empty() || !is_printable(list)) return false;
  size_t count = 0;
  bool is_ascending = true;  // as signers write it: what ascends in lower case repeats nothing
  std::string_view previous;
  for (std::string_view rest = list;; ++count) {
    const size_t end = rest.find(';');
    const std::string_view name = rest.substr(0, end);
    if (name.empty() || count >= kSignedHeadersLimit) return false;
    is_ascending = is_ascending && previous < name;
    previous = name;
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  const bool is_lower = std::ranges::none_of(list, [](char c) { return c >= 'A' && c <= 'Z'; });
  return (is_ascending && is_lower) || !has_repeated_names(list);
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

// Which signatures a query shows: names as they were sent, as AWS.
struct QuerySignatures {
  bool has_claim = false;  // X-Amz-*
  bool has_legacy_key = false;
  bool has_legacy_signature = false;

  bool has_legacy() const { return has_legacy_key && has_legacy_signature; }
};

QuerySignatures query_signatures(std::string_view query) {
  QuerySignatures found;
  while (const auto parameter = http::next_parameter(query)) {
    const std::string_view name = parameter->name;
    if (name == "X-Amz-Algorithm" || name == "X-Amz-Signature" || name == "X-Amz-Credential") found.has_claim = true;
    if (name == "AWSAccessKeyId") found.has_legacy_key = true;
    if (name == "Signature") found.has_legacy_signature = true;
  }
  return found;
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
  while (const auto parameter = http::next_parameter(query)) {
    if (parameter->name != name) continue;
    const std::string_view raw = parameter->value.value_or(std::string_view{});
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
  const QuerySignatures found = query_signatures(query);
  if (int{header.has_value()} + int{found.has_claim} + int{found.has_legacy()} > 1) {
    return refuse(AuthErrorCode::multiple_mechanisms, header ? AuthMethod::header : AuthMethod::query);
  }
  if (header) return std::optional(TRY(read_header_claim(head, *header)));
  if (found.has_claim) return std::optional(TRY(read_query_claim(query)));
  if (found.has_legacy()) return refuse(AuthErrorCode::legacy_signature, AuthMethod::query);
  return std::optional<SignatureClaim>();
}

std::optional<CredentialScope> peek_scope(const http::RequestHead& head) {
  // Lenient: a request that read_claim() will refuse must still be routed, so that the refusal comes in the words of
  // the service that it was meant for.
  std::optional<std::string> parameter;
  std::string_view rest;
  if (const auto authorization = head.headers.find("authorization")) {
    constexpr std::string_view kName = "Credential=";
    const size_t at = authorization->find(kName);
    if (at == std::string_view::npos) return std::nullopt;
    rest = authorization->substr(at + kName.size());
    rest = trim(rest.substr(0, rest.find(',')));
  } else {
    parameter = find_parameter(head.query(), "X-Amz-Credential");
    if (!parameter) return std::nullopt;
    rest = *parameter;
  }
  const auto slashes = std::ranges::count(rest, '/');
  const size_t end = rest.rfind('/');
  // The service stands before aws4_request in both forms; another last word is forgiven where the rest is there.
  if (slashes < 2 || (slashes < 3 && rest.substr(end + 1) != kTerminator)) return std::nullopt;
  rest = rest.substr(0, end);
  CredentialScope scope;
  scope.service = std::string(rest.substr(rest.rfind('/') + 1));
  if (scope.service.empty() || !is_printable(scope.service)) return std::nullopt;
  return scope;
}

}  // namespace aerolith::auth
