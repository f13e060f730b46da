// Records as the wire shows them, where several operations do.
#pragma once

#include "ec2/model/network_acl.h"
#include "ec2/model/route_table.h"
#include "ec2/model/subnet.h"
#include "ec2/model/vpc.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/tags.h"

namespace aerolith::ec2 {

std::string shown_dhcp_options(const VpcRecord& vpc);
Vpc to_wire(const Scope& scope, const VpcRecord& record, const TagMap& tags);
Subnet to_wire(const Scope& scope, const SubnetRecord& record, const TagMap& tags, int64_t free_addresses);
RouteTable to_wire(const Scope& scope, const VpcRecord& vpc, const RouteTableRecord& record, const TagMap& tags);
NetworkAcl to_wire(const Scope& scope, const AclRecord& record, const TagMap& tags);

}  // namespace aerolith::ec2
