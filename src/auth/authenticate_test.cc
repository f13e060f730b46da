// What the authenticator takes, and what it refuses with which code. Version 2 links: legacy_link_test.cc.
#include "auth/authenticate.h"

#include <gtest/gtest.h>

#include <functional>

#include "auth/error_code.h"
#include "auth/post_policy.h"
#include "auth/test_fixtures.h"
#include "base/encoding.h"

namespace aerolith::auth {
namespace {

using namespace testing;

class AuthenticateTest : public ::testing::Test {
 protected:
  AuthenticateTest() { keys_.add(kDocsKey, kDocsSecret); }

  SigningInput input(std::string service = "s3") const {
    return {.access_key_id = std::string(kDocsKey),
            .secret = std::string(kDocsSecret),
            .session_token = {},
            .region = "us-east-1",
            .service = std::move(service),
            .time = clock_.now(),
            .payload_hash = std::string(kEmptySha256)};
  }
  http::RequestHead signed_get(const SigningInput& with) const {
    auto head = make_head("GET", "/bucket/key", "localhost:4566");
    sign_request(head, with);
    return head;
  }
  http::RequestHead presigned(std::chrono::seconds lifetime = std::chrono::hours(1)) const {
    auto with = input();
    with.payload_hash = std::string(kUnsignedPayload);
    auto head = make_head("GET", "/bucket/key?versionId=3", "localhost:4566");
    presign_request(head, with, lifetime);
    return head;
  }
  Result<Authenticated, AuthError> run(const http::RequestHead& head, std::string_view service = {}) const {
    return authenticator_.authenticate({.head = head, .service = service, .body_sha256 = {}});
  }
  AuthErrorCode code(const http::RequestHead& head, std::string_view service = {}) const {
    const auto result = run(head, service);
    EXPECT_FALSE(result.has_value());
    return result.has_value() ? AuthErrorCode::credentials_unavailable : result.error().code;
  }
  static void replace(std::string& text, std::string_view from, std::string_view to) {
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from << " in " << text;
    text.replace(at, from.size(), to);
  }
  http::RequestHead with_authorization(const std::function<void(std::string&)>& alter) const {
    auto head = signed_get(input());
    std::string value(*head.headers.find("authorization"));
    alter(value);
    head.headers.set("Authorization", value);
    return head;
  }

