#include "services/ec2/peerings.h"

#include <algorithm>

#include "base/log.h"
#include "ec2/model/vpc.h"

namespace aerolith::ec2 {
namespace {

Scope scope_of(const Scope& scope, const PeeringSide& side) {
  return {.account = AccountId(side.account), .region = scope.region};
}

// Whether a rule of the VPC at that end names a group that isn't its own.
Result<bool> names_foreign_groups(metadata::ReadTransaction& txn, const Scope& scope, const std::string& vpc) {
  const std::vector<GroupRecord> groups = TRY(kGroups.in_vpc(txn, scope, vpc));
  for (const GroupRecord& group : groups) {
    for (const RuleRecord& rule : group.rules) {
      if (!rule.group.empty() && std::ranges::find(groups, rule.group, &GroupRecord::id) == groups.end()) return true;
    }
  }
  return false;
}

Result<> tell_peers(const Cloud& cloud, const Scope& scope, const std::string& vpc) {
  const auto txn = cloud.metadata.begin_read();
  for (const PeeringRecord& peering : TRY(peerings_of(*txn, scope, vpc))) {
    if (peering.status != "active") continue;
    const PeeringSide& other = other_side(peering, vpc);
    const Scope there = scope_of(scope, other);
    if (TRY(names_foreign_groups(*txn, there, other.vpc))) cloud.vpc_changed(there, other.vpc);
  }
  return {};
}

}  // namespace

const PeeringSide& other_side(const PeeringRecord& peering, const std::string& vpc) {
  return peering.requester.vpc == vpc ? peering.accepter : peering.requester;
}

Result<std::vector<PeeringRecord>> peerings_of(metadata::ReadTransaction& txn, const Scope& scope,
                                               const std::string& vpc) {
  std::vector<PeeringRecord> result = TRY(kPeerings.all(txn, scope));
  std::erase_if(result,
                [&](const PeeringRecord& each) { return each.requester.vpc != vpc && each.accepter.vpc != vpc; });
  return result;
}

void put_peering(metadata::Transaction& txn, const Scope& scope, const PeeringRecord& peering) {
  for (const PeeringSide* side : {&peering.requester, &peering.accepter}) {
    kPeerings.put(txn, scope_of(scope, *side), peering);
  }
}

void settle_peers(const Cloud& cloud, const Scope& scope, const std::string& vpc) {
  const auto told = tell_peers(cloud, scope, vpc);
  // The change is in the store: it comes into force at the latest when the daemon starts again.
  if (!told.has_value()) log_error("ec2: peered VPCs aren't told of a change", {{"detail", told.error().message}});
}

}  // namespace aerolith::ec2
