// Signature Version 4A: keys and signatures published with aws-c-auth's test suite (Apache-2.0), and round trips.
#include "auth/sigv4a.h"

#include <gtest/gtest.h>

#include "auth/error_code.h"
#include "auth/test_fixtures.h"
#include "base/encoding.h"

namespace aerolith::auth {
namespace {

using namespace testing;

TEST(EcdsaKey, DerivesThePublishedKeys) {
  const auto fixed = EcdsaKey::derive("AKISORANDOMAASORANDOM", "q+jcrXGc+0zWN6uzclKVhvMmUsIfRPa4rlRandom");
  ASSERT_NE(fixed, nullptr);
  EXPECT_EQ(hex_encode(fixed->private_scalar()), "7fd3bd010c0d9c292141c2b77bfbde1042c92e6836fff749d1269ec890fca1bd");
  EXPECT_EQ(hex_encode(fixed->public_x()), "15d242ceebf8d8169fd6a8b5a746c41140414c3b07579038da06af89190fffcb");
  EXPECT_EQ(hex_encode(fixed->public_y()), "0515242cedd82e94799482e4c0514b505afccf2c0c98d6a553bf539f424c5ec0");
  const auto suite = EcdsaKey::derive(kSuiteKey, kSuiteSecret);
  EXPECT_EQ(hex_encode(suite->public_x()), "b6618f6a65740a99e650b33b6b4b5bd0d43b176d721a3edfea7e7d2d56d936b1");
  EXPECT_EQ(hex_encode(suite->public_y()), "865ed22a7eadc9c5cb9d2cbaca1b3699139fedc5043dc6661864218330c8e518");
  const auto docs = EcdsaKey::derive(kDocsKey, kDocsSecret);
  EXPECT_EQ(hex_encode(docs->public_x()), "18b7d04643359f6ec270dcbab8dce6d169d66ddc9778c75cfb08dfdb701637ab");
  EXPECT_EQ(hex_encode(docs->public_y()), "fa36b35e4fe67e3112261d2e17a956ef85b06e44712d2850bcd3c2161e9993f2");
}

TEST(EcdsaKey, RefusesAnythingButItsOwnSignature) {
  const auto key = EcdsaKey::derive(kSuiteKey, kSuiteSecret);
  const std::string signature = key->sign("message");
  EXPECT_TRUE(key->verify("message", signature));
  EXPECT_FALSE(key->verify("messagf", signature));
  EXPECT_FALSE(key->verify("message", signature + '\0'));
  EXPECT_FALSE(key->verify("message", ""));
  EXPECT_FALSE(EcdsaKey::derive("other", kSuiteSecret)->verify("message", signature));
  for (size_t i = 0; i < signature.size(); ++i) {
    std::string altered = signature;
    altered[i] ^= 1;
    EXPECT_FALSE(key->verify("message", altered)) << i;
  }
}

TEST(RegionSet, MatchesNamesAndPatterns) {
  EXPECT_TRUE(region_set_matches("us-east-1", "us-east-1"));
  EXPECT_TRUE(region_set_matches("*", "us-east-1"));
  EXPECT_TRUE(region_set_matches("eu-*, us-east-*", "us-east-1"));
  EXPECT_TRUE(region_set_matches("u*-1", "us-east-1"));
  EXPECT_FALSE(region_set_matches("eu-*", "us-east-1"));
  EXPECT_FALSE(region_set_matches("us-east-1x", "us-east-1"));
  EXPECT_FALSE(region_set_matches("", "us-east-1"));
  EXPECT_FALSE(region_set_matches(",,", "us-east-1"));
}

class V4aRequests : public ::testing::Test {
 protected:
  V4aRequests() { keys_.add(kSuiteKey, kSuiteSecret); }
  Result<Authenticated, AuthError> authenticate(std::string_view text, std::string_view region = "us-east-1") {
    const ParsedRequest request = parse_request(text);
    const Authenticator authenticator({.region = std::string(region), .accepts_service = {}, .accepts_region = {}},
                                      keys_, clock_);
    const std::string hash = sha256_hex(request.body);
    return authenticator.authenticate({.head = request.head, .service = "service", .body_sha256 = hash});
  }
  MemoryKeys keys_;
  FixedClock clock_{"20150830T123600Z"};
};

constexpr std::string_view kVanilla =
    "GET / HTTP/1.1\nHost:example.amazonaws.com\nX-Amz-Date:20150830T123600Z\nX-Amz-Region-Set:us-east-1\n"
    "Authorization:AWS4-ECDSA-P256-SHA256 Credential=AKIDEXAMPLE/20150830/service/aws4_request, "
    "SignedHeaders=host;x-amz-date;x-amz-region-set, Signature=3046022100fddaaf816a31e30d04973875b13bc27b98da10907a3a"
    "1872fd5819a221334abc022100de2ee81d83b54f31efc82834de07e6cd4d5c6f25bfa08e0f29a15bb0977c343e\n\n";

TEST_F(V4aRequests, PublishedHeaderFormVerifies) {
  const auto result = authenticate(kVanilla);
  ASSERT_TRUE(result.has_value());
  // A folded value, with blanks inside quotes.
  EXPECT_TRUE(
      authenticate("GET / HTTP/1.1\nHost:example.amazonaws.com\nMy-Header1: value1\nMy-Header2: \"a   b   c\"\n"
                   "X-Amz-Date:20150830T123600Z\nX-Amz-Region-Set:us-east-1\nAuthorization:AWS4-ECDSA-P256-SHA256 "
                   "Credential=AKIDEXAMPLE/20150830/service/aws4_request, "
                   "SignedHeaders=host;my-header1;my-header2;x-amz-date;x-amz-region-set, "
                   "Signature=3046022100ce72c874a80cea45e3c5b7cbe76178f8577870e1f97ee1730f57cff45c3d398b022100e4ea7b87"
                   "0335abab5ca57fa740d20b3c5aba2739cf96dd7fa671fc11cf6c3341\n\n")
          .has_value());
  // A body, whose hash is a header.
  EXPECT_TRUE(
      authenticate("POST / HTTP/1.1\nContent-Type:application/x-www-form-urlencoded; charset=utf-8\n"
                   "Host:example.amazonaws.com\nContent-Length:13\nX-Amz-Date:20150830T123600Z\n"
                   "X-Amz-Region-Set:us-east-1\n"
                   "x-amz-content-sha256:9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e\n"
                   "Authorization:AWS4-ECDSA-P256-SHA256 Credential=AKIDEXAMPLE/20150830/service/aws4_request, "
                   "SignedHeaders=content-length;content-type;host;x-amz-content-sha256;x-amz-date;x-amz-region-set, "
                   "Signature=3045022100c016dc61cbd380cf8160711320957071f5c122ef69164d56d02f79daf51a0603022043e3313aa2f"
                   "6b46285cc89dfe5616ccc74c810a3d7ea25b76ee1ca496f7facba\n\nParam1=value1")
          .has_value());
}

TEST_F(V4aRequests, PublishedQueryFormVerifies) {
  EXPECT_TRUE(
      authenticate("GET /?X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fservice%2F"
                   "aws4_request&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Expires=3600&"
                   "X-Amz-Region-Set=us-east-1&X-Amz-Signature=3045022100a28466db6c76223d5aa6ed436a8451b30e21ba0a076e7"
                   "f2f943dd1f3d2816249022049e4b3746929cd2a2cb7b7984dbe0f5d40a300e7d9a7a7f1307c196b6f96b61a HTTP/1.1\n"
                   "Host:example.amazonaws.com\n\n")
          .has_value());
}

TEST_F(V4aRequests, AnotherRegionOrAnAlteredSetIsRefused) {
  const auto elsewhere = authenticate(kVanilla, "eu-west-1");
  ASSERT_FALSE(elsewhere.has_value());
  EXPECT_EQ(elsewhere.error().code, AuthErrorCode::wrong_region);
  std::string widened(kVanilla);
  widened.replace(widened.find("Set:us-east-1"), 13, "Set:*");
  const auto altered = authenticate(widened);
  ASSERT_FALSE(altered.has_value());
  EXPECT_EQ(altered.error().code, AuthErrorCode::signature_mismatch);
  std::string without(kVanilla);
  without.erase(without.find("X-Amz-Region-Set"), 27);
  EXPECT_EQ(authenticate(without).error().code, AuthErrorCode::missing_region_set);
}

TEST_F(V4aRequests, OurSignaturesVerifyInBothForms) {
  SigningInput input{.access_key_id = std::string(kSuiteKey),
                     .secret = std::string(kSuiteSecret),
                     .session_token = {},
                     .region = "us-*,eu-west-1",
                     .service = "s3",
                     .time = clock_.now(),
                     .algorithm = SignatureAlgorithm::ecdsa_p256_sha256,
                     .payload_hash = std::string(kUnsignedPayload)};
  const Authenticator authenticator({.region = "us-east-1", .accepts_service = {}, .accepts_region = {}}, keys_,
                                    clock_);
  auto head = make_head("GET", "/bucket/a//b?list-type=2", "localhost");
  sign_request(head, input);
  EXPECT_TRUE(authenticator.authenticate({.head = head, .service = "s3", .body_sha256 = {}}).has_value());
  auto link = make_head("GET", "/bucket/key", "localhost");
  presign_request(link, input, std::chrono::hours(1));
  EXPECT_TRUE(authenticator.authenticate({.head = link, .service = "s3", .body_sha256 = {}}).has_value());
  link.target.replace(link.target.find("key"), 3, "kez");
  EXPECT_FALSE(authenticator.authenticate({.head = link, .service = "s3", .body_sha256 = {}}).has_value());
}

}  // namespace
}  // namespace aerolith::auth
