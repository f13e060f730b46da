// "What would happen": decides actions on resources by given and stored policies, without doing anything.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "iam/model.h"
#include "policy/context.h"
#include "policy/document.h"
#include "policy/evaluate.h"
#include "services/iam/api.h"
#include "services/iam/errors.h"

namespace aerolith::iam {

// What a simulation starts from.
struct Simulation {
  std::vector<AppliedPolicy> policies;    // of identity, named as results name them
  std::vector<AppliedPolicy> boundaries;  // all must allow; of the simulators one is given
  std::optional<AppliedPolicy> resource_policy;
  std::string caller_arn;  // empty: nobody in particular
  AccountId caller_account;
  std::string resource_owner;  // an account id
  policy::Context context;
};

// InvalidInput for documents that don't parse. `list`: "PolicyInputList", whose entries are named "<list>.1".
Result<std::vector<AppliedPolicy>> read_policies(const std::optional<std::vector<std::string>>& documents,
                                                 std::string_view list, policy::PolicyKind kind);

// Both operations have these fields: PermissionsBoundaryPolicyInputList, ResourcePolicy, ResourceOwner, CallerArn,
// ContextEntries.
template <typename Input>
Result<> read_common(const Input& input, Simulation& simulation);

// Each action on each resource, in that order.
Result<std::vector<EvaluationResult>> simulate(const Simulation& simulation, const std::vector<std::string>& actions,
                                               const std::optional<std::vector<std::string>>& resources);

// The context keys of all policies, each once.
std::vector<std::string> context_keys_of(const std::vector<AppliedPolicy>& policies);

Result<> add_context_entries(const std::optional<std::vector<ContextEntry>>& entries, policy::Context& context);
Result<> read_caller(const std::optional<std::string>& arn, Simulation& simulation);
// "arn:aws:iam::123456789012:root" or the account's id -> its id. InvalidInput.
Result<std::string> read_owner(const std::string& owner);

template <typename Input>
Result<> read_common(const Input& input, Simulation& simulation) {
  if (input.permissions_boundary_policy_input_list && !input.permissions_boundary_policy_input_list->empty()) {
    simulation.boundaries = TRY(read_policies(input.permissions_boundary_policy_input_list,
                                              "PermissionsBoundaryPolicyInputList", policy::PolicyKind::identity));
    if (simulation.boundaries.size() > 1) {
      return errors::invalid_input("Only one permissions boundary can be simulated.");
    }
  }
  TRY(read_caller(input.caller_arn, simulation));
  if (input.resource_policy) {
    if (simulation.caller_arn.empty()) {
      return errors::invalid_input("A CallerArn is required where a ResourcePolicy is given.");
    }
    auto parsed = TRY(read_policies(std::vector<std::string>{*input.resource_policy}, "ResourcePolicy",
                                    policy::PolicyKind::resource));
    simulation.resource_policy = std::move(parsed.front());
    simulation.resource_policy->name = "ResourcePolicy";
  }
  if (input.resource_owner) simulation.resource_owner = TRY(read_owner(*input.resource_owner));
  return add_context_entries(input.context_entries, simulation.context);
}

}  // namespace aerolith::iam
