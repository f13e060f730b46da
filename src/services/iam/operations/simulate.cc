// The policy simulator. https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
#include <fmt/format.h>

#include <algorithm>

#include "services/iam/aws_policies.h"
#include "services/iam/entities.h"
#include "services/iam/identity_loader.h"
#include "services/iam/operations/operations.h"
#include "services/iam/paging.h"
#include "services/iam/policy_source.h"
#include "services/iam/simulator.h"

namespace aerolith::iam {
namespace {

struct Source {
  std::vector<AppliedPolicy> policies;
  std::optional<AppliedPolicy> boundary;
};

// In results managed policies are called by their name, inline ones "user_alice_policy".
Result<Source> find_source(metadata::ReadTransaction& txn, const AccountId& account, const std::string& arn) {
  PolicySource found = TRY(find_policy_source(txn, account, arn));
  Source source;
  for (SourcePolicy& one : found.policies) {
    std::string name = one.arn.empty() ? fmt::format("{}_{}_{}", errors::noun(one.owner_kind), one.owner_name, one.name)
                                       : std::move(one.name);
    source.policies.push_back({.name = std::move(name), .policy = std::move(one.policy)});
  }
  if (found.boundary) source.boundary = TRY(load_policy(txn, account, *found.boundary));
  return source;
}

template <typename Output, typename Input>
Result<Output> answer(const Simulation& simulation, const Input& input) {
  Output output;
  auto results = TRY(simulate(simulation, *input.action_names, input.resource_arns));
  output.evaluation_results = TRY(list_items(TRY(read_page(input)), output, std::move(results)));
  return output;
}

}  // namespace

Result<SimulateCustomPolicyOutput> simulate_custom_policy(Call& call, const SimulateCustomPolicyInput& input) {
  if (input.ordered_organization_policy_input_list && !input.ordered_organization_policy_input_list->empty()) {
    return errors::invalid_input("Policies of organizations can't be simulated here: there are no organizations.");
  }
  Simulation simulation;
  simulation.caller_account = call.account();
  simulation.policies = TRY(read_policies(input.policy_input_list, "PolicyInputList", policy::PolicyKind::identity));
  TRY(read_common(input, simulation));
  return answer<SimulateCustomPolicyOutput>(simulation, input);
}

Result<SimulatePrincipalPolicyOutput> simulate_principal_policy(Call& call, const SimulatePrincipalPolicyInput& input) {
  if (input.policy_exclusion_list && !input.policy_exclusion_list->empty()) {
    return errors::invalid_input("PolicyExclusionList isn't supported here.");
  }
  Simulation simulation;
  simulation.caller_account = call.account();
  auto txn = call.metadata.begin_read();
  Source source = TRY(find_source(*txn, call.account(), *input.policy_source_arn));
  simulation.policies = std::move(source.policies);
  if (source.boundary) simulation.boundaries.push_back(*std::move(source.boundary));
  for (AppliedPolicy& given :
       TRY(read_policies(input.policy_input_list, "PolicyInputList", policy::PolicyKind::identity))) {
    simulation.policies.push_back(std::move(given));
  }
  const auto parts = split_arn(*input.policy_source_arn);
  if (parts && parts->type == "user") simulation.caller_arn = *input.policy_source_arn;
  TRY(read_common(input, simulation));
  return answer<SimulatePrincipalPolicyOutput>(simulation, input);
}

Result<GetContextKeysForCustomPolicyOutput> get_context_keys_for_custom_policy(
    Call&, const GetContextKeysForCustomPolicyInput& input) {
  const auto policies = TRY(read_policies(input.policy_input_list, "PolicyInputList", policy::PolicyKind::identity));
  return GetContextKeysForCustomPolicyOutput{.context_key_names = context_keys_of(policies)};
}

Result<GetContextKeysForPrincipalPolicyOutput> get_context_keys_for_principal_policy(
    Call& call, const GetContextKeysForPrincipalPolicyInput& input) {
  Source source = TRY(find_source(*call.metadata.begin_read(), call.account(), *input.policy_source_arn));
  for (AppliedPolicy& given :
       TRY(read_policies(input.policy_input_list, "PolicyInputList", policy::PolicyKind::identity))) {
    source.policies.push_back(std::move(given));
  }
  return GetContextKeysForPrincipalPolicyOutput{.context_key_names = context_keys_of(source.policies)};
}

}  // namespace aerolith::iam
