// The sentences of https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
#include "policy/access_denied.h"

#include <gtest/gtest.h>

namespace aerolith::policy {
namespace {

const Principal kJohn{.type = PrincipalType::user, .arn = "arn:aws:iam::123456789012:user/JohnDoe"};

std::string message(Verdict verdict, PolicySource source, std::string_view resource = {},
                    std::string_view action = "codecommit:ListRepositories", const Principal& principal = kJohn,
                    ResourceQuotes quotes = ResourceQuotes::none) {
  const Context context;
  return access_denied_message({principal, action, resource, "123456789012", context}, {verdict, source}, quotes);
}

TEST(AccessDenied, ImplicitDenies) {
  const std::string start =
      "User: arn:aws:iam::123456789012:user/JohnDoe is not authorized to perform: "
      "codecommit:ListRepositories because no ";
  const std::string end = " allows the codecommit:ListRepositories action";
  EXPECT_EQ(message(Verdict::implicit_deny, PolicySource::identity), start + "identity-based policy" + end);
  EXPECT_EQ(message(Verdict::implicit_deny, PolicySource::session), start + "session policy" + end);
  EXPECT_EQ(message(Verdict::implicit_deny, PolicySource::boundary), start + "permissions boundary" + end);
  EXPECT_EQ(message(Verdict::implicit_deny, PolicySource::resource), start + "resource-based policy" + end);
  EXPECT_EQ(message(Verdict::implicit_deny, PolicySource::trust), start + "role trust policy" + end);
}

TEST(AccessDenied, ExplicitDenies) {
  constexpr std::string_view kAction = "codedeploy:ListDeployments";
  constexpr std::string_view kResource = "arn:aws:codedeploy:us-east-1:123456789012:deploymentgroup:*";
  const std::string start =
      "User: arn:aws:iam::123456789012:user/JohnDoe is not authorized to perform: "
      "codedeploy:ListDeployments on resource: "
      "arn:aws:codedeploy:us-east-1:123456789012:deploymentgroup:* with an explicit deny in ";
  const auto told = [&](PolicySource source) { return message(Verdict::explicit_deny, source, kResource, kAction); };
  EXPECT_EQ(told(PolicySource::identity), start + "an identity-based policy");
  EXPECT_EQ(told(PolicySource::boundary), start + "a permissions boundary");
  EXPECT_EQ(told(PolicySource::session), start + "a session policy");
  EXPECT_EQ(told(PolicySource::resource), start + "a resource-based policy");
  EXPECT_EQ(told(PolicySource::trust), start + "the role trust policy");
}

TEST(AccessDenied, QuotesAndNamelessCallers) {
  EXPECT_EQ(message(Verdict::implicit_deny, PolicySource::resource, "arn:aws:s3:::b/k", "s3:GetObject", Principal{},
                    ResourceQuotes::marks),
            "User: anonymous is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::b/k\" because no "
            "resource-based policy allows the s3:GetObject action");
}

TEST(AccessDenied, ActionsForNoResourceInParticular) {
  const auto told = [](std::string_view action, ResourceQuotes quotes = ResourceQuotes::none) {
    return message(Verdict::implicit_deny, PolicySource::identity, "*", action, kJohn, quotes);
  };
  EXPECT_NE(told("iam:GetAccountSummary").find(":GetAccountSummary on resource: * because"), std::string::npos);
  EXPECT_NE(told("ec2:DescribeInstances").find(":DescribeInstances because"), std::string::npos);
  EXPECT_NE(told("s3:ListAllMyBuckets", ResourceQuotes::marks).find(":ListAllMyBuckets because"), std::string::npos);
}

}  // namespace
}  // namespace aerolith::policy