  FixedClock clock_{"20240102T030405Z"};
  MemoryKeys keys_;
  Authenticator authenticator_{
      {.region = "us-east-1",
       .accepts_service = [](std::string_view service) { return service != "unheard-of"; },
       .accepts_region = [](std::string_view region,
                            std::string_view service) { return service == "iam" && region == "aws-global"; }},
      keys_,
      clock_};
};

TEST_F(AuthenticateTest, HeaderAndQueryFormsNameThePrincipal) {
  const auto by_header = run(signed_get(input()));
  ASSERT_TRUE(by_header.has_value());
  EXPECT_EQ(by_header->payload.kind, PayloadKind::hashed);
  EXPECT_TRUE(by_header->principal()->is_root());
  const auto by_query = run(presigned());
  ASSERT_TRUE(by_query.has_value());
  EXPECT_EQ(by_query->payload.kind, PayloadKind::unsigned_body);
}

TEST_F(AuthenticateTest, AnonymousOnlyWhereAllowed) {
  const auto head = make_head("GET", "/", "localhost");
  EXPECT_EQ(code(head), AuthErrorCode::missing_authentication);
  const auto result =
      authenticator_.authenticate({.head = head, .service = {}, .anonymous = Anonymous::allowed, .body_sha256 = {}});
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->principal(), nullptr);
}

TEST_F(AuthenticateTest, OtherSchemes) {
  const auto head_with = [&](std::string value) {
    auto head = make_head("GET", "/", "localhost");
    head.headers.add("authorization", std::move(value));
    return head;
  };
  EXPECT_EQ(code(head_with("Basic abc")), AuthErrorCode::unsupported_scheme);
  EXPECT_EQ(code(head_with("")), AuthErrorCode::unsupported_scheme);
  EXPECT_EQ(code(head_with("AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg=")), AuthErrorCode::legacy_signature);
  EXPECT_EQ(code(make_head("GET", "/b/k?AWSAccessKeyId=A&Signature=s&Expires=1", "localhost")),
            AuthErrorCode::legacy_signature);  // links are S3's alone
  EXPECT_EQ(code(head_with("AWS4-HMAC-SHA512 Credential=a")), AuthErrorCode::unsupported_algorithm);
  EXPECT_EQ(code(head_with("AWS4-HMAC-SHA256")), AuthErrorCode::missing_component);
  EXPECT_EQ(code(head_with("AWS4-HMAC-SHA256 Credential=a, Credential=b")), AuthErrorCode::malformed_authorization);
  auto twice = signed_get(input());
  twice.headers.add("Authorization", std::string(*twice.headers.find("authorization")));
  EXPECT_EQ(code(twice), AuthErrorCode::multiple_mechanisms);
  auto both = signed_get(input());
  both.target += "?X-Amz-Signature=0";
  EXPECT_EQ(code(both), AuthErrorCode::multiple_mechanisms);
  for (auto head : {signed_get(input()), presigned()}) {
    head.target += head.query().empty() ? "?" : "&";
    head.target += "AWSAccessKeyId=A&Signature=s&Expires=1";
    EXPECT_EQ(code(head), AuthErrorCode::multiple_mechanisms);
    EXPECT_EQ(code(head, "s3"), AuthErrorCode::multiple_mechanisms);
  }
}

TEST_F(AuthenticateTest, MalformedHeaders) {
  const auto altered = [&](std::string_view from, std::string_view to) {
    return code(with_authorization([&](std::string& value) { replace(value, from, to); }));
  };
  EXPECT_EQ(altered("SignedHeaders=", "signedheaders="), AuthErrorCode::malformed_authorization);
  EXPECT_EQ(altered("Signature=", "Signature"), AuthErrorCode::malformed_authorization);
  EXPECT_EQ(altered("SignedHeaders=host;", "SignedHeaders=;host;"), AuthErrorCode::malformed_authorization);
  EXPECT_EQ(altered("SignedHeaders=host;", "SignedHeaders=host;;"), AuthErrorCode::malformed_authorization);
  EXPECT_EQ(altered("/20240102/", "/"), AuthErrorCode::malformed_credential);
  EXPECT_EQ(altered("/20240102/", "/20240102/x/"), AuthErrorCode::malformed_credential);
  EXPECT_EQ(altered("/us-east-1/", "//"), AuthErrorCode::malformed_credential);
  EXPECT_EQ(altered("aws4_request", "aws4_requesz"), AuthErrorCode::wrong_terminator);
  EXPECT_EQ(altered("/20240102/", "/2024012/"), AuthErrorCode::malformed_scope_date);
  EXPECT_EQ(altered("/20240102/", "/20240103/"), AuthErrorCode::wrong_scope_date);
  for (const char* repeated : {"host;host;", "host;a;b;host;", "Host;a;host;"}) {
    EXPECT_EQ(altered("SignedHeaders=host;", "SignedHeaders=" + std::string(repeated)),
              AuthErrorCode::malformed_authorization);
  }
  // In another order than usual: for the signature to judge.
  EXPECT_EQ(altered("SignedHeaders=host;", "SignedHeaders=z;host;"), AuthErrorCode::signature_mismatch);
  std::string many = "SignedHeaders=host";
  for (int i = 0; i < 300; ++i) many += ";h" + std::to_string(1000 + i);
  EXPECT_EQ(altered("SignedHeaders=host", many), AuthErrorCode::malformed_authorization);
  EXPECT_EQ(code(with_authorization([](std::string& value) { value.erase(value.find(", Signature=")); })),
            AuthErrorCode::missing_component);
}

TEST_F(AuthenticateTest, ScopeMustFit) {
  auto elsewhere = input();
  elsewhere.region = "eu-west-1";
  const auto region = run(signed_get(elsewhere));
  ASSERT_FALSE(region.has_value());
  EXPECT_EQ(region.error().code, AuthErrorCode::wrong_region);
  EXPECT_EQ(region.error().expected, "us-east-1");
  EXPECT_EQ(code(signed_get(input("unheard-of"))), AuthErrorCode::wrong_service);
  EXPECT_EQ(code(signed_get(input("ec2")), "s3"), AuthErrorCode::wrong_service);
  auto global = input("iam");
  global.region = "aws-global";
  EXPECT_TRUE(run(signed_get(global), "iam").has_value());
}

TEST_F(AuthenticateTest, DatesAndSkew) {
  auto without = signed_get(input());
  without.headers.remove("x-amz-date");
  EXPECT_EQ(code(without), AuthErrorCode::missing_date);
  auto garbled = signed_get(input());
  garbled.headers.set("x-amz-date", "yesterday");
  EXPECT_EQ(code(garbled), AuthErrorCode::malformed_date);

  const auto head = signed_get(input());
  const Timestamp signed_at = clock_.now();
  for (const auto sign : {-1, 1}) {
    clock_.set(signed_at + sign * std::chrono::minutes(15));
    EXPECT_TRUE(run(head).has_value());
    clock_.set(signed_at + sign * (std::chrono::minutes(15) + std::chrono::milliseconds(1)));
    EXPECT_EQ(code(head), AuthErrorCode::request_skewed);
  }
}

TEST_F(AuthenticateTest, DateHeaderWillDo) {
  auto head = make_head("GET", "/", "localhost");
  head.headers.add("Date", format_http_date(clock_.now()));
  const std::string scope = "20240102/us-east-1/dynamodb/aws4_request";
  const std::string canonical = "GET\n/\n\ndate:" + format_http_date(clock_.now()) + "\nhost:localhost\n\ndate;host\n" +
                                std::string(kEmptySha256);
  const std::string text = string_to_sign(kHmacAlgorithm, "20240102T030405Z", scope, canonical);
  head.headers.add("Authorization",
                   "AWS4-HMAC-SHA256 Credential=" + std::string(kDocsKey) + "/" + scope +
                       ",SignedHeaders=date;host,Signature=" +
                       hmac_signature(derive_signing_key(kDocsSecret, "20240102", "us-east-1", "dynamodb"), text));
  EXPECT_TRUE(run(head).has_value());
}

TEST_F(AuthenticateTest, PresignedTimes) {
  const auto head = presigned(std::chrono::seconds(60));
  const Timestamp signed_at = clock_.now();
  clock_.set(signed_at + std::chrono::seconds(60));
  EXPECT_TRUE(run(head).has_value());
  clock_.set(signed_at + std::chrono::milliseconds(60'001));
  EXPECT_EQ(code(head), AuthErrorCode::presign_expired);
  clock_.set(signed_at - std::chrono::minutes(16));
  EXPECT_EQ(code(head), AuthErrorCode::presign_not_yet_valid);
}

TEST_F(AuthenticateTest, PresignedParameters) {
  const auto altered = [&](std::string_view from, std::string_view to) {
    auto head = presigned();
    replace(head.target, from, to);
    return code(head);
  };
  EXPECT_EQ(altered("X-Amz-Expires=3600", "X-Amz-Expires=604801"), AuthErrorCode::expires_too_large);
  EXPECT_EQ(altered("X-Amz-Expires=3600", "X-Amz-Expires=99999999999999999999"), AuthErrorCode::expires_too_large);
  EXPECT_EQ(altered("X-Amz-Expires=3600", "X-Amz-Expires=-1"), AuthErrorCode::expires_negative);
  EXPECT_EQ(altered("X-Amz-Expires=3600", "X-Amz-Expires=-99999999999999999999"), AuthErrorCode::expires_negative);
  EXPECT_EQ(altered("X-Amz-Expires=3600", "X-Amz-Expires=1h"), AuthErrorCode::expires_not_a_number);
  EXPECT_EQ(altered("X-Amz-Expires=3600", "X-Amz-Expires="), AuthErrorCode::expires_not_a_number);
  EXPECT_EQ(altered("X-Amz-Expires=3600", "X-Amz-Expires=3601"), AuthErrorCode::signature_mismatch);
  EXPECT_EQ(altered("&X-Amz-Expires=3600", ""), AuthErrorCode::missing_component);
  EXPECT_EQ(altered("X-Amz-Algorithm=AWS4-HMAC-SHA256", "x-amz-algorithm=AWS4-HMAC-SHA256"),
            AuthErrorCode::missing_component);
  EXPECT_EQ(altered("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"), AuthErrorCode::unsupported_algorithm);
  EXPECT_EQ(altered("20240102T030405Z", "2024-01-02"), AuthErrorCode::malformed_date);
  EXPECT_EQ(altered("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders="), AuthErrorCode::malformed_authorization);
  EXPECT_EQ(altered("versionId=3", "versionId=4"), AuthErrorCode::signature_mismatch);
  EXPECT_EQ(altered("/key", "/kex"), AuthErrorCode::signature_mismatch);
}

TEST_F(AuthenticateTest, KeysMustBeKnownAndEnabled) {
  auto unknown = input();
  unknown.access_key_id = "AKIANOBODY";
  EXPECT_EQ(code(signed_get(unknown)), AuthErrorCode::unknown_access_key);
  keys_.add("AKIADISABLED", "secret").enabled = false;
  auto disabled = input();
  disabled.access_key_id = "AKIADISABLED";
  disabled.secret = "secret";
  EXPECT_EQ(code(signed_get(disabled)), AuthErrorCode::disabled_access_key);
  disabled.algorithm = SignatureAlgorithm::ecdsa_p256_sha256;
  EXPECT_EQ(code(signed_get(disabled)), AuthErrorCode::disabled_access_key);
  unknown.algorithm = SignatureAlgorithm::ecdsa_p256_sha256;
  EXPECT_EQ(code(signed_get(unknown)), AuthErrorCode::unknown_access_key);
  keys_.is_broken = true;
  EXPECT_EQ(code(signed_get(input())), AuthErrorCode::credentials_unavailable);
}

TEST_F(AuthenticateTest, SessionTokens) {
  keys_.add("ASIATEMPORARY", "secret").session = Session{"token", clock_.now() + std::chrono::minutes(5)};
  auto with = input();
  with.access_key_id = "ASIATEMPORARY";
  with.secret = "secret";
  EXPECT_EQ(code(signed_get(with)), AuthErrorCode::missing_session_token);
  with.session_token = "tokem";
  EXPECT_EQ(code(signed_get(with)), AuthErrorCode::invalid_session_token);
  with.session_token = "token";
  EXPECT_TRUE(run(signed_get(with)).has_value());
  auto link = make_head("GET", "/b/k", "localhost");
  with.payload_hash = std::string(kUnsignedPayload);
  presign_request(link, with, std::chrono::hours(1));
  EXPECT_TRUE(run(link).has_value());
  clock_.set(clock_.now() + std::chrono::minutes(5));
  EXPECT_EQ(code(link), AuthErrorCode::expired_session_token);
  auto long_lived = input();
  long_lived.session_token = "token";
  EXPECT_EQ(code(signed_get(long_lived)), AuthErrorCode::invalid_session_token);
}

TEST_F(AuthenticateTest, WhatMustBeSigned) {
  EXPECT_EQ(
      code(with_authorization([&](std::string& value) { replace(value, "SignedHeaders=host;", "SignedHeaders="); })),
      AuthErrorCode::host_not_signed);
  auto added = signed_get(input());
  added.headers.add("x-amz-acl", "public-read");
  const auto result = run(added);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, AuthErrorCode::headers_not_signed);
  EXPECT_EQ(result.error().got, "x-amz-acl");
  auto target = signed_get(input("dynamodb"));
  target.headers.add("X-Amz-Target", "DynamoDB_20120810.DeleteTable");
  EXPECT_EQ(code(target), AuthErrorCode::headers_not_signed);
  auto agent = signed_get(input("dynamodb"));
  agent.headers.add("x-amz-user-agent", "sdk");
  EXPECT_TRUE(run(agent).has_value());
  auto linked = presigned();
  linked.headers.add("x-amz-acl", "public-read");
  EXPECT_EQ(code(linked), AuthErrorCode::headers_not_signed);
}

TEST_F(AuthenticateTest, ContentSha256) {
  auto without = signed_get(input());
  without.headers.remove("x-amz-content-sha256");
  EXPECT_EQ(code(without), AuthErrorCode::missing_content_sha256);
  auto with = input();
  for (const std::string_view bad : {"abc", "unsigned-payload", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", ""}) {
    with.payload_hash = std::string(bad);
    EXPECT_EQ(code(signed_get(with)), AuthErrorCode::invalid_content_sha256) << bad;
  }
  with.payload_hash = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
  EXPECT_EQ(code(signed_get(with)), AuthErrorCode::missing_decoded_length);
  for (const char* bad : {"-1", "1x", "", "99999999999999999999"}) {
    auto head = make_head("PUT", "/b/k", "localhost");
    head.headers.add("x-amz-decoded-content-length", bad);
    sign_request(head, with);
    EXPECT_EQ(code(head), AuthErrorCode::invalid_decoded_length) << bad;
  }
}

TEST_F(AuthenticateTest, BodyOfOtherServicesIsPartOfTheSignature) {
  auto with = input("dynamodb");
  with.payload_hash = sha256_hex("{}");
  const auto head = signed_get(with);
  EXPECT_TRUE(Authenticator::needs_body_hash(head));
  EXPECT_FALSE(Authenticator::needs_body_hash(signed_get(input())));
  EXPECT_FALSE(Authenticator::needs_body_hash(make_head("GET", "/", "h")));
  const std::string right = sha256_hex("{}");
  const std::string wrong = sha256_hex("{ }");
  EXPECT_TRUE(authenticator_.authenticate({.head = head, .service = {}, .body_sha256 = right}).has_value());
  EXPECT_FALSE(authenticator_.authenticate({.head = head, .service = {}, .body_sha256 = wrong}).has_value());
  // Forgetting the hash fails closed: only an empty body passes, and the plan says so.
  EXPECT_FALSE(run(head).has_value());
  const auto empty = run(signed_get(input("dynamodb")));
  ASSERT_TRUE(empty.has_value());
  EXPECT_EQ(empty->payload.sha256_hex, kEmptySha256);
}

TEST_F(AuthenticateTest, BodyMayBeLeftOutWhereTheOperationSaysSo) {
  auto with = input("ebs");
  with.payload_hash = std::string(kUnsignedPayload);
  const auto head = signed_get(with);
  const std::string body = sha256_hex("block");
  AuthRequest request{.head = head, .service = {}, .body_sha256 = body};
  EXPECT_FALSE(authenticator_.authenticate(request).has_value());
  request.may_leave_body_unsigned = true;
  const auto left_out = authenticator_.authenticate(request);
  ASSERT_TRUE(left_out.has_value());
  EXPECT_EQ(left_out->payload.kind, PayloadKind::unsigned_body);
  with.payload_hash = body;
  const auto signed_body = signed_get(with);
  const auto kept =
      authenticator_.authenticate({.head = signed_body, .body_sha256 = body, .may_leave_body_unsigned = true});
  ASSERT_TRUE(kept.has_value());
  EXPECT_EQ(kept->payload.sha256_hex, body);
}

TEST_F(AuthenticateTest, MismatchShowsTheEvidence) {
  auto with = input();
  with.secret += "x";
  auto head = make_head("GET", "/bucket/key", "localhost:4566");
  const Signed signed_request = sign_request(head, with);
  const auto result = run(head);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, AuthErrorCode::signature_mismatch);
  ASSERT_TRUE(result.error().evidence.has_value());
  EXPECT_EQ(result.error().evidence->canonical_request, signed_request.canonical_request);
  EXPECT_EQ(result.error().evidence->string_to_sign, signed_request.string_to_sign);
  EXPECT_EQ(result.error().evidence->signature_provided, signed_request.signature);
  // The signature that would have been right must not be in the answer.
  const auto answer = answer_for(result.error(), ServiceErrorStyle::s3);
  auto right = make_head("GET", "/bucket/key", "localhost:4566");
  const std::string secret_signature = sign_request(right, input()).signature;
  for (const auto& [name, value] : answer.details) EXPECT_EQ(value.find(secret_signature), std::string::npos) << name;
}

TEST_F(AuthenticateTest, PeekTellsTheServiceBeforeVerifying) {
  const auto service = [](const http::RequestHead& head) {
    const auto scope = peek_scope(head);
    return scope ? scope->service : std::string("none");
  };
  EXPECT_EQ(service(signed_get(input("ec2"))), "ec2");
  EXPECT_EQ(service(presigned()), "s3");
  EXPECT_EQ(service(make_head("GET", "/", "h")), "none");
  const auto of_credential = [&](const std::string& credential) {
    auto by_header = make_head("GET", "/", "h");
    by_header.headers.add("Authorization", "AWS4-HMAC-SHA256 Credential=" + credential + ", SignedHeaders=host");
    const auto by_query = make_head("GET", "/?note=ECDSA&X-Amz-Credential=" + percent_encode(credential), "h");
    EXPECT_EQ(service(by_header), service(by_query)) << credential;
    return service(by_header);
  };
  EXPECT_EQ(of_credential("AK/2015-08-30/us-east-1/ec2/aws4_request"), "ec2");
  EXPECT_EQ(of_credential("AK/20150830/ec2/aws4_request"), "ec2");
  EXPECT_EQ(of_credential("AK/ec2/aws4_request"), "ec2");
  EXPECT_EQ(of_credential("A/K/20150830/us-east-1/ec2/aws4_request"), "ec2");
  EXPECT_EQ(of_credential("AK/20150830/us-east-1/ec2/aws3_request"), "ec2");
  for (const char* hopeless : {"", "AK", "AK/aws4_request", "a/b/c", "AK/20150830/us-east-1//aws4_request"}) {
    EXPECT_EQ(of_credential(hopeless), "none") << hopeless;
  }
}

}  // namespace
}  // namespace aerolith::auth
