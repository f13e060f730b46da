#include <fmt/format.h>

#include <array>

#include "ec2/operations/authorize_security_group_egress.h"
#include "ec2/operations/authorize_security_group_ingress.h"
#include "ec2/operations/describe_security_group_rules.h"
#include "ec2/operations/modify_security_group_rules.h"
#include "ec2/operations/revoke_security_group_egress.h"
#include "ec2/operations/revoke_security_group_ingress.h"
#include "ec2/operations/update_security_group_rule_descriptions_egress.h"
#include "ec2/operations/update_security_group_rule_descriptions_ingress.h"
#include "services/ec2/describe.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/rules.h"
#include "services/ec2/tags.h"
#include "services/ec2/vpcs.h"

namespace aerolith::ec2 {
namespace {

// By its id, or by its name in the default VPC.
Result<GroupRecord> find_group(metadata::ReadTransaction& txn, const Scope& scope, const std::optional<std::string>& id,
                               const std::optional<std::string>& name) {
  if (id) return kGroups.get(txn, scope, *id);
  if (!name) return errors::of("MissingParameter", "The request must contain the parameter groupName or groupId");
  const auto vpc = TRY(find_default_vpc(txn, scope));
  for (GroupRecord& group : TRY(kGroups.in_vpc(txn, scope, vpc ? vpc->id : ""))) {
    if (group.name == *name) return std::move(group);
  }
  return errors::not_found(Kind::security_group, *name);
}

template <typename Input>
std::optional<std::string> name_in(const Input& input) {
  if constexpr (requires { input.group_name; }) return input.group_name;
  return std::nullopt;
}

// The permissions, also in the old form of single parameters.
template <typename Input>
std::vector<IpPermission> permissions_in(const Input& input) {
  if (input.ip_permissions && !input.ip_permissions->empty()) return *input.ip_permissions;
  const bool is_single = input.ip_protocol || input.cidr_ip || input.from_port || input.source_security_group_name;
  if (!is_single) return {};
  IpPermission single{.ip_protocol = input.ip_protocol, .from_port = input.from_port, .to_port = input.to_port};
  if (input.cidr_ip) single.ip_ranges = {{.cidr_ip = input.cidr_ip}};
  if (input.source_security_group_name) {
    single.ip_protocol = input.ip_protocol.value_or("-1");
    single.user_id_group_pairs = {{.group_name = input.source_security_group_name}};
  }
  return {single};
}

Result<> add_rules(const GroupRecord& group, Way way, const Rules& added) {
  const auto of_way = std::ranges::count_if(group.rules, [&](const RuleRecord& rule) { return is_of(rule, way); });
  for (size_t i = 0; i < added.size(); ++i) {
    const auto same = [&](const RuleRecord& rule) { return is_same(rule, added[i]); };
    if (std::ranges::any_of(group.rules, same)) {
      return errors::of("InvalidPermission.Duplicate",
                        fmt::format("the specified rule \"{}\" already exists", describe_rule(added[i])));
    }
    if (std::any_of(added.begin(), added.begin() + static_cast<std::ptrdiff_t>(i), same)) {
      return errors::invalid_parameter("The same permission must not appear multiple times");
    }
  }
  if (static_cast<size_t>(of_way) + added.size() > kMaxRulesEachWay) {
    return errors::of("RulesPerSecurityGroupLimitExceeded",
                      "The maximum number of rules per security group has been reached.");
  }
  return {};
}

template <Way way, typename Output, typename Input>
Result<Output> authorize(Call& call, const Input& input) {
  const auto permissions = permissions_in(input);
  if (permissions.empty()) return errors::missing_parameter("ipPermissions");
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::security_group_rule));
  Output output;
  auto vpc = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    GroupRecord group = TRY(find_group(txn, call.scope, input.group_id, name_in(input)));
    Rules added = TRY(read_permissions({txn, call.cloud, call.scope, group, way}, permissions));
    TRY(add_rules(group, way, added));
    output = {.return_ = true, .security_group_rules = std::vector<SecurityGroupRule>()};
    for (RuleRecord& rule : added) {
      rule.id = make_id(Kind::security_group_rule);
      put_part(txn, call.scope, rule.id, group.id);
      put_tags(txn, call.scope, rule.id, tags);
      output.security_group_rules->push_back(to_wire(call.scope, group, rule, tags));
      group.rules.push_back(std::move(rule));
    }
    kGroups.put(txn, call.scope, group);
    return group.vpc;
  }));
  call.settle_vpc(vpc);
  return output;
}

