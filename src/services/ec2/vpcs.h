// Making VPCs and subnets, with all that AWS makes along with them.
#pragma once

#include <string>

#include "services/ec2/cloud.h"
#include "services/ec2/network_tables.h"

namespace aerolith::ec2 {

// The first call of an account makes its default VPC: 172.31.0.0/16, a subnet /20 in each zone, an internet gateway.
// https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc-components.html
Result<> arrive(const Cloud& cloud, const Scope& scope, Timestamp now);

struct NewVpc {
  std::string cidr;
  std::string tenancy = "default";
  std::string dhcp_options;
  bool is_default = false;
};
// With its main route table, default security group and default network ACL.
VpcRecord make_vpc(metadata::Transaction& txn, const Scope& scope, const NewVpc& wanted);
VpcRecord make_default_vpc(metadata::Transaction& txn, const Scope& scope, const std::string& dhcp_options);

// In the VPC's default network ACL.
Result<> put_subnet(metadata::Transaction& txn, const Scope& scope, const VpcRecord& vpc, const SubnetRecord& subnet);
// Whether public addresses of its interfaces have names.
Result<bool> has_public_names(metadata::ReadTransaction& txn, const Scope& scope, const std::string& vpc);
Result<std::optional<VpcRecord>> find_default_vpc(metadata::ReadTransaction& txn, const Scope& scope);
// DefaultVpcDoesNotExist … VPCIdNotSpecified, as the calls answer that need one.
Result<VpcRecord> vpc_or_default(metadata::ReadTransaction& txn, const Scope& scope,
                                 const std::optional<std::string>& id);

}  // namespace aerolith::ec2
