// What a decision tells besides yes and no. The decisions themselves: decisions_test.cc.
#include "policy/evaluate.h"

#include <gtest/gtest.h>

namespace aerolith::policy {
namespace {

Policy parse(std::string_view statements, PolicyKind kind = PolicyKind::identity) {
  auto policy = parse_policy(R"({"Version":"2012-10-17","Statement":)" + std::string(statements) + "}", kind);
  EXPECT_TRUE(policy.has_value()) << statements;
  return policy.has_value() ? *std::move(policy) : Policy{};
}

const Principal kCarlos{
    .type = PrincipalType::user, .account = "111122223333", .arn = "arn:aws:iam::111122223333:user/carlos"};

struct Asked {
  Context context;
  Request request(std::string_view action = "s3:GetObject", std::string_view account = "111122223333") const {
    return {kCarlos, action, "arn:aws:s3:::bucket/key", account, context};
  }
};

TEST(Evaluate, NamesTheStatementThatDenied) {
  const Policy read = parse(R"({"Effect":"Allow","Action":"s3:*","Resource":"*"})");
  const Policy deny = parse(R"([{"Effect":"Allow","Action":"iam:*","Resource":"*"},
                                {"Sid":"NoReads","Effect":"Deny","Action":"s3:Get*","Resource":"*"}])");
  const NamedPolicy named[] = {{&read, "read"}, {&deny, "arn:aws:iam::111122223333:policy/deny"}};
  const Decision decision = evaluate(Asked().request(), {.identity = named});
  EXPECT_EQ(decision.verdict, Verdict::explicit_deny);
  ASSERT_NE(decision.statement, nullptr);
  EXPECT_EQ(decision.statement->sid, "NoReads");
  EXPECT_EQ(decision.policy->name, "arn:aws:iam::111122223333:policy/deny");
}

TEST(Evaluate, NamesTheStatementThatGranted) {
  const Policy policy = parse(R"([{"Sid":"A","Effect":"Allow","Action":"s3:Put*","Resource":"*"},
                                  {"Sid":"B","Effect":"Allow","Action":"s3:Get*","Resource":"*"}])");
  const NamedPolicy named[] = {{&policy, "inline"}};
  const Decision decision = evaluate(Asked().request(), {.identity = named});
  EXPECT_TRUE(decision.allowed());
  EXPECT_EQ(decision.statement->sid, "B");
  EXPECT_FALSE(decision.is_cross_account);
}

TEST(Evaluate, KnowsCrossAccount) {
  const Decision decision = evaluate(Asked().request("s3:GetObject", "444455556666"), {});
  EXPECT_TRUE(decision.is_cross_account);
  EXPECT_EQ(decision.verdict, Verdict::implicit_deny);
}

TEST(Evaluate, ATraceHasEveryMatch) {
  const Policy identity = parse(R"([{"Sid":"A","Effect":"Allow","Action":"s3:*","Resource":"*"},
                                    {"Sid":"B","Effect":"Allow","Action":"s3:Get*","Resource":"*"},
                                    {"Sid":"C","Effect":"Allow","Action":"iam:*","Resource":"*"},
                                    {"Sid":"D","Effect":"Deny","Action":"s3:GetObject","Resource":"*"}])");
  const Policy boundary = parse(R"({"Sid":"E","Effect":"Allow","Action":"ec2:*","Resource":"*"})");
  const Policy resource =
      parse(R"({"Sid":"F","Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"})", PolicyKind::resource);
  const NamedPolicy named[] = {{&identity, "identity"}};
  const NamedPolicy named_boundary{&boundary, "boundary"}, named_resource{&resource, "resource"};
  Trace trace;
  const Decision decision =
      evaluate(Asked().request(), {.identity = named, .boundary = &named_boundary, .resource = &named_resource},
               ResourceRule::either_side, &trace);
  EXPECT_EQ(decision.verdict, Verdict::explicit_deny);
  std::string sids;
  for (const Trace::Match& match : trace.matches) sids += match.statement->sid;
  EXPECT_EQ(sids, "ABDF");
  EXPECT_TRUE(trace.identity_allows);
  EXPECT_FALSE(trace.boundary_allows);
  EXPECT_TRUE(trace.session_allows);
  EXPECT_TRUE(trace.resource_allows);
}