RevokedSecurityGroupRule to_revoked(const GroupRecord& group, const RuleRecord& rule) {
  RevokedSecurityGroupRule result{.security_group_rule_id = rule.id,
                                  .group_id = group.id,
                                  .is_egress = rule.egress,
                                  .ip_protocol = rule.protocol,
                                  .from_port = rule.from_port,
                                  .to_port = rule.to_port,
                                  .description = rule.description};
  if (!rule.cidr_v4.empty()) result.cidr_ipv4 = rule.cidr_v4;
  if (!rule.cidr_v6.empty()) result.cidr_ipv6 = rule.cidr_v6;
  if (!rule.prefix_list.empty()) result.prefix_list_id = rule.prefix_list;
  if (!rule.group.empty()) result.referenced_group_id = rule.group;
  return result;
}

template <Way way, typename Input>
Result<std::vector<size_t>> find_revoked(metadata::ReadTransaction& txn, const Call& call, const GroupRecord& group,
                                         const Input& input) {
  std::vector<size_t> result;
  const auto position = [&](auto is_it) -> std::optional<size_t> {
    const auto found = std::ranges::find_if(group.rules, is_it);
    if (found == group.rules.end()) return std::nullopt;
    return static_cast<size_t>(found - group.rules.begin());
  };
  if (input.security_group_rule_ids && !input.security_group_rule_ids->empty()) {
    for (const std::string& id : *input.security_group_rule_ids) {
      const auto at = position([&](const RuleRecord& rule) { return rule.id == id && is_of(rule, way); });
      if (!at) return errors::not_found(Kind::security_group_rule, id);
      result.push_back(*at);
    }
    return result;
  }
  const auto permissions = permissions_in(input);
  if (permissions.empty()) {
    return errors::of("MissingParameter", "Either 'ipPermissions' or 'securityGroupRuleIds' should be provided.");
  }
  for (const RuleRecord& rule : TRY(read_permissions({txn, call.cloud, call.scope, group, way}, permissions))) {
    const auto at = position([&](const RuleRecord& each) { return is_same(each, rule); });
    if (!at) {
      return errors::of("InvalidPermission.NotFound", "The specified rule does not exist in this security group.");
    }
    result.push_back(*at);
  }
  return result;
}

template <Way way, typename Output, typename Input>
Result<Output> revoke(Call& call, const Input& input) {
  Output output;
  auto vpc = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    GroupRecord group = TRY(find_group(txn, call.scope, input.group_id, name_in(input)));
    auto gone = TRY(find_revoked<way>(txn, call, group, input));
    std::ranges::sort(gone, std::greater());
    const auto [first, last] = std::ranges::unique(gone);
    gone.erase(first, last);
    output = {.return_ = true, .revoked_security_group_rules = std::vector<RevokedSecurityGroupRule>()};
    for (const size_t at : gone) {
      const auto rule = group.rules.begin() + static_cast<std::ptrdiff_t>(at);
      output.revoked_security_group_rules->push_back(to_revoked(group, *rule));
      erase_part(txn, call.scope, rule->id);
      put_tags(txn, call.scope, rule->id, {});
      group.rules.erase(rule);
    }
    kGroups.put(txn, call.scope, group);
    return group.vpc;
  }));
  call.settle_vpc(vpc);
  return output;
}

