// Peerings beyond their operations: what a change of one VPC means to those at the other ends.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/ec2/cloud.h"
#include "services/ec2/network_tables.h"

namespace aerolith::ec2 {

// Where `vpc` stands in it, and the other one.
const PeeringSide& other_side(const PeeringRecord& peering, const std::string& vpc);
// Those that the VPC takes part in, whatever became of them.
Result<std::vector<PeeringRecord>> peerings_of(metadata::ReadTransaction& txn, const Scope& scope,
                                               const std::string& vpc);
std::vector<std::string> blocks_of(const VpcRecord& vpc);
bool overlap(const std::vector<std::string>& blocks, const std::vector<std::string>& others);
// The VPC has one more block, `added`, or one less: its peerings that may still come into force, or are, show so. What
// AWS refuses is an error; what a block of the accepter's makes impossible has failed afterwards.
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html#add-cidr-block-restrictions
Result<> follow_blocks(metadata::Transaction& txn, const Scope& scope, const VpcRecord& vpc, const std::string& added,
                       Timestamp now);
struct PeeringEnd {
  std::string_view status;  // deleted, rejected, failed, expired
  std::string account;      // whose doing it was; empty: nobody's
  Timestamp at;
};
void end_peering(PeeringRecord& peering, const PeeringEnd& end);
// Requests that nobody has answered in time expire, and the account forgets what ended long ago. Nothing else does:
// it is to be called before peerings are listed.
// https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-lifecycle
Result<> tidy_peerings(metadata::Transaction& txn, const Scope& scope, Timestamp now);
// With both accounts.
void put_peering(metadata::Transaction& txn, const Scope& scope, const PeeringRecord& peering);

// After a commit that may have changed who is in a group of the VPC: those at the other ends of its active peerings
// whose rules name groups of other VPCs are to be settled, since the addresses of the members stand in their rules.
void settle_peers(const Cloud& cloud, const Scope& scope, const std::string& vpc);
// After a commit that has changed the VPC's blocks: all of them.
void settle_all_peers(const Cloud& cloud, const Scope& scope, const std::string& vpc);

}  // namespace aerolith::ec2