TEST(Evaluate, AccessControlListsGrantAsAllowsOfTheResourceDo) {
  const Policy any = parse(R"({"Effect":"Allow","Action":"*","Resource":"*"})");
  const NamedPolicy named[] = {{&any, "any"}};
  // In one account an account's grant leaves it to the account's policies, one to everyone doesn't.
  const Asked asked;
  EXPECT_FALSE(evaluate(asked.request(), {.listed = PrincipalMatch::account}).allowed());
  const Decision decision = evaluate(asked.request(), {.listed = PrincipalMatch::direct});
  EXPECT_TRUE(decision.allowed());
  EXPECT_EQ(decision.source, PolicySource::resource);
  EXPECT_EQ(decision.statement, nullptr);
  // Between accounts both sides must allow.
  const std::string_view other = "444455556666";
  const Request request = asked.request("s3:GetObject", other);
  EXPECT_FALSE(evaluate(request, {.listed = PrincipalMatch::account}).allowed());
  EXPECT_FALSE(evaluate(request, {.identity = named}).allowed());
  EXPECT_TRUE(evaluate(request, {.identity = named, .listed = PrincipalMatch::account}).allowed());
}

TEST(Evaluate, ADenialStandsAboveAccessControlLists) {
  const Policy deny =
      parse(R"({"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"})", PolicyKind::resource);
  const NamedPolicy named{&deny, "deny"};
  const Asked asked;
  const Decision decision =
      evaluate(asked.request(), {.resource = &named, .resource_only_denies = true, .listed = PrincipalMatch::direct});
  EXPECT_EQ(decision.verdict, Verdict::explicit_deny);
}

TEST(Evaluate, OfAPolicyThatOnlyDeniesNoAllowCounts) {
  const Policy allow =
      parse(R"({"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"})", PolicyKind::resource);
  const NamedPolicy named{&allow, "allow"};
  const Asked asked;
  EXPECT_TRUE(evaluate(asked.request(), {.resource = &named}).allowed());
  EXPECT_FALSE(evaluate(asked.request(), {.resource = &named, .resource_only_denies = true}).allowed());
}

TEST(Evaluate, LongActionsAreActions) {
  const std::string action = "s3:" + std::string(500, 'A');
  const Policy policy = parse(R"({"Effect":"Allow","Action":"S3:a*A","Resource":"*"})");
  const NamedPolicy named[] = {{&policy, "p"}};
  EXPECT_TRUE(evaluate(Asked().request(action), {.identity = named}).allowed());
}

// Statements are first sorted out by the first eight letters of their actions.
TEST(Evaluate, HoweverAnActionBegins) {
  const auto is_denied = [](std::string_view actions, std::string_view action) {
    const Policy policy = parse(R"([{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny",)" +
                                std::string(actions) + R"(,"Resource":"*"}])");
    const NamedPolicy named[] = {{&policy, "p"}};
    return evaluate(Asked().request(action), {.identity = named}).verdict == Verdict::explicit_deny;
  };
  constexpr std::string_view kMatching[] = {R"("Action":"*")",
                                            R"("Action":"*:GetObject")",
                                            R"("Action":"s3:G*")",
                                            R"("Action":"S3:GETO*")",
                                            R"("Action":"s3:GetOb*")",
                                            R"("Action":"s3:GetObj*")",
                                            R"("Action":"s3:GetObject")",
                                            R"("Action":["ec2:*","s3:GetObject","s3:*"])",
                                            R"("NotAction":"ec2:*")",
                                            R"("NotAction":["ec2:*","s3:GetObjectAcl"])"};
  constexpr std::string_view kOthers[] = {R"("Action":"s3:GetObjectAcl")",
                                          R"("Action":"s3:GetObjec")",
                                          R"("Action":"s3:P*")",
                                          R"("Action":"ec2:*")",
                                          R"("Action":"s3:??????")",
                                          R"("NotAction":"s3:*")",
                                          R"("NotAction":["ec2:*","s3:Get*"])"};
  for (const std::string_view actions : kMatching) EXPECT_TRUE(is_denied(actions, "s3:GetObject")) << actions;
  for (const std::string_view actions : kOthers) EXPECT_FALSE(is_denied(actions, "s3:GetObject")) << actions;
  EXPECT_TRUE(is_denied(R"("Action":"a:b")", "A:B"));
  EXPECT_TRUE(is_denied(R"("Action":"a:b*")", "a:b"));
  EXPECT_FALSE(is_denied(R"("Action":"a:bc")", "a:b"));
}

TEST(Evaluate, MissingContextKeys) {
  const Policy policy = parse(R"({"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}",
    "Condition":{"StringEquals":{"aws:SourceVpc":"v","s3:prefix":"p"}}})");
  const Policy boundary = parse(R"({"Effect":"Allow","Action":"*","Resource":"*",
    "Condition":{"Bool":{"aws:SecureTransport":"true"},"StringEquals":{"AWS:SourceVpc":"v"}}})");
  const NamedPolicy named[] = {{&policy, "p"}};
  const NamedPolicy limit{&boundary, "b"};
  Context context;
  context.set("s3:prefix", "p");
  EXPECT_EQ(missing_context_keys({.identity = named, .boundary = &limit}, context),
            (std::vector<std::string>{"aws:username", "aws:SourceVpc", "aws:SecureTransport"}));
}

}  // namespace
}  // namespace aerolith::policy
