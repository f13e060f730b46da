// What IAM says of a malformed document. The messages and their order were recorded from AWS by moto's
// tests/test_iam/test_iam_policies.py; those of trust and resource policies from reports of users.
#include "policy/document.h"

#include <gtest/gtest.h>

namespace aerolith::policy {
namespace {

constexpr const char* kSyntax = "Syntax errors in policy.";
constexpr const char* kLegacy = "The policy failed legacy parsing";
constexpr const char* kVendor = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";

PolicyError error_of(std::string_view text, PolicyKind kind = PolicyKind::managed) {
  const auto policy = parse_policy(text, kind);
  return policy.has_value() ? PolicyError{PolicyErrorCode::syntax, "no error", {}} : policy.error();
}

std::string with_version(std::string_view statements) {
  return R"({"Version":"2012-10-17","Statement":)" + std::string(statements) + "}";
}

std::string message_of(std::string_view statements, PolicyKind kind = PolicyKind::managed) {
  return error_of(with_version(statements), kind).message;
}

// An Allow with these members beside.
std::string message_with(const std::string& members, PolicyKind kind = PolicyKind::managed) {
  return message_of(R"({"Effect":"Allow",)" + members + "}", kind);
}

std::string resource_message(const std::string& resource) {
  return message_with(R"("Action":"s3:ListBucket","Resource":)" + resource);
}

TEST(PolicyDocument, Syntax) {
  const std::string good = R"({"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"})";
  EXPECT_EQ(message_of(good), "no error");
  for (const std::string& text :
       {std::string("This is not a json document"), std::string(), std::string("[]"), std::string("{"),
        std::string(R"({"Version":"2012-10-17"})"), with_version("[]"), with_version(R"(["afd"])"),
        with_version("null"), R"({"Version":"2013-10-17","Statement":)" + good + "}",
        R"({"Version":"2012-10-17","Extra":"value","Statement":)" + good + "}",
        R"({"Version":"2012-10-17","Id":["x"],"Statement":)" + good + "}", with_version(good) + "x",
        R"({"Version":"2012-10-17","Version":"2012-10-17","Statement":)" + good + "}"}) {
    EXPECT_EQ(error_of(text).message, kSyntax) << text;
  }
  const std::string rest = R"("Action":"s3:ListBucket","Resource":"*")";
  for (const std::string& statement :
       {"{" + rest + "}", R"({"Effect":"invalid",)" + rest + "}", R"({"Effect":"Allow","Extra field":1,)" + rest + "}",
        R"({"Effect":"Allow","Effect":"Allow",)" + rest + "}", R"({"Effect":"Allow","Sid":{},)" + rest + "}",
        R"({"Effect":"Allow","Sid":[],)" + rest + "}", R"({"Effect":"Allow","NotResource":[],)" + rest + "}",
        R"({"Effect":"Allow","NotAction":"iam:x",)" + rest + "}"}) {
    EXPECT_EQ(message_of(statement), kSyntax) << statement;
  }
  for (const char* value : {R"([[]])", "{}", "1", "true"}) {
    EXPECT_EQ(message_with(R"("Resource":"*","Action":)" + std::string(value)), kSyntax) << value;
    EXPECT_EQ(resource_message(value), kSyntax) << value;
  }
  EXPECT_EQ(resource_message(R"(["adfdf", {}])"), kSyntax);
}

TEST(PolicyDocument, Conditions) {
  const auto with = [](const std::string& condition) {
    return message_with(R"("Action":"s3:ListBucket","Resource":"*","Condition":)" + condition);
  };
  for (const char* bad :
       {"[]", R"("a")", R"({"a":"b"})", R"({"DateGreaterThan":"b"})", R"({"DateGreaterThan":[]})",
        R"({"DateGreaterThan":{"a":{}}})", R"({"x":{"a":"1"}})", R"({"ForAnyValue::StringEqualsIfExists":{"a":"b"}})",
        R"([{"ForAllValues:StringEquals":{"aws:TagKeys":"D"}}])", R"({"StringEquals":{"a":null}})",
        R"({"StringEquals":{"a":"b"},"StringEquals":{"a":"c"}})"}) {
    EXPECT_EQ(with(bad), kSyntax) << bad;
  }
  for (const char* good :
       {"{}", R"({"a":{}})", R"({"DateGreaterThan":{}})", R"({"DateGreaterThan":{"a":[]}})",
        R"({"Bool":{"kms:G":true},"ForAllValues:Bool":{"kms:G":false},"ForAnyValue:Bool":{"kms:G":"True"}})",
        R"({"Null":{"kms:E":false,"kms:O":"true"}})", R"({"NumericEquals":{"a:b":10}})"}) {
    EXPECT_EQ(with(good), "no error") << good;
  }
  for (const char* bad : {R"({"DateGreaterThan":{"a":"sdfdsf"}})", R"({"DateLessThan":{"a":"9223372036854775808"}})",
                          R"({"NumericEquals":{"a":"ten"}})", R"({"IpAddress":{"aws:SourceIp":"10.0.0.0/33"}})",
                          R"({"Null":{"a":"maybe"}})", R"({"BinaryEquals":{"a":"not base64"}})"}) {
    EXPECT_EQ(with(bad), kLegacy) << bad;
  }
}

TEST(PolicyDocument, Versions) {
  const std::string statement = R"({"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"})";
  const std::string old = R"({"Version":"2008-10-17","Statement":)" + statement + "}";
  const std::string none = R"({"Statement":)" + statement + "}";
  const std::string wanted = "Policy document must be version 2012-10-17 or greater.";
  EXPECT_EQ(error_of(old).message, wanted);
  EXPECT_EQ(error_of(none).message, wanted);
  EXPECT_EQ(error_of(R"({"Statement":{"Effect":"denY","Action":"s3:x","Resource":"*"}})").message, wanted);
  EXPECT_TRUE(parse_policy(old, PolicyKind::identity).has_value());
  EXPECT_TRUE(parse_policy(none, PolicyKind::identity).has_value());
}

TEST(PolicyDocument, Actions) {
  const auto with = [](const std::string& action) { return message_with(R"("Resource":"*","Action":)" + action); };
  EXPECT_EQ(with(R"("invalid")"), kVendor);
  EXPECT_EQ(with(R"("a a:ListBucket")"), "Vendor a a is not valid");
  EXPECT_EQ(with(R"("s3:List:Bucket")"), "Actions/Condition can contain only one colon.");
  EXPECT_EQ(with("[]"), "Policy statement must contain actions.");
  EXPECT_EQ(with(R"("*")"), "no error");
  EXPECT_EQ(with(R"("iam: asdf safdsf af ")"), "no error");
  EXPECT_EQ(message_with(R"("Resource":"*","NotAction":"")"), kVendor);
  EXPECT_EQ(message_with(R"("Resource":"*")"), "Policy statement must contain actions.");
  EXPECT_EQ(message_of(R"([{"Effect":"Deny"},{"Effect":"Allow","Action":"s3:x","Resource":"*"}])"),
            "Policy statement must contain actions.");
  EXPECT_EQ(message_with(R"("Action":"invalid")"), kVendor);
}

TEST(PolicyDocument, Resources) {
  EXPECT_EQ(message_with(R"("Action":"s3:ListBucket")"), "Policy statement must contain resources.");
  EXPECT_EQ(resource_message("[]"), "Policy statement must contain resources.");
  EXPECT_EQ(resource_message(R"("invalid resource")"), R"(Resource invalid resource must be in ARN format or "*".)");
  EXPECT_EQ(resource_message(R"("")"), R"(Resource  must be in ARN format or "*".)");
  EXPECT_EQ(resource_message(R"("a:bsdfdsafsad")"),
            R"(Partition "bsdfdsafsad" is not valid for resource "arn:bsdfdsafsad:*:*:*:*".)");
  EXPECT_EQ(resource_message(R"("a:b:cadfsdf")"), R"(Partition "b" is not valid for resource "arn:b:cadfsdf:*:*:*".)");
  EXPECT_EQ(resource_message(R"("a:b:c:d:e:f:g:h")"),
            R"(Partition "b" is not valid for resource "arn:b:c:d:e:f:g:h".)");
  EXPECT_EQ(resource_message(R"("aws:s3:::example_bucket")"),
            R"(Partition "s3" is not valid for resource "arn:s3:::example_bucket:*".)");
  EXPECT_EQ(resource_message(R"(["arn:error:s3:::example_bucket","arn:error:s3::example_bucket"])"),
            R"(Partition "error" is not valid for resource "arn:error:s3:::example_bucket".)");
  EXPECT_EQ(resource_message(R"("arn:aws")"), "Resource vendor must be fully qualified and cannot contain regexes.");
  EXPECT_EQ(resource_message(R"("arn:aws:iam:::example_bucket")"),
            "IAM resource path must either be \"*\" or start with user/, federated-user/, role/, group/, "
            "instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, "
            "access-report/.");
  EXPECT_EQ(resource_message(R"("arn:aws:iam:us-east-1::example_bucket")"),
            "IAM resource arn:aws:iam:us-east-1::example_bucket cannot contain region information.");
  EXPECT_EQ(resource_message(R"("arn:aws:s3:us-east-1::example_bucket")"),
            "Resource arn:aws:s3:us-east-1::example_bucket can not contain region information.");
  for (const char* bad : {"arn:aws:s3::example_bucket", "arn:aws::::example_bucket", "arn:aws::fdsasf"}) {
    EXPECT_EQ(resource_message('"' + std::string(bad) + '"'), kLegacy) << bad;
  }
  for (const char* good :
       {"*", "arn:aws:s3:::example_bucket", "arn:aws:fdsasf", "arn:aws:iam:::user/example_bucket", "arn:aws:s33:::b",
        "arn:aws:s3:us-west-2:123456789012:accesspoint/my-access-point/object/*", "arn:aws-cn:s3:::b",
        "arn:aws:invalid-service:us-east-1::b", "arn:*:s3:::b", "arn:aws:iam::123456789012:*"}) {
    EXPECT_EQ(resource_message('"' + std::string(good) + '"'), "no error") << good;
  }
  EXPECT_EQ(resource_message(R"(["arn:aws:kms:*:123456789012:key/*",null])"), "no error");
}

TEST(PolicyDocument, TheOrderOfMistakes) {
  EXPECT_EQ(message_of(R"({"Effect":"denY","Action":"s3:x","Resource":"*"})"), kLegacy);
  EXPECT_EQ(message_of(R"([{"Sid":"a","Effect":"aLLow","Action":"s3:x","Resource":"*"},{"Sid":"a","Effect":"Allow"}])"),
            kLegacy);
  EXPECT_EQ(message_of(R"([{"Sid":"a","Effect":"Allow","Action":"s3:x","Resource":"*"},{"Sid":"a","Effect":"Allow"}])"),
            "Statement IDs (SID) in a single policy must be unique.");
  EXPECT_EQ(message_with(R"("Resource":"arn:aws:s3::example_bucket")"), kLegacy);
  EXPECT_EQ(message_with(R"("Action":"s:3:ListBucket","Resource":"sdfsadf")"),
            R"(Resource sdfsadf must be in ARN format or "*".)");
  EXPECT_EQ(message_with(R"("Action":"s3:x","Resource":"arn:error:s3:::b","Condition":{"DateGreaterThan":{"a":"b"}})"),
            kLegacy);
  EXPECT_EQ(message_with(R"("Condition":{"DateGreaterThan":{"a":"sdfdsf"}})"), kLegacy);
  EXPECT_EQ(message_with(R"("Resource":"*","Condition":{"DateGreaterThan":{"a":{}}})"), kSyntax);
}

TEST(PolicyDocument, Sids) {
  const auto with = [](const std::string& sid, PolicyKind kind) {
    return message_with(R"("Principal":"*","Action":"s3:x","Resource":"*","Sid":")" + sid + '"', kind);
  };
  EXPECT_EQ(with("a b", PolicyKind::resource), "no error");
  EXPECT_EQ(message_with(R"("Action":"s3:x","Resource":"*","Sid":"a b")").substr(0, 44),
            "Statement IDs (SID) must be alpha-numeric. C");
  EXPECT_EQ(message_of(R"([{"Sid":"","Effect":"Allow","Action":"s3:x","Resource":"*"},
                           {"Sid":"","Effect":"Allow","Action":"s3:y","Resource":"*"}])"),
            "no error");
}

TEST(PolicyDocument, PrincipalsByKind) {
  EXPECT_EQ(message_with(R"("Principal":"*","Action":"s3:x","Resource":"*")"),
            "Policy document should not specify a principal.");
  const auto resource = [](const std::string& principal) {
    return message_with(R"("Action":"s3:x","Resource":"*")" + principal, PolicyKind::resource);
  };
  EXPECT_EQ(resource(""), "Missing required field Principal");
  EXPECT_EQ(resource(R"(,"Principal":"carlos")"), kSyntax);
  EXPECT_EQ(resource(R"(,"Principal":{"AWS":"carlos"})"), "Invalid principal in policy");
  EXPECT_EQ(resource(R"(,"Principal":{"AWS":["111122223333"],"Service":"sns.amazonaws.com"})"), "no error");
  EXPECT_EQ(resource(R"(,"Principal":{})"), "Missing required field Principal cannot be empty!");
  EXPECT_EQ(resource(R"(,"Principal":"*","NotPrincipal":"*")"), kSyntax);
  EXPECT_EQ(message_with(R"("Principal":"*","Action":"s3:x")", PolicyKind::resource),
            "Missing required field Resource");
}

TEST(PolicyDocument, Trust) {
  const auto trust = [](const std::string& members) { return message_with(members, PolicyKind::trust); };
  EXPECT_EQ(trust(R"("Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole")"), "no error");
  EXPECT_EQ(trust(R"("Principal":{"AWS":"*"},"Action":["sts:AssumeRole","sts:TagSession"])"), "no error");
  EXPECT_EQ(trust(R"("Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Resource":"*")"),
            "Has prohibited field Resource");
  EXPECT_EQ(trust(R"("Principal":{"AWS":"111122223333"},"Action":"s3:GetObject")"),
            "AssumeRole policy may only specify STS AssumeRole actions.");
  EXPECT_EQ(trust(R"("Action":"sts:AssumeRole")"), "Missing required field Principal");
  EXPECT_EQ(trust(R"("Principal":"*","Action":"sts:AssumeRole")"),
            R"(AssumeRolepolicy contained an invalid principal: "STAR":"*".)");
  EXPECT_EQ(trust(R"("Principal":{"AWS":"arn:aws:iam::111122223333:user/*"},"Action":"sts:AssumeRole")"),
            R"(Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/*")");
  EXPECT_EQ(trust(R"("NotPrincipal":{"AWS":"111122223333"},"Action":"sts:AssumeRole")"),
            "Has prohibited field NotPrincipal");
}

TEST(PolicyDocument, ErrorsNameTheirPlace) {
  EXPECT_EQ(error_of(with_version(R"([{"Effect":"Allow","Action":"s3:x","Resource":"*"},
                                      {"Sid":"Write","Effect":"Allow","Action":"nothing","Resource":"*"}])"))
                .place,
            R"(Statement[1] (Sid "Write"), Action)");
  EXPECT_EQ(error_of(with_version(R"({"Effect":"Allow","Action":"s3:x","Resource":"*",
                                      "Condition":{"DateEquals":{"aws:CurrentTime":"soon"}}})"))
                .place,
            "Statement[0], Condition, DateEquals, aws:CurrentTime");
  EXPECT_EQ(error_of("").place, "line 1, column 1");
  EXPECT_EQ(error_of("{\n  \"Version\": 2012-10-17\n}").place, "line 2, column 18");
}

TEST(PolicyDocument, WhatIsNoJson) {
  constexpr std::string_view kCut = R"({"Version":"2012-10-17","Statement":[)";
  EXPECT_EQ(error_of(kCut, PolicyKind::identity).message, kSyntax);
  EXPECT_EQ(error_of(kCut, PolicyKind::trust).message, "This policy contains invalid Json");
  const std::string of_buckets = "Policies must be valid JSON and the first byte must be '{'";
  EXPECT_EQ(error_of(kCut, PolicyKind::resource).message, of_buckets);
  EXPECT_EQ(error_of("[]", PolicyKind::resource).message, of_buckets);
  EXPECT_EQ(error_of("{}", PolicyKind::resource).message, "Missing required field Statement");
}

// The example of `aws iam simulate-custom-policy`.
TEST(PolicyDocument, StatementsKnowWhereTheyStand) {
  const auto policy = parse_policy(
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2015-08-16T12:00:00Z"}}}})",
      PolicyKind::identity);
  ASSERT_TRUE(policy.has_value());
  EXPECT_EQ(policy->statements[0].start.line, 1U);
  EXPECT_EQ(policy->statements[0].start.column, 38U);
  EXPECT_EQ(policy->statements[0].end.column, 167U);
  const auto lines = parse_policy(
      "{\n  \"Statement\": [\n    {\"Effect\":\"Allow\",\"Action\":\"a:\\\"}\",\"Resource\":\"*\"},\n"
      "{\"Effect\":\"Deny\",\"Action\":\"*\",\n\"Resource\":\"*\"}\n] }",
      PolicyKind::identity);
  ASSERT_TRUE(lines.has_value());
  EXPECT_EQ(lines->statements[0].start.line, 3U);
  EXPECT_EQ(lines->statements[0].start.column, 6U);
  EXPECT_EQ(lines->statements[1].start.line, 4U);
  EXPECT_EQ(lines->statements[1].end.line, 5U);
  EXPECT_EQ(lines->statements[1].end.column, 16U);
}

TEST(PolicyDocument, HostileInputIsBounded) {
  EXPECT_EQ(error_of(std::string(100'000, '[')).message, kSyntax);
  EXPECT_EQ(error_of(std::string(kMaxPolicyBytes + 1, ' ')).code, PolicyErrorCode::too_long);
  std::string deep = "1";
  for (int i = 0; i < 40; ++i) deep = "[" + deep + "]";
  EXPECT_EQ(message_with(R"("Action":"s3:x","Resource":"*","Condition":)" + deep), kSyntax);
  EXPECT_EQ(error_of("{\"Version\":\"2012-10-17\",\"Id\":\"\xFF\",\"Statement\":[]}").message, kSyntax);
}

TEST(PolicyDocument, ContextKeys) {
  const auto policy =
      parse_policy(with_version(R"([{"Effect":"Allow","Action":"s3:x","Resource":"arn:aws:s3:::b/${aws:username}/*",
        "Condition":{"StringLike":{"s3:prefix":"${aws:PrincipalTag/team}/*","AWS:UserName":"c"},
                     "Null":{"aws:TokenIssueTime":"true"}}}])"),
                   PolicyKind::identity);
  ASSERT_TRUE(policy.has_value());
  EXPECT_EQ(context_keys(*policy),
            (std::vector<std::string>{"aws:username", "s3:prefix", "aws:PrincipalTag/team", "aws:TokenIssueTime"}));
}

}  // namespace
}  // namespace aerolith::policy