template <Way way, typename Input>
Result<> update_descriptions(Call& call, const Input& input) {
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    GroupRecord group = TRY(find_group(txn, call.scope, input.group_id, input.group_name));
    if (input.security_group_rule_descriptions && !input.security_group_rule_descriptions->empty()) {
      for (const SecurityGroupRuleDescription& each : *input.security_group_rule_descriptions) {
        const std::string id = each.security_group_rule_id.value_or("");
        const auto found = std::ranges::find(group.rules, id, &RuleRecord::id);
        if (found == group.rules.end()) return errors::not_found(Kind::security_group_rule, id);
        found->description = each.description;
      }
    } else {
      const auto permissions = input.ip_permissions.value_or(std::vector<IpPermission>());
      if (permissions.empty()) return errors::missing_parameter("ipPermissions");
      for (const RuleRecord& rule : TRY(read_permissions({txn, call.cloud, call.scope, group, way}, permissions))) {
        const auto found = std::ranges::find_if(group.rules, [&](const auto& each) { return is_same(each, rule); });
        if (found == group.rules.end()) {
          return errors::of("InvalidPermission.NotFound", "The specified rule does not exist in this security group.");
        }
        found->description = rule.description;
      }
    }
    kGroups.put(txn, call.scope, group);
    return {};
  }));
  return {};
}

// Of this one filter EC2 looks at the values.
Result<> check_group_ids(const Strings& ids) {
  for (const std::string& id : ids) {
    if (id.starts_with(info(Kind::security_group).prefix) || id.find_first_of("*?") != std::string::npos) continue;
    return errors::of("InvalidGroupId.Malformed", fmt::format("The security group ID '{}' is malformed", id));
  }
  return {};
}

struct GroupRule {
  GroupRecord group;
  RuleRecord rule;
};
using GroupRuleFilter = FilterDefinition<GroupRule>;
constexpr std::array kGroupRuleFilters{
    GroupRuleFilter{"group-id",
                    [](const Lookup&, const GroupRule& r) -> Result<Strings> { return Strings{r.group.id}; }},
    GroupRuleFilter{"security-group-rule-id",
                    [](const Lookup&, const GroupRule& r) -> Result<Strings> { return Strings{r.rule.id}; }},
};

}  // namespace

Result<AuthorizeSecurityGroupIngressOutput> authorize_security_group_ingress(
    Call& call, const AuthorizeSecurityGroupIngressInput& input) {
  return authorize<Way::in, AuthorizeSecurityGroupIngressOutput>(call, input);
}

Result<AuthorizeSecurityGroupEgressOutput> authorize_security_group_egress(
    Call& call, const AuthorizeSecurityGroupEgressInput& input) {
  return authorize<Way::out, AuthorizeSecurityGroupEgressOutput>(call, input);
}

Result<RevokeSecurityGroupIngressOutput> revoke_security_group_ingress(Call& call,
                                                                       const RevokeSecurityGroupIngressInput& input) {
  return revoke<Way::in, RevokeSecurityGroupIngressOutput>(call, input);
}

Result<RevokeSecurityGroupEgressOutput> revoke_security_group_egress(Call& call,
                                                                     const RevokeSecurityGroupEgressInput& input) {
  return revoke<Way::out, RevokeSecurityGroupEgressOutput>(call, input);
}

Result<UpdateSecurityGroupRuleDescriptionsIngressOutput> update_security_group_rule_descriptions_ingress(
    Call& call, const UpdateSecurityGroupRuleDescriptionsIngressInput& input) {
  TRY(update_descriptions<Way::in>(call, input));
  return UpdateSecurityGroupRuleDescriptionsIngressOutput{.return_ = true};
}

Result<UpdateSecurityGroupRuleDescriptionsEgressOutput> update_security_group_rule_descriptions_egress(
    Call& call, const UpdateSecurityGroupRuleDescriptionsEgressInput& input) {
  TRY(update_descriptions<Way::out>(call, input));
  return UpdateSecurityGroupRuleDescriptionsEgressOutput{.return_ = true};
}

namespace {

// Which says it in other words than AuthorizeSecurityGroupIngress.
Result<> check_both_ports(const SecurityGroupRuleRequest& asked) {
  const bool has_ports =
      asked.ip_protocol == "tcp" || asked.ip_protocol == "udp" || asked.ip_protocol == "6" || asked.ip_protocol == "17";
  if (!has_ports || (asked.from_port && asked.to_port)) return {};
  return errors::invalid_parameter("Invalid value for portRange. Must specify both from and to ports with TCP/UDP.");
}

}  // namespace

