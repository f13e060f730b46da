#include "federation/jwt.h"

#include <gtest/gtest.h>

#include "federation/test_keys.h"

namespace aerolith::federation {
namespace {

using testing::base64url;

std::string token(std::string_view header, std::string_view claims = "{}", std::string_view signature = "sig") {
  return base64url(header) + "." + base64url(claims) + "." + base64url(signature);
}

TEST(Jwt, ReadsWhatATokenSays) {
  const auto jwt = parse_jwt(token(R"({"alg":"RS256","kid":"k"})", R"({"iss":"i","exp":1.5,"aud":["a","b"],"n":7})"));
  ASSERT_TRUE(jwt.has_value());
  EXPECT_EQ(jwt->algorithm, SignatureAlgorithm::rs256);
  EXPECT_EQ(jwt->key_id, "k");
  EXPECT_EQ(jwt->text("iss"), "i");
  EXPECT_EQ(jwt->text("n"), std::nullopt);
  EXPECT_EQ(jwt->number("exp"), 1.5);
  EXPECT_EQ(jwt->number("iss"), std::nullopt);
  EXPECT_EQ(jwt->texts("aud"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(jwt->texts("iss"), std::vector<std::string>{"i"});
  EXPECT_EQ(jwt->texts("n"), std::nullopt);
  EXPECT_EQ(jwt->signature, "sig");
}

TEST(Jwt, RefusesWhatIsNone) {
  const std::string good = token(R"({"alg":"RS256"})");
  for (const std::string& bad :
       {std::string(), std::string("a.b"), std::string("..."), good + ".x", good + "=", "=" + good, token("[]"),
        token("{}"), token(R"({"alg":7})"), token(R"({"alg":"RS256","kid":7})"), token(R"({"alg":"RS256"})", "[]"),
        token(R"({"alg":"RS256"})", "{"), token(R"({"alg":"RS256"})", "{}", ""), token(R"({"alg":"RS256"})", "\xff"),
        good + std::string(kMaxTokenBytes, 'A'),
        token(R"({"alg":"RS256"})", std::string(40, '[') + std::string(40, ']'))}) {
    const auto jwt = parse_jwt(bad);
    ASSERT_FALSE(jwt.has_value()) << bad.substr(0, 100);
    EXPECT_EQ(jwt.error().code, JwtErrorCode::malformed) << bad.substr(0, 100);
  }
}

TEST(Jwt, RefusesAlgorithmsThatProveNothing) {
  for (const char* algorithm : {"none", "None", "NONE", "HS256", "HS384", "HS512", "rs256", "RS1", ""}) {
    const auto jwt = parse_jwt(token(R"({"alg":")" + std::string(algorithm) + "\"}"));
    ASSERT_FALSE(jwt.has_value()) << algorithm;
    EXPECT_EQ(jwt.error().code, JwtErrorCode::unknown_algorithm);
  }
  EXPECT_FALSE(parse_jwt(token(R"({"alg":"RS256","crit":["b64"],"b64":false})")).has_value());
}

}  // namespace
}  // namespace aerolith::federation
