#include "services/sts/key_ids.h"

#include <gtest/gtest.h>

namespace aerolith::sts {
namespace {

TEST(SessionKeyIds, TellTheirAccount) {
  for (const std::string account : {"000000000000", "000000000001", "123456789012", "999999999999"}) {
    const std::string id = make_session_key_id(AccountId(account));
    EXPECT_EQ(id.size(), 20U);
    EXPECT_NE(id, make_session_key_id(AccountId(account)));
    EXPECT_EQ(account_of_session_key(id), AccountId(account)) << id;
  }
}

// AWS's own form: the id and account are in the posts that describe it.
TEST(SessionKeyIds, AreInTheFormOfAws) {
  EXPECT_EQ(account_of_session_key("ASIAQNZGKIQY56JQ7WML"), AccountId("029608264753"));
}

TEST(SessionKeyIds, OthersTellNone) {
  for (const std::string_view id :
       {"", "ASIA", "AKIAQNZGKIQY56JQ7WML", "ASIAQNZGKIQY56JQ7WM", "ASIAQNZGKIQY56JQ7WM1", "ASIA7777777777777777"}) {
    EXPECT_EQ(account_of_session_key(id), std::nullopt) << id;
  }
}

}  // namespace
}  // namespace aerolith::sts