Result<ModifySecurityGroupRulesOutput> modify_security_group_rules(Call& call,
                                                                   const ModifySecurityGroupRulesInput& input) {
  auto vpc = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    GroupRecord group = TRY(kGroups.get(txn, call.scope, input.group_id));
    for (const SecurityGroupRuleUpdate& update : *input.security_group_rules) {
      const auto found = std::ranges::find(group.rules, *update.security_group_rule_id, &RuleRecord::id);
      if (found == group.rules.end())
        return errors::not_found(Kind::security_group_rule, *update.security_group_rule_id);
      const Way way = found->egress ? Way::out : Way::in;
      const auto asked = update.security_group_rule.value_or(SecurityGroupRuleRequest());
      TRY(check_both_ports(asked));
      RuleRecord rule = TRY(read_rule({txn, call.cloud, call.scope, group, way}, asked));
      rule.id = found->id;
      for (const RuleRecord& other : group.rules) {
        if (other.id == rule.id || !is_same(other, rule)) continue;
        return errors::of("InvalidPermission.Duplicate",
                          fmt::format("the specified rule \"{}\" already exists", describe_rule(rule)));
      }
      *found = std::move(rule);
    }
    kGroups.put(txn, call.scope, group);
    return group.vpc;
  }));
  call.settle_vpc(vpc);
  return ModifySecurityGroupRulesOutput{.return_ = true};
}

Result<DescribeSecurityGroupRulesOutput> describe_security_group_rules(Call& call,
                                                                       const DescribeSecurityGroupRulesInput& input) {
  TRY(check_filters<GroupRule>(input.filters, kGroupRuleFilters));
  for (const Filter& filter : input.filters.value_or(std::vector<Filter>())) {
    if (*filter.name == "group-id" && filter.values) TRY(check_group_ids(*filter.values));
  }
  const auto txn = call.read();
  const std::string after = TRY(read_token(input.next_token));
  std::vector<GroupRule> found;
  if (input.security_group_rule_ids && !input.security_group_rule_ids->empty()) {
    for (const std::string& id : *input.security_group_rule_ids) {
      if (!is_well_formed(Kind::security_group_rule, id)) return errors::malformed_id(Kind::security_group_rule, id);
      const auto owner = TRY(owner_of_part(*txn, call.scope, id));
      if (!owner) return errors::not_found(Kind::security_group_rule, id);
      GroupRecord group = TRY(kGroups.get(*txn, call.scope, *owner));
      RuleRecord rule = *std::ranges::find(group.rules, id, &RuleRecord::id);
      found.push_back({.group = std::move(group), .rule = std::move(rule)});
    }
  } else {
    for (const GroupRecord& group : TRY(kGroups.all(*txn, call.scope))) {
      for (const RuleRecord& rule : group.rules) found.push_back({.group = group, .rule = rule});
    }
  }
  std::ranges::sort(found, {}, [](const GroupRule& each) -> const std::string& { return each.rule.id; });
  const size_t limit = input.max_results ? static_cast<size_t>(*input.max_results) : SIZE_MAX;
  DescribeSecurityGroupRulesOutput output{.security_group_rules = std::vector<SecurityGroupRule>()};
  for (const GroupRule& each : found) {
    if (each.rule.id <= after) continue;
    const TagMap tags = TRY(tags_of(*txn, call.scope, each.rule.id));
    const Lookup lookup{.txn = *txn, .scope = call.scope};
    if (!TRY(matches<GroupRule>(input.filters, kGroupRuleFilters, lookup, each, tags))) continue;
    if (output.security_group_rules->size() == limit) {
      output.next_token = make_token(*output.security_group_rules->back().security_group_rule_id);
      break;
    }
    output.security_group_rules->push_back(to_wire(call.scope, each.group, each.rule, tags));
  }
  return output;
}

}  // namespace aerolith::ec2
