// Peerings beyond their operations: what a change of one VPC means to those at the other ends.
#pragma once

#include <string>
#include <vector>

#include "services/ec2/cloud.h"
#include "services/ec2/network_tables.h"

namespace aerolith::ec2 {

// Where `vpc` stands in it, and the other one.
const PeeringSide& other_side(const PeeringRecord& peering, const std::string& vpc);
// Those that the VPC takes part in, whatever became of them.
Result<std::vector<PeeringRecord>> peerings_of(metadata::ReadTransaction& txn, const Scope& scope,
                                               const std::string& vpc);
// With both accounts.
void put_peering(metadata::Transaction& txn, const Scope& scope, const PeeringRecord& peering);

// After a commit that may have changed who is in a group of the VPC: those at the other ends of its active peerings
// whose rules name groups of other VPCs are to be settled, since the addresses of the members stand in their rules.
void settle_peers(const Cloud& cloud, const Scope& scope, const std::string& vpc);

}  // namespace aerolith::ec2
