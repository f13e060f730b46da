#include "federation/oidc_keys.h"

#include <gtest/gtest.h>

#include "federation/test_keys.h"

namespace aerolith::federation {
namespace {

using testing::TestKey;
using Code = OidcKeysErrorCode;

class OidcKeysTest : public ::testing::Test {
 protected:
  OidcKeysTest()
      : keys_([this](const HttpsUrl& url, const std::vector<std::string>&) { return answer(url); },
              [this] { return now_; }) {
    document_ = testing::jwks({&one_});
  }

  Result<http::ClientResponse, http::ClientError> answer(const HttpsUrl& url) {
    ++requests_;
    if (refuses_) return fail(http::ClientErrorCode::connect_failed, "refused");
    http::ClientResponse response{.status = status_, .headers = {}, .body = document_};
    if (!cache_control_.empty()) response.headers.add("Cache-Control", cache_control_);
    if (url.target != "/keys") response.body = R"({"issuer":")" + issuer_ + R"(","jwks_uri":")" + keys_url_ + "\"}";
    return response;
  }
  auto find(const TestKey& key) { return keys_.find(provider_, parse_jwt(key.token("{}")).value()); }
  Code refusal(const TestKey& key) {
    const auto found = find(key);
    EXPECT_FALSE(found.has_value());
    return found.has_value() ? Code{} : found.error().code;
  }

  const TestKey one_{SignatureAlgorithm::es256, "one"};
  const TestKey two_{SignatureAlgorithm::es256, "two"};
  OidcProvider provider_{.url = "idp.example.com"};
  std::string issuer_ = "https://idp.example.com";
  std::string keys_url_ = "https://idp.example.com/keys";
  std::string document_;
  std::string cache_control_;
  int status_ = 200;
  bool refuses_ = false;
  int requests_ = 0;
  OidcKeys::SteadyTime now_{std::chrono::hours(1000)};
  OidcKeys keys_;
};

TEST_F(OidcKeysTest, KeepsKeysForAnHour) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(find(one_).has_value());
  EXPECT_EQ(requests_, 2);
  now_ += std::chrono::minutes(59);
  EXPECT_TRUE(find(one_).has_value());
  EXPECT_EQ(requests_, 2);
  now_ += std::chrono::minutes(2);
  EXPECT_TRUE(find(one_).has_value());
  EXPECT_EQ(requests_, 4);
}

TEST_F(OidcKeysTest, AsLongAsTheProviderSays) {
  cache_control_ = "public, max-age=600, must-revalidate";
  EXPECT_TRUE(find(one_).has_value());
  now_ += std::chrono::minutes(11);
  document_ = testing::jwks({&two_});
  EXPECT_EQ(refusal(one_), Code::unknown_key);  // taken back by its owner
}

TEST_F(OidcKeysTest, ANewKeyIsFetchedAtOnceButNotEndlessly) {
  EXPECT_TRUE(find(one_).has_value());
  document_ = testing::jwks({&one_, &two_});
  EXPECT_TRUE(find(two_).has_value());
  EXPECT_EQ(requests_, 4);
  const TestKey unknown(SignatureAlgorithm::es256, "unknown");
  for (int i = 0; i < 50; ++i) EXPECT_EQ(refusal(unknown), Code::unknown_key);
  EXPECT_EQ(requests_, 2 + 2 * static_cast<int>(OidcKeys::kEarlyFetchesPerMinute));
  EXPECT_TRUE(find(one_).has_value());
  now_ += std::chrono::minutes(2);
  EXPECT_EQ(refusal(unknown), Code::unknown_key);
  EXPECT_EQ(requests_, 4 + 2 * static_cast<int>(OidcKeys::kEarlyFetchesPerMinute));
}

TEST_F(OidcKeysTest, RemembersFailuresForAMoment) {
  refuses_ = true;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(refusal(one_), Code::unreachable);
  EXPECT_EQ(requests_, 1);
  refuses_ = false;
  now_ += OidcKeys::kFailureUse;
  EXPECT_TRUE(find(one_).has_value());
  // A provider that fails later takes nothing from the keys that are there.
  refuses_ = true;
  EXPECT_EQ(refusal(two_), Code::unreachable);
  EXPECT_TRUE(find(one_).has_value());
}

TEST_F(OidcKeysTest, OtherThumbprintsAskAnew) {
  EXPECT_TRUE(find(one_).has_value());
  provider_.thumbprints = {"00"};
  EXPECT_TRUE(find(one_).has_value());
  EXPECT_EQ(requests_, 4);
}

TEST_F(OidcKeysTest, RefusesWhatIsNotTheProviders) {
  issuer_ = "https://else.example.com";
  EXPECT_EQ(refusal(one_), Code::unusable);
  now_ += OidcKeys::kFailureUse;
  issuer_ = "https://idp.example.com";
  for (const char* url :
       {"http://idp.example.com/keys", "file:///etc/passwd", "", "https://user@idp.example.com/keys"}) {
    keys_url_ = url;
    EXPECT_EQ(refusal(one_), Code::unusable) << url;
    now_ += OidcKeys::kFailureUse;
  }
  keys_url_ = "https://idp.example.com/keys";
  for (const auto& [status, code] : {std::pair(404, Code::unusable), {302, Code::unusable}, {503, Code::unreachable}}) {
    status_ = status;
    EXPECT_EQ(refusal(one_), code) << status;
    now_ += OidcKeys::kFailureUse;
  }
  status_ = 200;
  document_ = R"({"keys":[]})";
  EXPECT_EQ(refusal(one_), Code::unusable);
}

TEST(HttpsUrl, ReadsAndRefuses) {
  const auto url = parse_https_url("https://Idp.example.com:8443/a/b?c=d").value();
  EXPECT_EQ(url.address, "Idp.example.com:8443");
  EXPECT_EQ(url.host, "Idp.example.com:8443");
  EXPECT_EQ(url.target, "/a/b?c=d");
  EXPECT_EQ(parse_https_url("https://idp.example.com")->address, "idp.example.com:443");
  EXPECT_EQ(parse_https_url("https://idp.example.com:443/")->host, "idp.example.com");
  EXPECT_EQ(parse_https_url("https://[::1]:1/")->address, "[::1]:1");
  EXPECT_EQ(parse_https_url("https://[::1]")->address, "[::1]:443");
  for (const char* bad :
       {"", "http://a", "https://", "https:///a", "https://a:", "https://a:70000", "https://a:b", "https://u@a",
        "https://a/#f", "https://a/\r\nX: y", "https://a b/", "HTTPS://a", "https://[::1"}) {
    EXPECT_FALSE(parse_https_url(bad)) << bad;
  }
}

}  // namespace
}  // namespace aerolith::federation
