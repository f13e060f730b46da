#include "federation/jwt.h"

#include <array>
#include <boost/json.hpp>
#include <utility>

#include "base/encoding.h"

namespace aerolith::federation {
namespace {

namespace json = boost::json;

constexpr size_t kMaxDepth = 16;

constexpr std::array<std::pair<std::string_view, SignatureAlgorithm>, 9> kAlgorithms = {{
    {"RS256", SignatureAlgorithm::rs256},
    {"RS384", SignatureAlgorithm::rs384},
    {"RS512", SignatureAlgorithm::rs512},
    {"PS256", SignatureAlgorithm::ps256},
    {"PS384", SignatureAlgorithm::ps384},
    {"PS512", SignatureAlgorithm::ps512},
    {"ES256", SignatureAlgorithm::es256},
    {"ES384", SignatureAlgorithm::es384},
    {"ES512", SignatureAlgorithm::es512},
}};

std::string text_of(const json::string& text) { return {text.data(), text.size()}; }

std::optional<json::object> decode_object(std::string_view part) {
  const auto bytes = base64url_decode(part);
  if (!bytes || !is_valid_utf8(*bytes)) return std::nullopt;
  json::parse_options options;
  options.max_depth = kMaxDepth;
  boost::system::error_code error;
  json::value value = json::parse(*bytes, error, {}, options);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

std::unexpected<JwtError> malformed(std::string detail) { return fail(JwtErrorCode::malformed, std::move(detail)); }

}  // namespace

std::optional<SignatureAlgorithm> parse_algorithm(std::string_view name) {
  for (const auto& [known, algorithm] : kAlgorithms) {
    if (known == name) return algorithm;
  }
  return std::nullopt;
}

std::string_view name_of(SignatureAlgorithm algorithm) { return kAlgorithms[static_cast<size_t>(algorithm)].first; }

std::optional<std::vector<std::string>> texts_of(const json::value& value) {
  std::vector<std::string> texts;
  if (const json::string* one = value.if_string()) {
    texts.push_back(text_of(*one));
    return texts;
  }
  const json::array* list = value.if_array();
  if (list == nullptr) return std::nullopt;
  for (const json::value& item : *list) {
    if (!item.is_string()) return std::nullopt;
    texts.push_back(text_of(item.get_string()));
  }
  return texts;
}

std::optional<std::string> Jwt::text(std::string_view claim) const {
  const json::value* found = claims.if_contains(claim);
  if (found == nullptr || !found->is_string()) return std::nullopt;
  return text_of(found->get_string());
}

std::optional<double> Jwt::number(std::string_view claim) const {
  const json::value* found = claims.if_contains(claim);
  if (found == nullptr || !found->is_number()) return std::nullopt;
  boost::system::error_code error;
  const auto number = found->to_number<double>(error);
  if (error) return std::nullopt;
  return number;
}

std::optional<std::vector<std::string>> Jwt::texts(std::string_view claim) const {
  const json::value* found = claims.if_contains(claim);
  return found == nullptr ? std::nullopt : texts_of(*found);
}

std::string encode_part(std::string_view bytes) {
  std::string text = base64_encode(bytes);
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return text;
}

Result<Jwt, JwtError> parse_jwt(std::string_view token) {
  if (token.size() > kMaxTokenBytes) return malformed("too long");
  const size_t first = token.find('.');
  const size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    return malformed("not three parts");
  }
  const auto header = decode_object(token.substr(0, first));
  if (!header) return malformed("the header isn't a JSON object in base64url");
  const json::value* algorithm = header->if_contains("alg");
  if (algorithm == nullptr || !algorithm->is_string()) return malformed("no alg");
  const auto known = parse_algorithm(text_of(algorithm->get_string()));
  if (!known) return fail(JwtErrorCode::unknown_algorithm, text_of(algorithm->get_string()));
  if (header->contains("crit")) return fail(JwtErrorCode::unknown_algorithm, "crit");
  auto claims = decode_object(token.substr(first + 1, second - first - 1));
  if (!claims) return malformed("the claims aren't a JSON object in base64url");
  auto signature = base64url_decode(token.substr(second + 1));
  if (!signature || signature->empty()) return malformed("no signature in base64url");

  Jwt jwt{.algorithm = *known,
          .key_id = {},
          .claims = *std::move(claims),
          .signed_text = std::string(token.substr(0, second)),
          .signature = *std::move(signature)};
  if (const json::value* key_id = header->if_contains("kid")) {
    if (!key_id->is_string()) return malformed("kid isn't a string");
    jwt.key_id = text_of(key_id->get_string());
  }
  return jwt;
}

}  // namespace aerolith::federation
