#include <array>

#include "ec2/operations/get_security_groups_for_vpc.h"
#include "services/ec2/describe.h"
#include "services/ec2/group_filters.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/tags.h"

namespace aerolith::ec2 {
namespace {

constexpr std::array kGroupsForVpcFilters{
    kGroupId,
    kGroupName,
    kGroupDescription,
    GroupFilter{"primary-vpc-id", kGroupVpc.values},
};

}  // namespace

// Groups belong to one VPC here: those that may be used in it are its own.
Result<GetSecurityGroupsForVpcOutput> get_security_groups_for_vpc(Call& call,
                                                                  const GetSecurityGroupsForVpcInput& input) {
  TRY(check_filters<GroupRecord>(input.filters, kGroupsForVpcFilters));
  const auto txn = call.read();
  const VpcRecord vpc = TRY(kVpcs.get(*txn, call.scope, input.vpc_id));
  const std::string after = TRY(read_token(input.next_token));
  const Lookup lookup{.txn = *txn, .scope = call.scope};
  GetSecurityGroupsForVpcOutput output{.security_group_for_vpcs = std::vector<SecurityGroupForVpc>()};
  auto& shown = *output.security_group_for_vpcs;
  for (const GroupRecord& group : TRY(kGroups.in_vpc(*txn, call.scope, vpc.id))) {  // in the order of ids
    if (group.id <= after) continue;
    const TagMap tags = TRY(tags_of(*txn, call.scope, group.id));
    if (!TRY(matches<GroupRecord>(input.filters, kGroupsForVpcFilters, lookup, group, tags))) continue;
    if (input.max_results && shown.size() == static_cast<size_t>(*input.max_results)) {
      output.next_token = make_token(*shown.back().group_id);
      break;
    }
    shown.push_back({.description = group.description,
                     .group_name = group.name,
                     .owner_id = call.scope.account.str(),
                     .group_id = group.id,
                     .tags = wire_tags(tags),
                     .primary_vpc_id = vpc.id});
  }
  return output;
}

}  // namespace aerolith::ec2
