#include "federation/signing_key.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/uuid.h"
#include "federation/jwk.h"
#include "federation/token_issuer.h"

namespace aerolith::federation {
namespace {

using enum SignatureAlgorithm;

KeySet published(const SigningKey& key) { return KeySet::parse(key_set_document({key.public_jwk()})).value(); }

TEST(SigningKey, SignsWhatItsPublicHalfVerifies) {
  for (const SignatureAlgorithm algorithm : {rs256, rs384, rs512, ps256, ps384, ps512, es256, es384, es512}) {
    const auto key = SigningKey::make(algorithm, "key-1");
    ASSERT_TRUE(key) << name_of(algorithm);
    const auto token = parse_jwt(key->sign(R"({"sub":"somebody","exp":7})"));
    ASSERT_TRUE(token.has_value()) << name_of(algorithm);
    EXPECT_EQ(token->algorithm, algorithm);
    EXPECT_EQ(token->key_id, "key-1");
    EXPECT_EQ(token->text("sub"), "somebody");
    EXPECT_TRUE(published(*key).verifies(*token)) << name_of(algorithm);
    EXPECT_FALSE(published(*SigningKey::make(algorithm, "key-1")).verifies(*token)) << name_of(algorithm);
  }
}

TEST(SigningKey, ComesBackFromItsPem) {
  for (const SignatureAlgorithm algorithm : {rs256, es384}) {
    const auto key = SigningKey::make(algorithm, "a");
    ASSERT_TRUE(key);
    const std::string pem = key->pem();
    EXPECT_TRUE(pem.starts_with("-----BEGIN PRIVATE KEY-----"));
    const auto again = SigningKey::read(algorithm, "a", pem);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->public_jwk(), key->public_jwk());
    EXPECT_TRUE(published(*key).verifies(parse_jwt(again->sign("{}")).value()));
  }
}

TEST(SigningKey, IsForOneKindOfAlgorithm) {
  const std::string rsa = SigningKey::make(rs256, "a")->pem();
  const std::string p256 = SigningKey::make(es256, "a")->pem();
  EXPECT_FALSE(SigningKey::read(es384, "a", rsa));
  EXPECT_FALSE(SigningKey::read(rs256, "a", p256));
  EXPECT_FALSE(SigningKey::read(es384, "a", p256));
  EXPECT_FALSE(SigningKey::read(rs256, "a", ""));
  EXPECT_FALSE(SigningKey::read(rs256, "a", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
}

TEST(SigningKey, NumbersOfACurveHaveTheirWholeLength) {
  // One key in 256 has a leading zero in a coordinate.
  for (int i = 0; i < 300; ++i) {
    const auto jwk = SigningKey::make(es384, "a")->public_jwk();
    ASSERT_EQ(jwk.at("x").as_string().size(), 64U);
    ASSERT_EQ(jwk.at("y").as_string().size(), 64U);
  }
}

TEST(TokenIssuer, ItsNameHasTheIdAlone) {
  EXPECT_EQ(issuer_url("a-1"), "https://a-1.tokens.sts.global.api.aws");
  const std::string id = "a103a2cc-b461-473d-84fe-6c4f6d45af88";
  EXPECT_EQ(issuer_of_host(id + ".tokens.sts.global.api.aws"), id);
  EXPECT_EQ(issuer_of_host("A103A2CC-b461-473d-84fe-6c4f6d45af88.Tokens.STS.global.api.AWS:443"), id);
  EXPECT_TRUE(issuer_of_host(make_uuid() + ".tokens.sts.global.api.aws"));
  for (const std::string& other :
       {std::string(), std::string("tokens.sts.global.api.aws"), std::string(".tokens.sts.global.api.aws"),
        "b." + id + ".tokens.sts.global.api.aws", id + ".tokens.sts.global.api.aws.example.com",
        id + ".tokens.sts.eu-west-1.api.aws", id + "xtokens.sts.global.api.aws", id + "0.tokens.sts.global.api.aws",
        std::string("a103a2cc-b461-473d-84fe-6c4f6d45af8.tokens.sts.global.api.aws"),
        std::string("a103a2cc-b461-473d-84fe-6c4f6d45af8g.tokens.sts.global.api.aws"),
        std::string("a103a2cc0b461-473d-84fe-6c4f6d45af88.tokens.sts.global.api.aws"), std::string("[::1]:443")}) {
    EXPECT_EQ(issuer_of_host(other), std::nullopt) << other;
  }
}

TEST(TokenIssuer, TheDiscoveryDocumentLeadsToTheKeys) {
  const auto document = boost::json::parse(discovery_document("a-1")).as_object();
  EXPECT_EQ(document.at("issuer").as_string(), "https://a-1.tokens.sts.global.api.aws");
  EXPECT_EQ(document.at("jwks_uri").as_string(), "https://a-1.tokens.sts.global.api.aws/.well-known/jwks.json");
  EXPECT_EQ(document.at("id_token_signing_alg_values_supported").as_array().size(), 2U);
}

TEST(TokenIssuer, UuidsAreOfVersionFour) {
  const std::string one = make_uuid();
  ASSERT_EQ(one.size(), 36U);
  EXPECT_EQ(one[14], '4');
  EXPECT_NE(std::string("89ab").find(one[19]), std::string::npos);
  EXPECT_NE(one, make_uuid());
}

}  // namespace
}  // namespace aerolith::federation
