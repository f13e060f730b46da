// What a decision costs: a principal with ten policies of five statements each, on one core.
// ninja -C build/release policy_bench && build/release/src/policy/policy_bench
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "policy/evaluate.h"

namespace {

using namespace aerolith::policy;

// The forms that users' policies have: lists of actions, prefixes, wildcards within, conditions, a variable in every
// policy's last statement.
std::string document(int number) {
  return fmt::format(
      R"({{"Version":"2012-10-17","Statement":[
{{"Effect":"Allow","Action":["ec2:Describe*","ec2:StartInstances","ec2:StopInstances"],"Resource":"*"}},
{{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject","s3:DeleteObject"],"Resource":["arn:aws:s3:::team-{0}","arn:aws:s3:::team-{0}/*"]}},
{{"Effect":"Allow","Action":"s3:List*","Resource":"arn:aws:s3:::shared-{0}-*","Condition":{{"StringLike":{{"s3:prefix":["home/*","team/{0}/*"]}}}}}},
{{"Effect":"Deny","Action":["s3:*","iam:*"],"Resource":"*","Condition":{{"Bool":{{"aws:SecureTransport":"false"}}}}}},
{{"Effect":"Allow","Action":"sqs:*","Resource":"arn:aws:sqs:*:111122223333:${{aws:username}}-{0}"}}]}})",
      number);
}

double nanoseconds(const Request& request, const PolicySet& policies, Verdict expected) {
  constexpr int kRounds = 200'000;
  double best = 1e18;
  for (int attempt = 0; attempt < 5; ++attempt) {
    const auto begin = std::chrono::steady_clock::now();
    int right = 0;
    for (int i = 0; i < kRounds; ++i) right += evaluate(request, policies).verdict == expected ? 1 : 0;
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    if (right != kRounds) return -1;
    best = std::min(best, took.count() / kRounds);
  }
  return best;
}

void fill(Context& context) {
  constexpr const char* kKeys[][2] = {{"aws:PrincipalArn", "arn:aws:iam::111122223333:user/carlos"},
                                      {"aws:PrincipalAccount", "111122223333"},
                                      {"aws:PrincipalType", "User"},
                                      {"aws:userid", "AIDAEXAMPLEEXAMPLE"},
                                      {"aws:username", "carlos"},
                                      {"aws:SourceIp", "203.0.113.7"},
                                      {"aws:SecureTransport", "true"},
                                      {"aws:CurrentTime", "2026-11-27T00:00:00Z"},
                                      {"aws:EpochTime", "1795737600"},
                                      {"aws:UserAgent", "aws-cli/2.0"},
                                      {"aws:RequestedRegion", "us-east-1"},
                                      {"aws:ViaAWSService", "false"},
                                      {"aws:ResourceAccount", "111122223333"},
                                      {"s3:authType", "REST-HEADER"},
                                      {"s3:signatureversion", "AWS4-HMAC-SHA256"},
                                      {"s3:prefix", "home/carlos/"}};
  for (const auto& [name, value] : kKeys) context.set(name, value);
}

}  // namespace

int main() {
  std::vector<Policy> parsed;
  for (int i = 0; i < 10; ++i) {
    auto policy = parse_policy(document(i), PolicyKind::managed);
    if (!policy.has_value()) {
      fmt::print("{}: {}\n", policy.error().message, policy.error().place);
      return 1;
    }
    parsed.push_back(*std::move(policy));
  }
  std::vector<NamedPolicy> named;
  for (const Policy& policy : parsed) named.push_back({&policy, "policy"});
  const PolicySet policies{.identity = named};
  const Principal user{
      .type = PrincipalType::user, .account = "111122223333", .arn = "arn:aws:iam::111122223333:user/carlos"};
  Context context;
  fill(context);
  struct Case {
    const char* name;
    const char* action;
    const char* resource;
    Verdict expected;
  };
  constexpr Case kCases[] = {
      {"allowed by the last policy", "s3:GetObject", "arn:aws:s3:::team-9/report.csv", Verdict::allow},
      {"allowed with a condition", "s3:ListBucket", "arn:aws:s3:::shared-9-data", Verdict::allow},
      {"denied: nothing allows", "dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:111122223333:table/t",
       Verdict::implicit_deny},
      {"allowed by a variable", "sqs:SendMessage", "arn:aws:sqs:us-east-1:111122223333:carlos-9", Verdict::allow},
  };
  bool is_good = true;
  for (const Case& one : kCases) {
    const double cost = nanoseconds({user, one.action, one.resource, "111122223333", context}, policies, one.expected);
    is_good = is_good && cost >= 0 && cost < 2000;
    fmt::print("{}: {:.0f} ns\n", one.name, cost);
  }
  constexpr int kRounds = 100'000;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kRounds; ++i) {
    Context filled;
    fill(filled);
  }
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
  fmt::print("filling a context of 16 keys: {:.0f} ns\n", took.count() / kRounds);
  return is_good ? 0 : 1;
}
