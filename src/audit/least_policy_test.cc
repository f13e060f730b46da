#include "audit/least_policy.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/encoding.h"
#include "policy/document.h"
#include "policy/evaluate.h"

namespace aerolith::audit {
namespace {

const std::string kBucket = "arn:aws:s3:::bucket";

policy::Policy parsed(const std::string& document) {
  auto policy = policy::parse_policy(document, policy::PolicyKind::managed);
  EXPECT_TRUE(policy.has_value()) << document;
  return *std::move(policy);
}

bool allows(const policy::Policy& document, std::string_view action, std::string_view resource) {
  const policy::Principal principal{.type = policy::PrincipalType::user, .account = "111111111111"};
  const policy::NamedPolicy named{&document, "least"};
  const policy::Context context;
  return policy::evaluate({.principal = principal,
                           .action = action,
                           .resource = resource,
                           .resource_account = "111111111111",
                           .context = context},
                          {.identity = {&named, 1}})
      .allowed();
}

TEST(LeastPolicy, AllowsWhatWasDoneAndNoMore) {
  LeastPolicy least;
  least.add("s3:GetObject", kBucket + "/a");
  least.add("s3:GetObject", kBucket + "/a");
  least.add("s3:ListBucket", kBucket);
  least.add("s3:ListAllMyBuckets", "*");
  const policy::Policy policy = parsed(least.document(0));
  EXPECT_TRUE(allows(policy, "s3:GetObject", kBucket + "/a"));
  EXPECT_TRUE(allows(policy, "s3:ListBucket", kBucket));
  EXPECT_TRUE(allows(policy, "s3:ListAllMyBuckets", "*"));
  EXPECT_FALSE(allows(policy, "s3:GetObject", kBucket + "/b"));
  EXPECT_FALSE(allows(policy, "s3:PutObject", kBucket + "/a"));
  EXPECT_FALSE(allows(policy, "s3:ListBucket", kBucket + "/a"));
}

TEST(LeastPolicy, ActionsWithTheSameResourcesShareAStatement) {
  LeastPolicy least;
  for (const char* action : {"s3:PutObject", "s3:GetObject"}) {
    least.add(action, kBucket + "/a");
    least.add(action, kBucket + "/b");
  }
  least.add("s3:DeleteObject", kBucket + "/a");
  EXPECT_EQ(parsed(least.document(0)).statements.size(), 2u);
  EXPECT_NE(least.document(0).find("[\n        \"s3:GetObject\",\n        \"s3:PutObject\"\n      ]"),
            std::string::npos)
      << least.document(0);
}

TEST(LeastPolicy, SignsInANameStandForThemselves) {
  LeastPolicy least;
  least.add("s3:GetObject", kBucket + "/what?*${aws:username}");
  const policy::Policy policy = parsed(least.document(20));
  EXPECT_TRUE(allows(policy, "s3:GetObject", kBucket + "/what?*${aws:username}"));
  EXPECT_FALSE(allows(policy, "s3:GetObject", kBucket + "/whatX*${aws:username}"));
  EXPECT_FALSE(allows(policy, "s3:GetObject", kBucket + "/what?XX${aws:username}"));
}

TEST(LeastPolicy, WhatACallMakesIsAnyOfItsKind) {
  const std::string instances = "arn:aws:ec2:us-east-1:111122223333:instance/";
  LeastPolicy least;
  least.add("ec2:RunInstances", instances + "*");
  least.add("ec2:StopInstances", instances + "i-0123456789abcdef0");
  least.add("s3:GetObject", kBucket + "/*");
  const std::string document = least.document(0);
  EXPECT_NE(document.find("\"" + instances + "*\""), std::string::npos) << document;
  const policy::Policy policy = parsed(document);
  EXPECT_TRUE(allows(policy, "ec2:RunInstances", instances + "*"));
  EXPECT_FALSE(allows(policy, "ec2:StopInstances", instances + "i-00000000000000000"));
  EXPECT_FALSE(allows(policy, "s3:GetObject", kBucket + "/another"));  // the key is "*"
}

TEST(LeastPolicy, ManyResourcesOfAFolderBecomeTheFolder) {
  LeastPolicy least;
  for (int number = 0; number < 30; ++number) {
    least.add("s3:PutObject", kBucket + "/logs/" + std::to_string(number));
  }
  least.add("s3:PutObject", kBucket + "/other");
  const std::string wide = least.document(20);
  EXPECT_TRUE(allows(parsed(wide), "s3:PutObject", kBucket + "/logs/99"));
  EXPECT_FALSE(allows(parsed(wide), "s3:PutObject", kBucket + "/another"));
  EXPECT_FALSE(allows(parsed(least.document(0)), "s3:PutObject", kBucket + "/logs/99"));
  EXPECT_FALSE(allows(parsed(least.document(31)), "s3:PutObject", kBucket + "/logs/99"));
}

TEST(LeastPolicy, ManyFoldersBecomeTheOneAboveThem) {
  LeastPolicy least;
  for (int folder = 0; folder < 30; ++folder) {
    for (int number = 0; number < 30; ++number) {
      least.add("s3:PutObject", kBucket + "/logs/" + std::to_string(folder) + "/" + std::to_string(number));
    }
  }
  const policy::Policy policy = parsed(least.document(20));
  ASSERT_EQ(policy.statements.size(), 1u);
  EXPECT_EQ(policy.statements[0].resources.size(), 1u);
  EXPECT_TRUE(allows(policy, "s3:PutObject", kBucket + "/logs/99/1"));
  EXPECT_FALSE(allows(policy, "s3:PutObject", kBucket + "/other"));
}

}  // namespace
}  // namespace aerolith::audit
