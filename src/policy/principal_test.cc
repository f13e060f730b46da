// Names that a Principal element may hold; whom they stand for is in tests/policy/decisions.
#include "policy/principal.h"

#include <gtest/gtest.h>

namespace aerolith::policy {
namespace {

bool is_good(std::string_view type, std::string_view value) {
  PrincipalSet set;
  return set.add(type, value) == PrincipalNameError::none;
}

TEST(PrincipalSet, GoodNames) {
  for (const char* name : {"*", "111122223333", "arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:user/a/b",
                           "arn:aws-cn:iam::111122223333:role/r", "arn:aws:sts::111122223333:assumed-role/r/s",
                           "arn:aws:sts::111122223333:federated-user/f", "AROAEXAMPLEEXAMPLEEXA"}) {
    EXPECT_TRUE(is_good("AWS", name)) << name;
  }
  EXPECT_TRUE(is_good("Service", "ec2.amazonaws.com"));
  EXPECT_TRUE(is_good("Federated", "accounts.google.com"));
  EXPECT_TRUE(is_good("Federated", "arn:aws:iam::111122223333:saml-provider/p"));
  EXPECT_TRUE(is_good("Federated", "*"));
  EXPECT_TRUE(is_good("CanonicalUser", "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"));
}

TEST(PrincipalSet, BadNames) {
  for (const char* name : {"", "carlos", "11112222333", "arn:aws:iam::111122223333:user/*", "arn:aws:iam::*:root",
                           "arn:aws:iam::111122223333:*", "arn:aws:iam::111122223333:group/g",
                           "arn:aws:sts::111122223333:assumed-role/r/*", "arn:aws:sts::111122223333:assumed-role/r",
                           "arn:aws:s3:::bucket", "arn:aws:iam::111122223333:user/"}) {
    EXPECT_FALSE(is_good("AWS", name)) << name;
  }
  EXPECT_FALSE(is_good("Service", "*"));
  EXPECT_FALSE(is_good("Service", "ec2"));
  EXPECT_FALSE(is_good("CanonicalUser", "*"));
  EXPECT_FALSE(is_good("Group", "g"));
}

}  // namespace
}  // namespace aerolith::policy
