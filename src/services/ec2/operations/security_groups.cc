#include <fmt/format.h>

#include <array>

#include "ec2/operations/create_security_group.h"
#include "ec2/operations/delete_security_group.h"
#include "ec2/operations/describe_security_groups.h"
#include "services/ec2/describe.h"
#include "services/ec2/group_filters.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/rules.h"
#include "services/ec2/tags.h"
#include "services/ec2/vpcs.h"

namespace aerolith::ec2 {
namespace {

constexpr size_t kMaxGroupsOfRegion = 2500;

template <Way way, auto project>
Result<Strings> of_rules(const Lookup&, const GroupRecord& record) {
  Strings result;
  for (const RuleRecord& rule : record.rules) {
    if (!is_of(rule, way)) continue;
    std::string value = project(rule);
    if (!value.empty()) result.push_back(std::move(value));
  }
  return result;
}

constexpr auto kCidr = [](const RuleRecord& r) { return r.cidr_v4; };
constexpr auto kCidrV6 = [](const RuleRecord& r) { return r.cidr_v6; };
constexpr auto kGroup = [](const RuleRecord& r) { return r.group; };
constexpr auto kPrefixList = [](const RuleRecord& r) { return r.prefix_list; };
constexpr auto kProtocol = [](const RuleRecord& r) { return r.protocol; };
constexpr auto kUser = [](const RuleRecord& r) { return r.group_account; };
constexpr auto kFrom = [](const RuleRecord& r) {
  return r.protocol == "-1" ? std::string() : std::to_string(r.from_port);
};
constexpr auto kTo = [](const RuleRecord& r) { return r.protocol == "-1" ? std::string() : std::to_string(r.to_port); };

// Names of this account's groups that are the rules' sources or destinations.
template <Way way>
Result<Strings> peer_names(const Lookup& at, const GroupRecord& record) {
  Strings result;
  for (const std::string& id : TRY((of_rules<way, kGroup>(at, record)))) {
    if (const auto group = TRY(kGroups.find(at.txn, at.scope, id))) result.push_back(group->name);
  }
  return result;
}

using GroupFilter = FilterDefinition<GroupRecord>;
constexpr std::array kGroupFilters{
    kGroupId,
    kGroupName,
    kGroupDescription,
    kGroupVpc,
    GroupFilter{"ip-permission.cidr", &of_rules<Way::in, kCidr>},
    GroupFilter{"ip-permission.ipv6-cidr", &of_rules<Way::in, kCidrV6>},
    GroupFilter{"ip-permission.group-id", &of_rules<Way::in, kGroup>},
    GroupFilter{"ip-permission.group-name", &peer_names<Way::in>},
    GroupFilter{"ip-permission.prefix-list-id", &of_rules<Way::in, kPrefixList>},
    GroupFilter{"ip-permission.protocol", &of_rules<Way::in, kProtocol>},
    GroupFilter{"ip-permission.user-id", &of_rules<Way::in, kUser>},
    GroupFilter{"ip-permission.from-port", &of_rules<Way::in, kFrom>},
    GroupFilter{"ip-permission.to-port", &of_rules<Way::in, kTo>},
    GroupFilter{"egress.ip-permission.cidr", &of_rules<Way::out, kCidr>},
    GroupFilter{"egress.ip-permission.ipv6-cidr", &of_rules<Way::out, kCidrV6>},
    GroupFilter{"egress.ip-permission.group-id", &of_rules<Way::out, kGroup>},
    GroupFilter{"egress.ip-permission.group-name", &peer_names<Way::out>},
    GroupFilter{"egress.ip-permission.prefix-list-id", &of_rules<Way::out, kPrefixList>},
    GroupFilter{"egress.ip-permission.protocol", &of_rules<Way::out, kProtocol>},
    GroupFilter{"egress.ip-permission.user-id", &of_rules<Way::out, kUser>},
    GroupFilter{"egress.ip-permission.from-port", &of_rules<Way::out, kFrom>},
    GroupFilter{"egress.ip-permission.to-port", &of_rules<Way::out, kTo>},
};

SecurityGroup to_wire(const Scope& scope, const GroupRecord& record, const TagMap& tags) {
  return {.group_id = record.id,
          .ip_permissions_egress = gather(record.rules, Way::out),
          .tags = wire_tags(tags),
          .vpc_id = record.vpc,
          .security_group_arn = make_arn(scope, Kind::security_group, record.id),
          .owner_id = scope.account.str(),
          .group_name = record.name,
          .description = record.description,
          .ip_permissions = gather(record.rules, Way::in)};
}

Result<> check_text(std::string_view parameter, const std::string& text) {
  constexpr std::string_view kAllowed = " ._-:/()#,@[]+=&;{}!$*";
  const bool fine = std::ranges::all_of(text, [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || kAllowed.find(c) != std::string_view::npos;
  });
  if (text.empty()) return errors::missing_parameter(parameter);
  if (fine && text.size() <= 255) return {};
  return errors::invalid_parameter(fmt::format(
      "Value ({}) for parameter {} is invalid. Character sets beyond ASCII are not supported.", text, parameter));
}

std::string name_key(const std::string& vpc, const std::string& name) { return "security-group/" + vpc + "/" + name; }

// Ids of groups that the names of the default VPC stand for.
Result<std::optional<Strings>> ids_of_names(metadata::ReadTransaction& txn, const Scope& scope,
                                            const DescribeSecurityGroupsInput& input) {
  if (!input.group_names || input.group_names->empty()) return input.group_ids;
  const auto vpc = TRY(find_default_vpc(txn, scope));
  Strings ids = input.group_ids.value_or(Strings());
  for (const std::string& name : *input.group_names) {
    const std::string key = name_key(vpc ? vpc->id : "", name);
    const auto found = TRY(kNames.get(txn, {scope.account, scope.region, key}));
    if (!found) {
      return errors::of(
          "InvalidGroup.NotFound",
          fmt::format("The security group '{}' does not exist in default VPC '{}'", name, vpc ? vpc->id : "none"));
    }
    ids.push_back(found->owner);
  }
  return std::optional(std::move(ids));
}

Result<> check_deletable(metadata::ReadTransaction& txn, const Scope& scope, const GroupRecord& group) {
  if (group.name == "default") {
    return errors::of("CannotDelete", fmt::format("the specified group: \"{}\" name: \"default\" cannot be deleted by "
                                                  "a user",
                                                  group.id));
  }
  const auto dependent = [&] {
    return errors::dependency(fmt::format("resource {} has a dependent object", group.id));
  };
  for (const InterfaceRecord& interface : TRY(kInterfaces.in_vpc(txn, scope, group.vpc))) {
    if (std::ranges::find(interface.groups, group.id) != interface.groups.end()) return dependent();
  }
  for (const GroupRecord& other : TRY(kGroups.in_vpc(txn, scope, group.vpc))) {
    if (other.id == group.id) continue;
    if (std::ranges::find(other.rules, group.id, &RuleRecord::group) != other.rules.end()) return dependent();
  }
  return {};
}

// By its id, or by its name in the default VPC.
template <typename Input>
Result<GroupRecord> find_group(metadata::ReadTransaction& txn, const Scope& scope, const Input& input) {
  if (input.group_id) return kGroups.get(txn, scope, *input.group_id);
  if (!input.group_name) {
    return errors::of("MissingParameter", "The request must contain the parameter groupName or groupId");
  }
  const auto vpc = TRY(find_default_vpc(txn, scope));
  const std::string key = name_key(vpc ? vpc->id : "", *input.group_name);
  const auto found = TRY(kNames.get(txn, {scope.account, scope.region, key}));
  if (!found) return errors::not_found(Kind::security_group, *input.group_name);
  return kGroups.get(txn, scope, found->owner);
}

}  // namespace

Result<DescribeSecurityGroupsOutput> describe_security_groups(Call& call, const DescribeSecurityGroupsInput& input) {
  const auto txn = call.read();
  const auto ids = TRY(ids_of_names(*txn, call.scope, input));
  const auto page = TRY(describe<GroupRecord>(*txn, call.scope, kGroups, kGroupFilters,
                                              {ids, input.filters, input.max_results, input.next_token}));
  DescribeSecurityGroupsOutput output{.next_token = page.next_token, .security_groups = std::vector<SecurityGroup>()};
  for (const auto& [record, tags] : page.items) output.security_groups->push_back(to_wire(call.scope, record, tags));
  return output;
}

Result<CreateSecurityGroupOutput> create_security_group(Call& call, const CreateSecurityGroupInput& input) {
  TRY(check_text("groupName", *input.group_name));
  TRY(check_text("groupDescription", *input.description));
  if (input.group_name->starts_with("sg-")) {
    return errors::invalid_parameter(
        fmt::format("Invalid value '{}' for groupName. Group names may not be in the format sg-*", *input.group_name));
  }
  if (*input.group_name == "default") {
    return errors::of("InvalidParameterValue", "Cannot use reserved security group name: default");
  }
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::security_group));
  auto group = TRY(call.write([&](metadata::Transaction& txn) -> Result<GroupRecord> {
    const VpcRecord vpc = TRY(vpc_or_default(txn, call.scope, input.vpc_id));
    const std::string key = name_key(vpc.id, *input.group_name);
    if (TRY(kNames.get(txn, {call.scope.account, call.scope.region, key}))) {
      return errors::of("InvalidGroup.Duplicate",
                        fmt::format("The security group '{}' already exists for VPC '{}'", *input.group_name, vpc.id));
    }
    if (TRY(members_of(txn, call.scope, vpc.id, Kind::security_group)).size() >= kMaxGroupsOfRegion) {
      return errors::of("SecurityGroupLimitExceeded", "The maximum number of security groups has been reached.");
    }
    GroupRecord record{.id = make_id(Kind::security_group),
                       .vpc = vpc.id,
                       .name = *input.group_name,
                       .description = *input.description};
    record.rules.push_back({.id = make_id(Kind::security_group_rule), .egress = true, .cidr_v4 = "0.0.0.0/0"});
    put_part(txn, call.scope, record.rules.front().id, record.id);
    kNames.put(txn, {call.scope.account, call.scope.region, key}, {.owner = record.id});
    kGroups.put(txn, call.scope, record);
    put_tags(txn, call.scope, record.id, tags);
    return record;
  }));
  call.settle_vpc(group.vpc);
  return CreateSecurityGroupOutput{.group_id = group.id,
                                   .tags = wire_tags_if_any(tags),
                                   .security_group_arn = make_arn(call.scope, Kind::security_group, group.id)};
}

Result<DeleteSecurityGroupOutput> delete_security_group(Call& call, const DeleteSecurityGroupInput& input) {
  auto group = TRY(call.write([&](metadata::Transaction& txn) -> Result<GroupRecord> {
    GroupRecord record = TRY(find_group(txn, call.scope, input));
    TRY(check_deletable(txn, call.scope, record));
    for (const RuleRecord& rule : record.rules) {
      erase_part(txn, call.scope, rule.id);
      put_tags(txn, call.scope, rule.id, {});
    }
    kNames.erase(txn, {call.scope.account, call.scope.region, name_key(record.vpc, record.name)});
    kGroups.erase(txn, call.scope, record);
    return record;
  }));
  call.settle_vpc(group.vpc);
  return DeleteSecurityGroupOutput{.return_ = true, .group_id = group.id};
}

}  // namespace aerolith::ec2
