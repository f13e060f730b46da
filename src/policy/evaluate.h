// May this principal do this action with this resource? A pure function of the request and the policies that apply.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
//
// Safe from any thread. Without a trace and without policy variables nothing is allocated (save for actions of more
// than kLongestUsualAction characters and for operators that ignore case).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/context.h"
#include "policy/document.h"
#include "policy/principal.h"

namespace aerolith::policy {

inline constexpr size_t kLongestUsualAction = 128;

// A policy and the name that decisions and traces give it: its ARN or its name.
struct NamedPolicy {
  const Policy* policy = nullptr;
  std::string_view name;
};

enum class PolicySource : uint8_t { identity, boundary, session, resource, trust, endpoint };

// Views. All policies that apply; those of the wrong kind are a bug of the caller.
struct PolicySet {
  std::span<const NamedPolicy> identity;  // of the user and its groups, or of the role
  const NamedPolicy* boundary = nullptr;  // of the user or role
  std::span<const NamedPolicy> session;
  // A session that was made with session policies; of a federated user without any, nothing is allowed by identity.
  bool has_session_policies = false;
  const NamedPolicy* resource = nullptr;  // of the resource; the role's trust policy for sts:AssumeRole...
  // Of the VPC endpoint that the request came through: it has to allow whoever asks, the root too.
  // https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
  const NamedPolicy* endpoint = nullptr;
  // Only the denials of `resource` count: another account's than the resource's has it (S3's objects of others).
  bool resource_only_denies = false;
  // What an access control list of the resource gives the caller for this action: as an Allow that names him so.
  PrincipalMatch listed = PrincipalMatch::none;
};

// One action on one resource: what touches several resources asks once for each, and is allowed if all are.
struct Request {
  const Principal& principal;
  std::string_view action;    // s3:GetObject, in any case
  std::string_view resource;  // its ARN; "*" for actions that have none
  std::string_view resource_account;
  const Context& context;
};

enum class Verdict : uint8_t { allow, explicit_deny, implicit_deny };

// Points into the policy set that was asked.
struct Decision {
  Verdict verdict = Verdict::implicit_deny;
  // Which kind of policy denied; whose allow is missing; what granted.
  PolicySource source = PolicySource::identity;
  // The statement that denied or granted, and its policy; none for an implicit deny, for the root user and for what an
  // access control list grants.
  const NamedPolicy* policy = nullptr;
  const Statement* statement = nullptr;
  bool is_cross_account = false;

  bool allowed() const { return verdict == Verdict::allow; }
};

// Every statement that applied to the request, for simulators and `iam trace`.
struct Trace {
  struct Match {
    PolicySource source;
    const NamedPolicy* policy;
    const Statement* statement;
  };
  std::vector<Match> matches;
  // Whether each kind allows by itself; true also where there is no boundary, no session policy.
  bool identity_allows = false;
  bool boundary_allows = false;
  bool session_allows = false;
  bool resource_allows = false;
};

// Whether the resource's policy alone suffices within one account. A trust policy never is left out: it must allow.
enum class ResourceRule : uint8_t { either_side, trust };

Decision evaluate(const Request& request, const PolicySet& policies, ResourceRule rule = ResourceRule::either_side,
                  Trace* trace = nullptr);

// MissingContextValues of a simulator: the keys that these policies refer to and the request hasn't.
std::vector<std::string> missing_context_keys(const PolicySet& policies, const Context& context);

}  // namespace aerolith::policy
