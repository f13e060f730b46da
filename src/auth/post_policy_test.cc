// Form uploads against the example of S3's documentation (sigv4-post-example) and around it.
#include "auth/post_policy.h"

#include <gtest/gtest.h>

#include "auth/error_code.h"
#include "auth/test_fixtures.h"
#include "base/encoding.h"

namespace aerolith::auth {
namespace {

using namespace testing;

std::string example_policy() {
  std::string text =
      "{ \"expiration\": \"2015-12-30T12:00:00.000Z\",\n  \"conditions\": [\n    {\"bucket\": "
      "\"sigv4examplebucket\"},\n"
      "    [\"starts-with\", \"$key\", \"user/user1/\"],\n    {\"acl\": \"public-read\"},\n"
      "    {\"success_action_redirect\": "
      "\"http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html\"},\n"
      "    [\"starts-with\", \"$Content-Type\", \"image/\"],\n    {\"x-amz-meta-uuid\": \"14365123651274\"},\n"
      "    {\"x-amz-server-side-encryption\": \"AES256\"},\n    [\"starts-with\", \"$x-amz-meta-tag\", \"\"],\n\n"
      "    {\"x-amz-credential\": \"AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request\"},\n"
      "    {\"x-amz-algorithm\": \"AWS4-HMAC-SHA256\"},\n    {\"x-amz-date\": \"20151229T000000Z\" }\n  ]\n}";
  for (size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) text.insert(at, 1, '\r');
  return base64_encode(text);
}

FormFields example_form() {
  return {{"key", "user/user1/${filename}"},
          {"acl", "public-read"},
          {"success_action_redirect", "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},
          {"Content-Type", "image/jpeg"},
          {"x-amz-meta-uuid", "14365123651274"},
          {"x-amz-server-side-encryption", "AES256"},
          {"X-Amz-Credential", "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},
          {"X-Amz-Algorithm", "AWS4-HMAC-SHA256"},
          {"X-Amz-Date", "20151229T000000Z"},
          {"x-amz-meta-tag", ""},
          {"Policy", example_policy()},
          {"X-Amz-Signature", "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"}};
}

std::string& field(FormFields& form, std::string_view name) {
  for (auto& [key, value] : form) {
    if (key == name) return value;
  }
  return form.emplace_back(name, "").second;
}

class PostPolicyTest : public ::testing::Test {
 protected:
  PostPolicyTest() { keys_.add(kDocsKey, kDocsSecret); }
  AuthErrorCode code(const FormFields& form) {
    const auto result = verify_post_policy(authenticator_, form);
    EXPECT_FALSE(result.has_value());
    return result.has_value() ? AuthErrorCode::credentials_unavailable : result.error().code;
  }
  FixedClock clock_{"20151229T000000Z"};
  MemoryKeys keys_;
  Authenticator authenticator_{{.region = "us-east-1", .accepts_service = {}, .accepts_region = {}}, keys_, clock_};
};

TEST_F(PostPolicyTest, PublishedExampleVerifies) {
  const auto result = verify_post_policy(authenticator_, example_form());
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->principal()->account.str(), "123456789012");
  const auto policy = parse_post_policy(example_policy());
  ASSERT_TRUE(policy.has_value());
  EXPECT_TRUE(check_post_form(*policy, example_form(), "sigv4examplebucket", clock_.now()).has_value());
}

TEST_F(PostPolicyTest, AnyAlteredByteFails) {
  for (size_t i = 0; i < example_policy().size(); ++i) {
    auto form = example_form();
    field(form, "Policy")[i] ^= 1;
    EXPECT_EQ(code(form), AuthErrorCode::signature_mismatch);
  }
  auto form = example_form();
  field(form, "X-Amz-Signature")[5] ^= 1;
  EXPECT_EQ(code(form), AuthErrorCode::signature_mismatch);
}

TEST_F(PostPolicyTest, FieldsOfTheSignature) {
  for (const char* name : {"Policy", "X-Amz-Credential", "X-Amz-Algorithm", "X-Amz-Date", "X-Amz-Signature"}) {
    auto form = example_form();
    std::erase_if(form, [&](const auto& entry) { return entry.first == name; });
    const auto result = verify_post_policy(authenticator_, form);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, AuthErrorCode::missing_form_field) << name;
    EXPECT_EQ(result.error().got, name);
  }
  auto form = example_form();
  field(form, "X-Amz-Algorithm") = "AWS4-ECDSA-P256-SHA256";
  EXPECT_EQ(code(form), AuthErrorCode::unsupported_algorithm);
  form = example_form();
  field(form, "X-Amz-Credential") = "AKIAIOSFODNN7EXAMPLE/20151229/eu-west-1/s3/aws4_request";
  EXPECT_EQ(code(form), AuthErrorCode::wrong_region);
  form = example_form();
  field(form, "X-Amz-Credential") = "AKIANOBODY/20151229/us-east-1/s3/aws4_request";
  EXPECT_EQ(code(form), AuthErrorCode::unknown_access_key);
  form = example_form();
  field(form, "X-Amz-Date") = "today";
  EXPECT_EQ(code(form), AuthErrorCode::malformed_date);
  EXPECT_EQ(code({{"key", "a"}}), AuthErrorCode::missing_authentication);
  const auto anonymous = verify_post_policy(authenticator_, {{"key", "a"}}, Anonymous::allowed);
  ASSERT_TRUE(anonymous.has_value());
  EXPECT_EQ(anonymous->principal(), nullptr);
}

TEST_F(PostPolicyTest, ConditionsHold) {
  const auto policy = parse_post_policy(example_policy());
  ASSERT_TRUE(policy.has_value());
  const auto check = [&](const FormFields& form, std::string_view bucket = "sigv4examplebucket") {
    const auto result = check_post_form(*policy, form, bucket, clock_.now());
    return result.has_value() ? std::nullopt : std::optional(result.error().code);
  };
  EXPECT_EQ(check(example_form(), "other"), PostPolicyErrorCode::condition_failed);
  auto form = example_form();
  field(form, "key") = "user/user2/x";
  EXPECT_EQ(check(form), PostPolicyErrorCode::condition_failed);
  form = example_form();
  field(form, "Content-Type") = "image/png, image/gif";
  EXPECT_EQ(check(form), std::nullopt);
  field(form, "Content-Type") = "image/png, text/html";
  EXPECT_EQ(check(form), PostPolicyErrorCode::condition_failed);
  form = example_form();
  field(form, "acl") = "private";
  EXPECT_EQ(check(form), PostPolicyErrorCode::condition_failed);
  form = example_form();
  form.emplace_back("x-ignore-me", "1");
  EXPECT_EQ(check(form), std::nullopt);
  form.emplace_back("x-amz-meta-other", "1");
  EXPECT_EQ(check(form), PostPolicyErrorCode::extra_field);
  form = example_form();
  form.emplace_back("Signature", "1");  // of Signature Version 2: needs no condition there
  EXPECT_EQ(check(form), std::nullopt);
  form = example_form();
  form.emplace_back("KEY", "user/user2/x");
  EXPECT_EQ(check(form), PostPolicyErrorCode::extra_field);
  EXPECT_EQ(check_post_form(*policy, example_form(), "sigv4examplebucket", policy->expires_at).error().code,
            PostPolicyErrorCode::expired);
}

TEST(PostPolicyDocument, LengthRange) {
  const auto policy = parse_post_policy(base64_encode(
      R"({"expiration":"2030-01-01T00:00:00Z","conditions":[["content-length-range", 10, "20"],["eq","$key","a"]]})"));
  ASSERT_TRUE(policy.has_value());
  EXPECT_EQ(post_length_limit(*policy), 20u);
  EXPECT_EQ(post_length_minimum(*policy), 10U);
}

TEST(PostPolicyDocument, LimitsAreWholeNumbers) {
  const auto limit = [](const std::string& text) -> std::optional<uint64_t> {
    const auto policy = parse_post_policy(base64_encode(
        R"({"expiration":"2030-01-01T00:00:00Z","conditions":[["content-length-range", 0, )" + text + "]]}"));
    const bool has_limit = policy.has_value() && std::holds_alternative<LengthCondition>(policy->conditions.at(0));
    return has_limit ? std::optional(post_length_limit(*policy)) : std::nullopt;
  };
  for (const char* good : {"10", "\"10\"", "10.0", "1e1"}) EXPECT_EQ(limit(good), 10u) << good;
  for (const char* bad : {"1.5", "-1.0", "1e300", "\"1.5\"", "\"\"", "true"})
    EXPECT_EQ(limit(bad), std::nullopt) << bad;
}

TEST(PostPolicyDocument, BadDocuments) {
  EXPECT_EQ(parse_post_policy("{}").error().code, PostPolicyErrorCode::invalid_base64);
  const std::string deep = std::string(100, '[') + std::string(100, ']');
  for (const std::string& text : std::vector<std::string>{
           "", "[]", "{", "{}", R"({"expiration":"2030-01-01T00:00:00Z"})", R"({"expiration":1,"conditions":[]})",
           R"({"expiration":"soon","conditions":[]})", R"({"expiration":"2030-01-01T00:00:00Z","conditions":{}})",
           R"({"expiration":"2030-01-01T00:00:00Z","conditions":[1]})",
           R"({"expiration":"2030-01-01T00:00:00Z","conditions":[[]]})",
           R"({"expiration":"2030-01-01T00:00:00Z","conditions":[{"a":"1","b":"2"}]})",
           R"({"expiration":"2030-01-01T00:00:00Z","conditions":[{"a":1}]})",
           R"({"expiration":"2030-01-01T00:00:00Z","conditions":[["ends-with","$a","1"]]})",
           R"({"expiration":"2030-01-01T00:00:00Z","conditions":[["eq","$a"]]})",
           R"({"expiration":"2030-01-01T00:00:00Z","conditions":)" + deep + "}"}) {
    const auto result = parse_post_policy(base64_encode(text));
    ASSERT_FALSE(result.has_value()) << text;
    EXPECT_EQ(result.error().code, PostPolicyErrorCode::malformed_document) << text;
  }
  EXPECT_FALSE(parse_post_policy(std::string(30'000, 'A')).has_value());
}

// S3 takes such a policy, and no form meets it.
TEST(PostPolicyDocument, ConditionsThatNoFormMeets) {
  for (const auto& [condition, told] :
       {std::pair(R"(["eq","key","a"])", R"(["eq", "key", "a"])"),
        std::pair(R"(["content-length-range",-1,5])", R"(["content-length-range", "-1", "5"])"),
        std::pair(R"(["content-length-range","x",5])", R"(["content-length-range", "x", "5"])")}) {
    std::string text = R"({"expiration":"2030-01-01T00:00:00Z","conditions":[)" + std::string(condition) + "]}";
    const auto policy = parse_post_policy(base64_encode(text));
    ASSERT_TRUE(policy.has_value()) << text;
    const auto checked = check_post_form(*policy, {{"key", "a"}}, "bucket", Timestamp{});
    ASSERT_FALSE(checked.has_value()) << text;
    EXPECT_EQ(checked.error().code, PostPolicyErrorCode::condition_failed);
    EXPECT_EQ(checked.error().detail, told);
  }
}

TEST_F(PostPolicyTest, FormOfSignatureVersion2) {
  // openssl dgst -sha1 -hmac <the documentation's secret> -binary | base64, of the policy's text.
  FormFields form = {{"key", "a"}, {"AWSAccessKeyId", std::string(kDocsKey)}, {"policy", "eyJhIjoxfQ=="}};
  EXPECT_EQ(code(form), AuthErrorCode::missing_form_field);
  form.emplace_back("signature", "0x1e/mguux7FcW60ms9P29wyA7w=");
  const auto signer = verify_post_policy(authenticator_, form);
  ASSERT_TRUE(signer.has_value());
  EXPECT_EQ(signer->key->id.str(), kDocsKey);
  form.back().second[0] ^= 1;
  EXPECT_EQ(code(form), AuthErrorCode::signature_mismatch);
  form[1].second = "AKIANOBODY";
  EXPECT_EQ(code(form), AuthErrorCode::unknown_access_key);
}

}  // namespace
}  // namespace aerolith::auth
