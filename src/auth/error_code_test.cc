// Folds over every enumerator and style, so that no error is without an answer; and checks the answers that clients
// branch on.
#include "auth/error_code.h"

#include <gtest/gtest.h>

namespace aerolith::auth {
namespace {

constexpr ServiceErrorStyle kStyles[] = {ServiceErrorStyle::s3, ServiceErrorStyle::json, ServiceErrorStyle::rest_json,
                                         ServiceErrorStyle::query, ServiceErrorStyle::ec2};

AuthErrorAnswer answer(AuthErrorCode code, ServiceErrorStyle style, AuthMethod how = AuthMethod::header) {
  AuthError error;
  error.code = code;
  error.how = how;
  error.got = "got-value";
  error.expected = "wanted-value";
  return answer_for(error, style);
}

TEST(ErrorCode, EveryErrorHasAnAnswerInEveryStyle) {
  for (int i = 0; i <= static_cast<int>(kLastAuthErrorCode); ++i) {
    for (const ServiceErrorStyle style : kStyles) {
      for (const AuthMethod how :
           {AuthMethod::anonymous, AuthMethod::header, AuthMethod::query, AuthMethod::post_policy}) {
        const auto result = answer(static_cast<AuthErrorCode>(i), style, how);
        EXPECT_FALSE(result.code.empty()) << i;
        EXPECT_FALSE(result.message.empty()) << i;
        const bool is_ours = static_cast<AuthErrorCode>(i) == AuthErrorCode::credentials_unavailable;
        EXPECT_EQ(result.http_status / 100, is_ours ? 5 : 4) << i;
        EXPECT_TRUE(style == ServiceErrorStyle::s3 || result.details.empty());
      }
    }
  }
  for (int i = 0; i <= static_cast<int>(kLastPayloadErrorCode); ++i) {
    for (const ServiceErrorStyle style : kStyles) {
      const auto result = answer_for(PayloadError{static_cast<PayloadErrorCode>(i), "detail"}, style);
      EXPECT_FALSE(result.code.empty()) << i;
      EXPECT_EQ(result.http_status / 100, 4) << i;
    }
  }
  for (int i = 0; i <= static_cast<int>(kLastPostPolicyErrorCode); ++i) {
    EXPECT_FALSE(answer_for(PostPolicyError{static_cast<PostPolicyErrorCode>(i), "detail"}).code.empty()) << i;
  }
}

struct Expectation {
  AuthErrorCode code;
  ServiceErrorStyle style;
  std::string_view wire_code;
  int status;
};

TEST(ErrorCode, CodesThatClientsKnow) {
  using enum AuthErrorCode;
  using enum ServiceErrorStyle;
  const Expectation expectations[] = {
      {missing_authentication, s3, "AccessDenied", 403},
      {unknown_access_key, s3, "InvalidAccessKeyId", 403},
      {disabled_access_key, s3, "InvalidAccessKeyId", 403},
      {signature_mismatch, s3, "SignatureDoesNotMatch", 403},
      {request_skewed, s3, "RequestTimeTooSkewed", 403},
      {wrong_region, s3, "AuthorizationHeaderMalformed", 400},
      {presign_expired, s3, "AccessDenied", 403},
      {headers_not_signed, s3, "AccessDenied", 403},
      {invalid_session_token, s3, "InvalidToken", 400},
      {expired_session_token, s3, "ExpiredToken", 400},
      {missing_content_sha256, s3, "InvalidRequest", 400},
      {legacy_signature, s3, "InvalidRequest", 400},
      {multiple_mechanisms, s3, "InvalidArgument", 400},
      {incomplete_legacy_link, s3, "AccessDenied", 403},
      {malformed_legacy_expires, s3, "AccessDenied", 403},
      {presign_not_yet_valid, s3, "AccessDenied", 403},
      {missing_decoded_length, s3, "MissingContentLength", 411},
      {missing_authentication, query, "MissingAuthenticationToken", 403},
      {malformed_credential, query, "IncompleteSignature", 400},
      {unknown_access_key, query, "InvalidClientTokenId", 403},
      {signature_mismatch, query, "SignatureDoesNotMatch", 403},
      {request_skewed, query, "SignatureDoesNotMatch", 403},
      {expired_session_token, query, "ExpiredToken", 403},
      {unknown_access_key, ec2, "AuthFailure", 401},
      {signature_mismatch, ec2, "AuthFailure", 401},
      {missing_authentication, json, "MissingAuthenticationTokenException", 400},
      {unknown_access_key, json, "UnrecognizedClientException", 400},
      {signature_mismatch, json, "InvalidSignatureException", 400},
      {malformed_credential, json, "IncompleteSignatureException", 400},
      {expired_session_token, json, "ExpiredTokenException", 400},
      {unknown_access_key, rest_json, "UnrecognizedClientException", 403},
  };
  for (const Expectation& expected : expectations) {
    const auto result = answer(expected.code, expected.style);
    EXPECT_EQ(result.code, expected.wire_code);
    EXPECT_EQ(result.http_status, expected.status) << expected.wire_code;
  }
  EXPECT_EQ(answer(wrong_region, s3, AuthMethod::query).code, "AuthorizationQueryParametersError");
  EXPECT_EQ(answer(expires_too_large, s3, AuthMethod::query).code, "AuthorizationQueryParametersError");
}

TEST(ErrorCode, WrongRegionTellsTheRightOne) {
  const auto result = answer(AuthErrorCode::wrong_region, ServiceErrorStyle::s3);
  EXPECT_EQ(result.message,
            "The authorization header is malformed; the region 'got-value' is wrong; expecting 'wanted-value'");
  ASSERT_EQ(result.details.size(), 1u);
  EXPECT_EQ(result.details[0], std::pair(std::string_view("Region"), std::string("wanted-value")));
}

TEST(ErrorCode, MismatchShowsWhatWasSigned) {
  AuthError error;
  error.code = AuthErrorCode::signature_mismatch;
  error.how = AuthMethod::header;
  error.evidence = SignatureEvidence{"AKID", "AB", "sig", "CD\n"};
  const auto result = answer_for(error, ServiceErrorStyle::s3);
  const std::vector<std::pair<std::string_view, std::string>> expected = {
      {"AWSAccessKeyId", "AKID"},     {"StringToSign", "AB"},       {"SignatureProvided", "sig"},
      {"StringToSignBytes", "41 42"}, {"CanonicalRequest", "CD\n"}, {"CanonicalRequestBytes", "43 44 0a"}};
  EXPECT_EQ(result.details, expected);
}

TEST(ErrorCode, AnAnswerIsNoCopyOfAHugeRequest) {
  AuthError error;
  error.code = AuthErrorCode::signature_mismatch;
  error.evidence = SignatureEvidence{"AKID", "AB", "sig", std::string(64 * 1024, 'x')};
  EXPECT_EQ(answer_for(error, ServiceErrorStyle::s3).details.size(), 6u);
  error.evidence->canonical_request += 'x';
  const auto result = answer_for(error, ServiceErrorStyle::s3);
  ASSERT_EQ(result.details.size(), 4u);
  EXPECT_EQ(result.details.back().first, "StringToSignBytes");
}

using Details = std::vector<std::pair<std::string_view, std::string>>;

TEST(ErrorCode, LinksOutOfTheirTimeTellIt) {
  AuthError error;
  error.code = AuthErrorCode::presign_expired;
  error.how = AuthMethod::query;
  error.request_time = parse_iso8601_basic("20150830T123600Z");
  error.expires_at = parse_iso8601_basic("20150830T123700Z");
  error.server_time = *parse_iso8601_basic("20150830T130000Z") + std::chrono::milliseconds(999);
  const Details clocks = {{"Expires", "2015-08-30T12:37:00Z"}, {"ServerTime", "2015-08-30T13:00:00Z"}};
  EXPECT_EQ(answer_for(error, ServiceErrorStyle::s3).details, (Details{{"X-Amz-Expires", "60"}, clocks[0], clocks[1]}));
  error.code = AuthErrorCode::presign_not_yet_valid;
  EXPECT_EQ(answer_for(error, ServiceErrorStyle::s3).message, "Request is not yet valid");
  EXPECT_EQ(answer_for(error, ServiceErrorStyle::s3).details,
            (Details{{"X-Amz-Date", "1440938160000"}, clocks[0], clocks[1]}));
  error.code = AuthErrorCode::presign_expired;
  error.request_time.reset();  // a link of Version 2
  EXPECT_EQ(answer_for(error, ServiceErrorStyle::s3).details, clocks);
}

TEST(ErrorCode, SkewNamesBothClocks) {
  AuthError error;
  error.code = AuthErrorCode::request_skewed;
  error.how = AuthMethod::header;
  error.request_time = parse_iso8601_basic("20150830T123600Z");
  error.server_time = parse_iso8601_basic("20150830T130000Z");
  EXPECT_EQ(answer_for(error, ServiceErrorStyle::query).message,
            "Signature expired: 20150830T123600Z is now earlier than 20150830T124500Z (20150830T130000Z - 15 min.)");
  const auto s3 = answer_for(error, ServiceErrorStyle::s3);
  ASSERT_EQ(s3.details.size(), 3u);
  EXPECT_EQ(s3.details[1].second, "2015-08-30T13:00:00Z");
  error.server_time = parse_iso8601_basic("20150830T120000Z");
  EXPECT_EQ(answer_for(error, ServiceErrorStyle::json).message,
            "Signature not yet current: 20150830T123600Z is still later than 20150830T121500Z (20150830T120000Z + 15 "
            "min.)");
}

}  // namespace
}  // namespace aerolith::auth
