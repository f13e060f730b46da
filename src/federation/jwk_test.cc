#include "federation/jwk.h"

#include <gtest/gtest.h>

#include "federation/test_keys.h"

namespace aerolith::federation {
namespace {

using testing::TestKey;
using enum SignatureAlgorithm;

constexpr SignatureAlgorithm kAll[] = {rs256, rs384, rs512, ps256, ps384, ps512, es256, es384, es512};

TEST(KeySet, VerifiesEveryAlgorithm) {
  for (const SignatureAlgorithm algorithm : kAll) {
    const TestKey key(algorithm);
    const auto set = KeySet::parse(testing::jwks({&key}));
    ASSERT_TRUE(set && set->size() == 1) << name_of(algorithm);
    Jwt token = parse_jwt(key.token(R"({"a":1})")).value();
    EXPECT_TRUE(set->has_key_for(token));
    EXPECT_TRUE(set->verifies(token)) << name_of(algorithm);
    token.signed_text += "x";
    EXPECT_FALSE(set->verifies(token));
    token.signed_text.pop_back();
    token.signature += '\0';
    EXPECT_FALSE(set->verifies(token)) << name_of(algorithm);
    token.signature.clear();
    EXPECT_FALSE(set->verifies(token));
  }
}

TEST(KeySet, AKeyIsForItsAlgorithmAndItsName) {
  const TestKey key(rs256);
  const auto set = KeySet::parse(testing::jwks({&key})).value();
  Jwt token = parse_jwt(key.token("{}")).value();
  for (const SignatureAlgorithm other : {rs384, ps256, es256, es512}) {
    token.algorithm = other;
    EXPECT_FALSE(set.has_key_for(token));
    EXPECT_FALSE(set.verifies(token));
  }
  token.algorithm = rs256;
  token.key_id = "other";
  EXPECT_FALSE(set.verifies(token));
  token.key_id = "";  // a token that names none is tried with all
  EXPECT_TRUE(set.verifies(token));
}

TEST(KeySet, FindsItsKeyAmongMany) {
  const TestKey one(es256, "one");
  const TestKey two(es256, "two");
  const TestKey stranger(es256, "two");
  const auto set = KeySet::parse(testing::jwks({&one, &two})).value();
  EXPECT_TRUE(set.verifies(parse_jwt(one.token("{}")).value()));
  EXPECT_TRUE(set.verifies(parse_jwt(two.token("{}")).value()));
  EXPECT_FALSE(set.verifies(parse_jwt(stranger.token("{}")).value()));
}

// RFC 7515, A.3: a key of P-256 and what it signed.
TEST(KeySet, TheExampleOfTheStandard) {
  const auto set =
      KeySet::parse(R"({"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
                    R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})");
  ASSERT_TRUE(set);
  const auto token = parse_jwt(
      "eyJhbGciOiJFUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
      "fQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
  ASSERT_TRUE(token.has_value());
  EXPECT_TRUE(set->verifies(*token));
}

TEST(KeySet, LeavesOutWhatIsNoKeyForSignatures) {
  const TestKey key(rs256);
  const std::string jwk = key.jwk();
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string changed = jwk;
    changed.replace(changed.find(from), from.size(), to);
    return R"({"keys":[)" + changed + "]}";
  };
  for (const std::string& document :
       {with(R"("use":"sig")", R"("use":"enc")"), with(R"("use":"sig")", R"("use":7)"),
        with(R"("use":"sig")", R"("key_ops":["sign"])"), with(R"("alg":"RS256")", R"("alg":"HS256")"),
        with(R"("kty":"RSA")", R"("kty":"oct","k":"AAAA")"), with(R"("e":"AQAB")", R"("e":"AQ")"),
        with(R"("n":")", R"("n":"AQAB","m":")")}) {
    const auto set = KeySet::parse(document);
    ASSERT_TRUE(set) << document;
    EXPECT_TRUE(set->empty()) << document;
  }
  EXPECT_EQ(KeySet::parse(with(R"("use":"sig")", R"("key_ops":["verify"])"))->size(), 1U);
  for (const char* bad : {"", "{}", "[]", R"({"keys":{}})", R"({"keys":[7]})"}) EXPECT_FALSE(KeySet::parse(bad)) << bad;
}

}  // namespace
}  // namespace aerolith::federation
