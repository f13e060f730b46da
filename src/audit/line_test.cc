#include "audit/line.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "audit/test_support.h"

namespace aerolith::audit {
namespace {

std::string line_of(const Event& event) {
  std::string text;
  append_event(text, event);
  EXPECT_TRUE(text.ends_with('\n'));
  text.pop_back();
  EXPECT_EQ(std::ranges::count(text, '\n'), 0);
  return text;
}

std::shared_ptr<auth::AccessKey> session_key() {
  auto key = std::make_shared<auth::AccessKey>();
  key->id = auth::AccessKeyId("ASIAEXAMPLE");
  key->secret = "THE-SECRET";
  key->principal = {.account = AccountId("111122223333"),
                    .arn = "arn:aws:sts::111122223333:assumed-role/build/me",
                    .user_id = "AROAEXAMPLE:me",
                    .kind = auth::PrincipalKind::assumed_role,
                    .entity_arn = "arn:aws:iam::111122223333:role/build",
                    .entity_name = "build"};
  key->session = auth::Session{.token = "THE-TOKEN", .expires_at = Timestamp(std::chrono::hours(500'000))};
  key->session->source_identity = "alice";
  return key;
}

TEST(AuditLine, AnEventComesBackAsItWas) {
  auto event = make_event("REQUEST1");
  event->outcome = Outcome::denied;
  event->status = 403;
  event->error_code = "AccessDenied";
  event->key = session_key();
  event->is_tls = true;
  event->user_agent = "a \"client\"\n\x1B[31m";
  event->asks = {{.action = "s3:GetObject",
                  .resource = "arn:aws:s3:::bucket/k\xC3\xA9y",
                  .outcome = Outcome::denied,
                  .is_probe = false,
                  .reason = Reason{.is_explicit = true,
                                   .policy_kind = "identity-based policy",
                                   .policy = "reads",
                                   .sid = "No",
                                   .statement = 2}},
                 {.action = "s3:ListBucket",
                  .resource = "arn:aws:s3:::bucket",
                  .outcome = Outcome::would_deny,
                  .is_probe = true,
                  .reason = Reason{.policy_kind = "session policy", .policy = {}, .sid = {}}}};
  event->asks_left_out = 7;
  event->duration = std::chrono::microseconds(1234);

  const Line line = parse_line(line_of(*event));
  ASSERT_EQ(line.kind, LineKind::event) << line.text;
  const Entry& entry = line.entry;
  EXPECT_EQ(entry.time, event->time);
  EXPECT_EQ(entry.request_id, "REQUEST1");
  EXPECT_EQ(entry.service + "." + entry.operation, "s3.GetObject");
  EXPECT_EQ(entry.outcome, Outcome::denied);
  EXPECT_EQ(entry.status, 403);
  EXPECT_EQ(entry.error_code, "AccessDenied");
  EXPECT_EQ(entry.account, "111122223333");
  EXPECT_EQ(entry.principal, "arn:aws:sts::111122223333:assumed-role/build/me");
  EXPECT_EQ(entry.entity, "arn:aws:iam::111122223333:role/build");
  EXPECT_EQ(entry.principal_id, "AROAEXAMPLE:me");
  EXPECT_EQ(entry.access_key_id, "ASIAEXAMPLE");
  EXPECT_TRUE(entry.is_session);
  EXPECT_EQ(entry.source_identity, "alice");
  EXPECT_EQ(entry.peer, "127.0.0.1");
  EXPECT_TRUE(entry.is_tls);
  EXPECT_EQ(entry.user_agent, event->user_agent);
  EXPECT_EQ(entry.method, "GET");
  EXPECT_EQ(entry.path, "/bucket/key");
  EXPECT_EQ(entry.asks, event->asks);
  EXPECT_EQ(entry.asks_left_out, 7u);
  EXPECT_EQ(entry.duration.count(), 1234);
}

TEST(AuditLine, NoSecretIsWritten) {
  auto event = make_event("REQUEST1");
  event->key = session_key();
  event->target = "/bucket/key?X-Amz-Signature=THE-SIGNATURE&X-Amz-Security-Token=THE-TOKEN";
  const std::string signed_line = line_of(*event);
  event->key = nullptr;
  event->target = "/?Action=ChangePassword&NewPassword=THE-PASSWORD";
  event->claimed_key_id = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYTHE-SECRET";  // given in the place of the id
  const std::string refused_line = line_of(*event);
  for (const char* secret : {"THE-SECRET", "THE-TOKEN", "THE-SIGNATURE", "THE-PASSWORD", "wJalr", "Signature"}) {
    EXPECT_EQ(signed_line.find(secret), std::string::npos) << signed_line;
    EXPECT_EQ(refused_line.find(secret), std::string::npos) << refused_line;
  }
  EXPECT_EQ(parse_line(refused_line).entry.claimed_key_id, "(not an id)");
}

TEST(AuditLine, WhatAnybodyMaySendIsCut) {
  auto event = make_event("REQUEST1");
  event->target = "/" + std::string(60'000, 'a');
  event->user_agent = std::string(60'000, 'b');
  EXPECT_LT(line_of(*event).size(), 4096u);
}

TEST(AuditLine, HeadGapAndEndComeBack) {
  std::string text;
  append_head(text, {.number = 42, .started = Timestamp(std::chrono::milliseconds(1'800'000'000'123))});
  append_gap(text, Timestamp(std::chrono::milliseconds(1'800'000'000'123)), 5);
  append_end(text, 9, 0x0123456789ABCDEF);
  std::vector<Line> lines;
  for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    lines.push_back(parse_line(text.substr(at, text.find('\n', at) - at)));
  }
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0].kind, LineKind::head);
  EXPECT_EQ(lines[0].head.number, 42u);
  EXPECT_EQ(lines[0].head.format, kFormat);
  EXPECT_EQ(lines[1].kind, LineKind::gap);
  EXPECT_EQ(lines[1].count, 5u);
  EXPECT_EQ(lines[2].kind, LineKind::end);
  EXPECT_EQ(lines[2].count, 9u);
  EXPECT_EQ(lines[2].checksum, 0x0123456789ABCDEFu);
}

TEST(AuditLine, WhatIsNoLineIsDamaged) {
  std::string whole;
  append_event(whole, *make_event("REQUEST1"));
  whole.pop_back();
  for (size_t cut = 0; cut < whole.size(); ++cut) {
    EXPECT_EQ(parse_line(whole.substr(0, cut)).kind, LineKind::damaged) << cut;
  }
  for (const char* text :
       {"[]", "{}", "null", R"({"file":"aerolith audit"})", R"({"file":1,"format":1,"started":"2026-01-01T00:00:00Z"})",
        R"({"end":true,"crc64nvme":"12"})", R"({"time":"yesterday","outcome":"allowed","status":200})",
        R"({"time":"2026-01-01T00:00:00Z","outcome":"maybe","status":200})",
        R"({"time":"2026-01-01T00:00:00Z","outcome":"allowed","status":200,"asks":[1]})"}) {
    const Line line = parse_line(text);
    EXPECT_EQ(line.kind, LineKind::damaged) << text;
    EXPECT_FALSE(line.problem.empty());
  }
}

}  // namespace
}  // namespace aerolith::audit
