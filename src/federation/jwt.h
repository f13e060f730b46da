// JSON Web Tokens in their compact form: three parts, base64url, dots between them (RFC 7515, RFC 7519).
//
// What parse_jwt() gives is what the token says of itself; nothing of it is verified.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aerolith::federation {

// AWS's limit for WebIdentityToken.
inline constexpr size_t kMaxTokenBytes = 20'000;

// The signatures that are taken. "none" and those with a shared secret (HS256) are not among them: a token can't choose
// how little it is believed.
enum class SignatureAlgorithm : uint8_t { rs256, rs384, rs512, ps256, ps384, ps512, es256, es384, es512 };
std::optional<SignatureAlgorithm> parse_algorithm(std::string_view name);
std::string_view name_of(SignatureAlgorithm algorithm);

struct Jwt {
  SignatureAlgorithm algorithm = SignatureAlgorithm::rs256;
  std::string key_id;  // empty: not told
  boost::json::object claims;
  std::string signed_text;  // header and claims as they came
  std::string signature;    // raw

  // Of a claim that is a string; nullopt for another and for none.
  std::optional<std::string> text(std::string_view claim) const;
  // Seconds since 1970, of a claim that is a number.
  std::optional<double> number(std::string_view claim) const;
  // A string as a list of one; nullopt for what is neither that nor a list of strings, and for none.
  std::optional<std::vector<std::string>> texts(std::string_view claim) const;
};

enum class JwtErrorCode : uint8_t {
  malformed,
  unknown_algorithm,  // or none, or a header field that must be understood and isn't ("crit")
};
using JwtError = Failure<JwtErrorCode>;

Result<Jwt, JwtError> parse_jwt(std::string_view token);
// Bytes as they stand in a token and in a JWK: base64url without padding.
std::string encode_part(std::string_view bytes);

// A string as a list of one.
std::optional<std::vector<std::string>> texts_of(const boost::json::value& value);

}  // namespace aerolith::federation
