// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html, "The meaning of
// public"
#include "policy/public_access.h"

#include <gtest/gtest.h>

namespace aerolith::policy {
namespace {

bool is_public_statement(const std::string& rest) {
  const auto policy = parse_policy(
      R"({"Version":"2012-10-17","Statement":{"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*",)" + rest + "}}",
      PolicyKind::resource);
  EXPECT_TRUE(policy.has_value()) << rest;
  return policy.has_value() && is_public(*policy);
}

bool is_public_with(const std::string& condition) {
  return is_public_statement(R"("Effect":"Allow","Principal":"*","Condition":)" + condition);
}

TEST(PublicAccess, WhoIsReached) {
  EXPECT_TRUE(is_public_statement(R"("Effect":"Allow","Principal":"*")"));
  EXPECT_TRUE(is_public_statement(R"("Effect":"Allow","Principal":{"AWS":"*"})"));
  EXPECT_TRUE(is_public_statement(R"("Effect":"Allow","Principal":{"AWS":["111122223333","*"]})"));
  EXPECT_TRUE(is_public_statement(R"("Effect":"Allow","NotPrincipal":{"AWS":"111122223333"})"));
  EXPECT_FALSE(is_public_statement(R"("Effect":"Deny","Principal":"*")"));
  EXPECT_FALSE(is_public_statement(R"("Effect":"Allow","Principal":{"AWS":"111122223333"})"));
  EXPECT_FALSE(is_public_statement(R"("Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"})"));
}

TEST(PublicAccess, FixedValuesConfine) {
  EXPECT_FALSE(is_public_with(R"({"StringEquals":{"aws:SourceVpc":"vpc-91237329"}})"));
  EXPECT_FALSE(is_public_with(R"({"StringEquals":{"aws:SourceVpce":"vpce-1"}})"));
  EXPECT_FALSE(is_public_with(R"({"ArnEquals":{"aws:SourceArn":"arn:aws:sns:us-east-1:111122223333:t"}})"));
  EXPECT_FALSE(is_public_with(R"({"StringEquals":{"AWS:PrincipalOrgId":["o-1","o-2"]}})"));
  EXPECT_FALSE(is_public_with(R"({"StringLike":{"aws:userid":"AROAEXAMPLE:*"}})"));
  EXPECT_TRUE(is_public_with(R"({"StringLike":{"aws:SourceVpc":"vpc-*"}})"));
  EXPECT_TRUE(is_public_with(R"({"StringEquals":{"aws:SourceVpc":["vpc-1","${aws:username}"]}})"));
  EXPECT_TRUE(is_public_with(R"({"StringNotEquals":{"aws:SourceVpc":"vpc-91237329"}})"));
  EXPECT_TRUE(is_public_with(R"({"StringEqualsIfExists":{"aws:SourceVpc":"vpc-91237329"}})"));
  EXPECT_TRUE(is_public_with(R"({"StringLike":{"aws:userid":"*"}})"));
  EXPECT_TRUE(is_public_with(R"({"StringEquals":{"aws:Referer":"https://example.com"}})"));
  EXPECT_TRUE(is_public_with(R"({"Bool":{"aws:SecureTransport":"true"}})"));
}

TEST(PublicAccess, AddressRanges) {
  EXPECT_FALSE(is_public_with(R"({"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}})"));
  EXPECT_FALSE(is_public_with(R"({"IpAddress":{"aws:SourceIp":["203.0.113.0/8","2001:db8::/32"]}})"));
  EXPECT_FALSE(is_public_with(R"({"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}})"));
  EXPECT_TRUE(is_public_with(R"({"IpAddress":{"aws:SourceIp":"0.0.0.0/1"}})"));
  EXPECT_TRUE(is_public_with(R"({"IpAddress":{"aws:SourceIp":["203.0.113.0/24","2001:db8::/31"]}})"));
  EXPECT_TRUE(is_public_with(R"({"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}})"));
}

TEST(PublicAccess, AccessPointsOfAFixedAccount) {
  EXPECT_FALSE(
      is_public_with(R"({"ArnLike":{"s3:DataAccessPointArn":"arn:aws:s3:us-west-2:123456789012:accesspoint/*"}})"));
  EXPECT_TRUE(is_public_with(R"({"ArnLike":{"s3:DataAccessPointArn":"arn:aws:s3:us-west-2:*:accesspoint/*"}})"));
}

}  // namespace
}  // namespace aerolith::policy
