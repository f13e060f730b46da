#include "main/audit_filter.h"

#include <gtest/gtest.h>

namespace aerolith::main_program {
namespace {

audit::Entry entry() {
  audit::Entry made;
  made.time = Timestamp(std::chrono::milliseconds(1'800'000'000'000));
  made.request_id = "REQUEST1";
  made.service = "s3";
  made.operation = "GetObject";
  made.outcome = audit::Outcome::denied;
  made.status = 403;
  made.account = "111122223333";
  made.principal = "arn:aws:sts::111122223333:assumed-role/build/me";
  made.entity = "arn:aws:iam::111122223333:role/build";
  made.peer = "127.0.0.1";
  made.asks = {{.action = "s3:GetObject",
                .resource = "arn:aws:s3:::photos/a.jpg",
                .outcome = audit::Outcome::denied,
                .is_probe = false,
                .reason = audit::Reason{.is_explicit = true,
                                        .policy_kind = "identity-based policy",
                                        .policy = "reads",
                                        .sid = "Never",
                                        .statement = 1}},
               {.action = "s3:ListBucket", .resource = "arn:aws:s3:::photos", .outcome = audit::Outcome::allowed}};
  return made;
}

TEST(AuditFilter, EachPartNarrows) {
  const audit::Entry e = entry();
  EXPECT_TRUE(AuditFilter{}.matches(e));
  EXPECT_TRUE(AuditFilter{.principal = "role/build"}.matches(e));
  EXPECT_TRUE(AuditFilter{.principal = "build/me"}.matches(e));
  EXPECT_TRUE(AuditFilter{.principal = "*:role/b?ild"}.matches(e));
  EXPECT_FALSE(AuditFilter{.principal = "role/b?"}.matches(e));
  EXPECT_FALSE(AuditFilter{.principal = "alice"}.matches(e));
  EXPECT_FALSE(AuditFilter{.account = "11112222333"}.matches(e));
  EXPECT_TRUE(AuditFilter{.action = "S3:get*"}.matches(e));
  EXPECT_FALSE(AuditFilter{.action = "s3:Get"}.matches(e));
  EXPECT_TRUE(AuditFilter{.operation = "getobject"}.matches(e));
  EXPECT_FALSE(AuditFilter{.service = "sts"}.matches(e));
  EXPECT_TRUE(AuditFilter{.resource = "photos/"}.matches(e));
  EXPECT_FALSE(AuditFilter{.request_id = "REQUEST"}.matches(e));
  EXPECT_TRUE(AuditFilter{.only_denied = true}.matches(e));
  audit::Entry allowed = e;
  allowed.outcome = audit::Outcome::allowed;
  EXPECT_FALSE(AuditFilter{.only_denied = true}.matches(allowed));
  EXPECT_TRUE((AuditFilter{.since = e.time, .until = e.time}.matches(e)));
  EXPECT_FALSE(AuditFilter{.since = e.time + std::chrono::seconds(1)}.matches(e));
  EXPECT_FALSE(AuditFilter{.until = e.time - std::chrono::seconds(1)}.matches(e));
}

TEST(AuditFilter, ActionAndResourceAreOfTheSameAsk) {
  EXPECT_TRUE((AuditFilter{.action = "s3:GetObject", .resource = "a.jpg"}.matches(entry())));
  EXPECT_FALSE((AuditFilter{.action = "s3:ListBucket", .resource = "a.jpg"}.matches(entry())));
}

TEST(AuditFilter, MomentsAreTimesOrDurationsAgo) {
  const Timestamp now(std::chrono::milliseconds(1'800'000'000'000));
  EXPECT_EQ(parse_moment("2h", now), now - std::chrono::hours(2));
  EXPECT_EQ(parse_moment("2027-01-15T08:00:00Z", now), now);
  EXPECT_EQ(parse_moment("yesterday", now), std::nullopt);
}

TEST(AuditText, ADenialSaysWhichStatement) {
  EXPECT_EQ(describe_entry(entry()),
            "2027-01-15T08:00:00.000Z 403 denied  s3.GetObject arn:aws:sts::111122223333:assumed-role/build/me from "
            "127.0.0.1 REQUEST1\n"
            "    denied: s3:GetObject on arn:aws:s3:::photos/a.jpg: denied by statement 1 (Sid \"Never\") of the "
            "identity-based policy reads\n");
  EXPECT_EQ(describe_reason({.policy_kind = "permissions boundary", .policy = {}, .sid = {}}),
            "no permissions boundary allows it");
}

TEST(AuditText, TerminalsAreNotCommanded) {
  EXPECT_EQ(printable("a\x1B[2Jb\n\x7F"), "a\\x1b[2Jb\\x0a\\x7f");
  EXPECT_EQ(printable("\xC2\x9B"), "?");
  EXPECT_EQ(printable("s\xC3\xBC\xC3\x9F"), "s\xC3\xBC\xC3\x9F");
}

}  // namespace
}  // namespace aerolith::main_program
