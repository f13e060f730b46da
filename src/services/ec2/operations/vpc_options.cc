// VPCs: their tenancy, and what none of them has.
#include "ec2/operations/describe_security_group_references.h"
#include "ec2/operations/describe_stale_security_groups.h"
#include "ec2/operations/describe_vpc_block_public_access_options.h"
#include "ec2/operations/modify_vpc_tenancy.h"
#include "services/ec2/describe.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/vpcs.h"

namespace aerolith::ec2 {

// A dedicated one becomes one of the default tenancy; never the other way round.
Result<ModifyVpcTenancyOutput> modify_vpc_tenancy(Call& call, const ModifyVpcTenancyInput& input) {
  if (*input.instance_tenancy != "default") {
    return errors::of("UnsupportedTenancy", "The tenancy value " + *input.instance_tenancy + " is not supported.");
  }
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    VpcRecord vpc = TRY(kVpcs.get(txn, call.scope, input.vpc_id));
    vpc.tenancy = "default";
    kVpcs.put(txn, call.scope, vpc);
    return {};
  }));
  return ModifyVpcTenancyOutput{.return_value = true};
}

Result<DescribeVpcBlockPublicAccessOptionsOutput> describe_vpc_block_public_access_options(
    Call& call, const DescribeVpcBlockPublicAccessOptionsInput& /*input*/) {
  return DescribeVpcBlockPublicAccessOptionsOutput{
      .vpc_block_public_access_options = VpcBlockPublicAccessOptions{.aws_account_id = call.scope.account.str(),
                                                                     .aws_region = call.scope.region.str(),
                                                                     .state = "default-state",
                                                                     .internet_gateway_block_mode = "off",
                                                                     .managed_by = "account",
                                                                     .exclusions_allowed = "allowed"}};
}

// Rules name groups of their own VPC only: none of them is stale, and no VPC beyond a peering names one.
Result<DescribeStaleSecurityGroupsOutput> describe_stale_security_groups(
    Call& call, const DescribeStaleSecurityGroupsInput& input) {
  TRY(kVpcs.get(*call.read(), call.scope, input.vpc_id));
  return DescribeStaleSecurityGroupsOutput{.stale_security_group_set = std::vector<StaleSecurityGroup>()};
}

Result<DescribeSecurityGroupReferencesOutput> describe_security_group_references(
    Call& call, const DescribeSecurityGroupReferencesInput& input) {
  TRY(find_all<GroupRecord>(*call.read(), call.scope, kGroups, *input.group_id));
  return DescribeSecurityGroupReferencesOutput{.security_group_reference_set = std::vector<SecurityGroupReference>()};
}

}  // namespace aerolith::ec2
