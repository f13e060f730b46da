// The policy simulator. https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
#include <fmt/format.h>

#include <algorithm>

#include "services/iam/aws_policies.h"
#include "services/iam/entities.h"
#include "services/iam/identity_loader.h"
#include "services/iam/operations/operations.h"
#include "services/iam/paging.h"
#include "services/iam/simulator.h"

namespace aerolith::iam {
namespace {

using metadata::Direction;

struct Source {
  std::vector<AppliedPolicy> policies;
  std::optional<AppliedPolicy> boundary;
};

// Inline policies of one entity are named "user_alice_policy" in results, managed ones by their name.
Result<> add_policies_of(metadata::ReadTransaction& txn, const AccountId& account, EntityKind kind,
                         const std::string& shown_name, std::vector<AppliedPolicy>& policies) {
  const Name name = lower_name(shown_name);
  auto attached = kAttachments.scan(txn, Direction::forward, account, kind, name);
  while (TRY(attached.next())) {
    const PolicyArn& arn = std::get<3>(attached.key());
    auto policy = TRY(load_policy(txn, account, arn));
    if (!policy) continue;
    policy->name = arn.substr(arn.rfind('/') + 1);
    policies.push_back(*std::move(policy));
  }
  auto inlined = kInlinePolicies.scan(txn, Direction::forward, account, kind, name);
  while (TRY(inlined.next())) {
    auto parsed = policy::parse_policy(TRY(inlined.record()).document, policy::PolicyKind::identity);
    if (!parsed.has_value()) return errors::internal_error("a stored policy doesn't parse");
    policies.push_back({.name = fmt::format("{}_{}_{}", errors::noun(kind), shown_name, std::get<3>(inlined.key())),
                        .policy = std::make_shared<const policy::Policy>(*std::move(parsed))});
  }
  return {};
}

template <EntityKind kind>
Result<Source> load_source(metadata::ReadTransaction& txn, const AccountId& account, const ArnParts& parts,
                           const std::string& arn) {
  const auto entity = TRY(find_entity<kind>(txn, account, parts.name));
  if (make_arn(account, parts.type, entity.path, entity.name) != arn) return errors::no_such_entity(kind, parts.name);
  Source source;
  TRY(add_policies_of(txn, account, kind, entity.name, source.policies));
  if constexpr (requires { entity.boundary; }) {
    if (entity.boundary) source.boundary = TRY(load_policy(txn, account, *entity.boundary));
  }
  if constexpr (kind == EntityKind::user) {
    auto groups = kMemberships.scan(txn, Direction::forward, account, lower_name(entity.name));
    while (TRY(groups.next())) {
      const auto group = TRY(find_entity<EntityKind::group>(txn, account, std::get<2>(groups.key())));
      TRY(add_policies_of(txn, account, EntityKind::group, group.name, source.policies));
    }
  }
  return source;
}

Result<Source> find_source(metadata::ReadTransaction& txn, const AccountId& account, const std::string& arn) {
  const auto parts = split_arn(arn);
  if (!parts || parts->account != account.view()) {
    return errors::invalid_input(fmt::format("Invalid Entity Arn: {}", arn));
  }
  if (parts->type == "user") return load_source<EntityKind::user>(txn, account, *parts, arn);
  if (parts->type == "group") return load_source<EntityKind::group>(txn, account, *parts, arn);
  if (parts->type == "role") return load_source<EntityKind::role>(txn, account, *parts, arn);
  return errors::invalid_input(fmt::format("Invalid Entity Arn: {}", arn));
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
