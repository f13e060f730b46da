#include "services/iam/policy_reach.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "services/iam/service_names.h"

namespace aerolith::iam {
namespace {

class Given {
 public:
  // Statements, without braces.
  explicit Given(const std::vector<std::string>& statements) {
    std::string document = R"({"Version":"2012-10-17","Statement":[)";
    for (const std::string& one : statements) document += (document.back() == '[' ? "{" : ",{") + one + "}";
    policy_ = policy::parse_policy(document + "]}", policy::PolicyKind::identity).value();
  }
  bool reaches(std::string_view service) const { return reaches_service(view_, service); }
  bool reaches_one(std::string_view action) const { return reaches_action(view_, action); }

 private:
  policy::Policy policy_;
  std::vector<const policy::Policy*> view_{&policy_};
};

TEST(PolicyReach, AllowsCountWhateverTheResource) {
  const Given narrow({R"("Effect":"Allow","Action":"S3:Get*","Resource":"arn:aws:s3:::b/*",)"
                      R"("Condition":{"Bool":{"aws:SecureTransport":"true"}})"});
  EXPECT_TRUE(narrow.reaches("s3"));
  EXPECT_FALSE(narrow.reaches("ec2"));
  EXPECT_FALSE(narrow.reaches("s"));
  EXPECT_TRUE(narrow.reaches_one("s3:GetObject"));
  EXPECT_FALSE(narrow.reaches_one("s3:PutObject"));
  EXPECT_TRUE(Given({R"("Effect":"Allow","Action":"*:Get*","Resource":"*")"}).reaches("ec2"));
}

TEST(PolicyReach, AllButSome) {
  const Given all_but_iam({R"("Effect":"Allow","NotAction":["iam:*","s3:GetObject"],"Resource":"*")"});
  EXPECT_FALSE(all_but_iam.reaches("iam"));
  EXPECT_TRUE(all_but_iam.reaches("s3"));
  EXPECT_FALSE(all_but_iam.reaches_one("s3:GetObject"));
  EXPECT_TRUE(all_but_iam.reaches_one("s3:PutObject"));
}

TEST(PolicyReach, OnlyWholeDenialsTakeAway) {
  const std::string all = R"("Effect":"Allow","Action":"*","Resource":"*")";
  EXPECT_FALSE(Given({all, R"("Effect":"Deny","Action":"s3:*","Resource":"*")"}).reaches("s3"));
  EXPECT_TRUE(Given({all, R"("Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::b")"}).reaches("s3"));
  EXPECT_TRUE(Given({all, R"("Effect":"Deny","Action":"s3:*","NotResource":"*")"}).reaches("s3"));
  EXPECT_TRUE(Given({all, R"("Effect":"Deny","Action":"s3:*","Resource":"*",)"
                          R"("Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}})"})
                  .reaches("s3"));
  const Given some({all, R"("Effect":"Deny","Action":"s3:Get*","Resource":"*")"});
  EXPECT_TRUE(some.reaches("s3"));
  EXPECT_FALSE(some.reaches_one("s3:GetObject"));
  const Given others({all, R"("Effect":"Deny","NotAction":"s3:*","Resource":"*")"});
  EXPECT_TRUE(others.reaches("s3"));
  EXPECT_FALSE(others.reaches("ec2"));
}

TEST(ServiceNames, AreSortedAndEachModelHasOne) {
  std::set<std::string_view> models;
  std::string_view last;
  for (const ServiceName& one : service_names()) {
    EXPECT_LE(last, one.name_space);
    last = one.name_space;
    EXPECT_TRUE(models.insert(one.model).second) << one.model;
  }
  EXPECT_EQ(namespace_of_model("elbv2"), "elasticloadbalancing");
  EXPECT_EQ(namespace_of_model("s3control"), "s3");
  EXPECT_EQ(title_of_service("iam"), "AWS Identity and Access Management");
  EXPECT_EQ(namespace_of_action("s3:GetObject"), "s3");
}

}  // namespace
}  // namespace aerolith::iam
