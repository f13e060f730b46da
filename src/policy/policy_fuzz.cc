// Policy documents: any text gives a policy or a named error, and what parses is evaluated without surprises.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "policy/access_denied.h"
#include "policy/evaluate.h"
#include "policy/public_access.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace aerolith::policy;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Context context;
  context.set("aws:username", "carlos*");
  context.set("aws:SourceIp", "203.0.113.7");
  context.set("aws:CurrentTime", "2026-11-27T00:00:00Z");
  context.set("s3:max-keys", "10");
  context.add_value("aws:TagKeys", "a");
  context.add_value("aws:TagKeys", "");
  const Principal user{.type = PrincipalType::user,
                       .account = "111122223333",
                       .arn = "arn:aws:iam::111122223333:user/carlos",
                       .unique_id = "AIDAEXAMPLEEXAMPLE"};
  const Principal session{.type = PrincipalType::role_session,
                          .account = "444455556666",
                          .arn = "arn:aws:sts::444455556666:assumed-role/audit/s",
                          .entity_arn = "arn:aws:iam::444455556666:role/audit"};
  for (const PolicyKind kind : {PolicyKind::identity, PolicyKind::managed, PolicyKind::resource, PolicyKind::trust}) {
    const auto policy = parse_policy(text, kind);
    if (!policy.has_value()) {
      if (policy.error().message.empty()) std::abort();
      continue;
    }
    (void)context_keys(*policy);
    (void)is_public(*policy);
    const NamedPolicy named{&*policy, "fuzzed"};
    const bool is_own = kind == PolicyKind::identity || kind == PolicyKind::managed;
    PolicySet policies;
    if (is_own) policies.identity = {&named, 1};
    if (!is_own) policies.resource = &named;
    for (const Principal* principal : {&user, &session}) {
      const Request request{*principal, "s3:GetObject", "arn:aws:s3:::bucket/home/carlos/a", "111122223333", context};
      const auto rule = kind == PolicyKind::trust ? ResourceRule::trust : ResourceRule::either_side;
      const Decision decision = evaluate(request, policies, rule);
      Trace trace;
      if (evaluate(request, policies, rule, &trace).verdict != decision.verdict) std::abort();
      if (decision.verdict == Verdict::explicit_deny && trace.matches.empty()) std::abort();
      if (!decision.allowed()) (void)access_denied_message(request, decision);
    }
  }
  return 0;
}
