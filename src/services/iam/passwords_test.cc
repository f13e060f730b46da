#include "services/iam/passwords.h"

#include <gtest/gtest.h>

#include "services/iam/mfa_attempts.h"

namespace aerolith::iam {
namespace {

TEST(Passwords, AHashKnowsItsPassword) {
  const std::string hash = hash_password("Correct-Horse-7");
  EXPECT_TRUE(is_password_of("Correct-Horse-7", hash));
  EXPECT_FALSE(is_password_of("correct-Horse-7", hash));
  EXPECT_NE(hash_password("Correct-Horse-7"), hash);
  for (const char* const other : {"", "scrypt", "scrypt$1$2$3$x$y", "plain$32768$8$1$AAAA$AAAA"}) {
    EXPECT_FALSE(is_password_of("", other)) << other;
  }
}

TEST(Passwords, TheDefaultAsksForThreeKinds) {
  for (const char* const good : {"Abcdefg1", "abcdef1-", "ABCDEF1-"}) {
    EXPECT_TRUE(check_password(good, std::nullopt, "account").has_value()) << good;
  }
  for (const char* const weak : {"Abcdef1", "abcdefgh", "ABCDEFG1", "Account1"}) {
    EXPECT_FALSE(check_password(weak, std::nullopt, "account1").has_value()) << weak;
  }
}

TEST(Passwords, OnesBeforeAreKnown) {
  const std::vector<std::string> hashes{hash_password("newest"), hash_password("older"), hash_password("oldest")};
  EXPECT_FALSE(check_not_used_before("newest", hashes, 2).has_value());
  EXPECT_FALSE(check_not_used_before("older", hashes, 2).has_value());
  EXPECT_TRUE(check_not_used_before("oldest", hashes, 2).has_value());
  EXPECT_TRUE(check_not_used_before("newest", hashes, 0).has_value());
}

TEST(MfaAttempts, TenWrongOnesEndIt) {
  MfaAttempts attempts;
  const Timestamp now{std::chrono::hours(1000)};
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(attempts.may_try("a", now));
    attempts.note("a", false, now);
  }
  EXPECT_FALSE(attempts.may_try("a", now));
  EXPECT_TRUE(attempts.may_try("b", now));
  EXPECT_FALSE(attempts.may_try("a", now + std::chrono::minutes(9)));
  EXPECT_TRUE(attempts.may_try("a", now + std::chrono::minutes(10)));
}

TEST(MfaAttempts, ARightOneClearsTheCount) {
  MfaAttempts attempts;
  const Timestamp now{std::chrono::hours(1000)};
  for (int i = 0; i < 9; ++i) attempts.note("a", false, now);
  attempts.note("a", true, now);
  for (int i = 0; i < 9; ++i) attempts.note("a", false, now);
  EXPECT_TRUE(attempts.may_try("a", now));
}

}  // namespace
}  // namespace aerolith::iam
