#include "federation/web_identity.h"

#include <gtest/gtest.h>

#include "federation/test_keys.h"

namespace aerolith::federation {
namespace {

using testing::TestKey;

class WebIdentityTest : public ::testing::Test {
 protected:
  WebIdentityTest()
      : keys_(
            [this](const HttpsUrl& url,
                   const std::vector<std::string>&) -> Result<http::ClientResponse, http::ClientError> {
              if (url.target == "/keys")
                return http::ClientResponse{.status = 200, .headers = {}, .body = testing::jwks({&key_})};
              return http::ClientResponse{
                  .status = 200, .headers = {}, .body = R"({"issuer":"https://idp","jwks_uri":"https://idp/keys"})"};
            },
            [] { return std::chrono::steady_clock::now(); }) {}

  // Claims beside those that all tokens have; a later one of the same name counts.
  Result<WebIdentity, TokenError> verify(const std::string& more) {
    const std::string claims = R"({"iss":"https://idp","sub":"s","aud":"app","iat":1000,"exp":2000)" + more + "}";
    auto read = read_token(key_.token(claims));
    if (!read.has_value()) return std::unexpected(read.error());
    EXPECT_EQ(read->second, "idp");
    return verify_web_identity(read->first, provider_, keys_, now_);
  }
  TokenErrorCode refusal(const std::string& more) {
    const auto result = verify(more);
    EXPECT_FALSE(result.has_value()) << more;
    return result.has_value() ? TokenErrorCode{} : result.error().code;
  }

  const TestKey key_{SignatureAlgorithm::es256};
  const OidcProvider provider_{.url = "idp", .client_ids = {"app", "other"}};
  Timestamp now_{std::chrono::seconds(1500)};
  OidcKeys keys_;
};

TEST_F(WebIdentityTest, ReadsTagsInEitherForm) {
  const auto nested =
      verify(R"(,"https://aws.amazon.com/tags":{"principal_tags":{"a":["1"],"b":"2"},"transitive_tag_keys":["a"]})"
             R"(,"https://aws.amazon.com/source_identity":"ann","amr":["mfa"])");
  ASSERT_TRUE(nested.has_value()) << nested.error().detail;
  EXPECT_EQ(nested->tags, (std::vector<std::pair<std::string, std::string>>{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(nested->transitive_tag_keys, std::vector<std::string>{"a"});
  EXPECT_EQ(nested->source_identity, "ann");
  EXPECT_EQ(nested->methods, std::vector<std::string>{"mfa"});
  const auto flat = verify(R"(,"https://aws.amazon.com/tags/principal_tags/a":"1")");
  ASSERT_TRUE(flat.has_value());
  EXPECT_EQ(flat->tags.front().second, "1");
}

TEST_F(WebIdentityTest, TimesHaveFiveMinutesOfPlay) {
  using std::chrono::seconds;
  EXPECT_TRUE(verify("").has_value());
  now_ = Timestamp(seconds(2299));
  EXPECT_TRUE(verify("").has_value());
  now_ = Timestamp(seconds(2300));
  EXPECT_EQ(refusal(""), TokenErrorCode::expired);
  now_ = Timestamp(seconds(700));
  EXPECT_TRUE(verify("").has_value());
  now_ = Timestamp(seconds(699));
  EXPECT_EQ(refusal(""), TokenErrorCode::invalid);
  now_ = Timestamp(seconds(1500));
  EXPECT_TRUE(verify(R"(,"nbf":1800)").has_value());
  EXPECT_EQ(refusal(R"(,"nbf":1801)"), TokenErrorCode::invalid);
  EXPECT_EQ(refusal(R"(,"exp":null)"), TokenErrorCode::invalid);
  EXPECT_EQ(refusal(R"(,"exp":-1e300)"), TokenErrorCode::expired);
}

TEST_F(WebIdentityTest, TheAuthorizedPartyStandsForTheAudience) {
  EXPECT_EQ(verify(R"(,"aud":["x","other"])")->audience, "other");
  const auto party = verify(R"(,"aud":"x","azp":"app")");
  ASSERT_TRUE(party.has_value());
  EXPECT_EQ(party->audience, "app");
  EXPECT_EQ(party->original_audiences, std::vector<std::string>{"x"});
  for (const char* claims : {R"(,"aud":"x")", R"(,"aud":[])", R"(,"aud":7)", R"(,"azp":"x")", R"(,"azp":7)"}) {
    EXPECT_EQ(refusal(claims), TokenErrorCode::invalid) << claims;
  }
}

TEST_F(WebIdentityTest, ClaimsOfTheWrongKind) {
  for (const char* claims :
       {R"(,"sub":7)", R"(,"sub":"")", R"(,"amr":7)", R"(,"iat":"1000")", R"(,"https://aws.amazon.com/tags":[])",
        R"(,"https://aws.amazon.com/tags":{"principal_tags":{"a":["1","2"]}})", R"(,"iss":"http://idp")",
        R"(,"https://aws.amazon.com/source_identity":7)", R"(,"iss":"https://")", R"(,"iss":7)"}) {
    EXPECT_EQ(refusal(claims), TokenErrorCode::invalid) << claims;
  }
}

}  // namespace
}  // namespace aerolith::federation
