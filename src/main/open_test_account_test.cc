#include "main/open_test_account.h"

#include <gtest/gtest.h>

namespace aerolith::main_program {
namespace {

std::shared_ptr<const auth::AccessKey> find(const char* id, const char* taken = "") {
  const OpenTestAccount source([taken](const AccountId& account) { return account.view() == taken; });
  return source.find(auth::AccessKeyId(id), "").value();
}

TEST(OpenTestAccount, IsTheRootOfTheAccountThatItsKeyNames) {
  EXPECT_EQ(find("test")->principal.arn, "arn:aws:iam::000000000000:root");
  EXPECT_EQ(find("123456789012")->principal.arn, "arn:aws:iam::123456789012:root");
  EXPECT_EQ(find("123456789012")->secret, "test");
  EXPECT_TRUE(find("test")->principal.is_root());
}

TEST(OpenTestAccount, KnowsNoOtherKeys) {
  for (const char* id : {"", "Test", "test1", "12345678901", "1234567890123", "12345678901a", "AKIAEXAMPLE"}) {
    EXPECT_EQ(find(id), nullptr) << id;
  }
}

TEST(OpenTestAccount, LeavesRealAccountsAlone) {
  EXPECT_EQ(find("123456789012", "123456789012"), nullptr);
  EXPECT_EQ(find("test", "000000000000"), nullptr);
}

}  // namespace
}  // namespace aerolith::main_program
