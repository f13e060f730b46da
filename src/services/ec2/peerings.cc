#include "services/ec2/peerings.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "ec2/model/vpc.h"
#include "services/ec2/cidr.h"

namespace aerolith::ec2 {
namespace {

Scope scope_of(const Scope& scope, const PeeringSide& side) {
  return {.account = AccountId(side.account), .region = scope.region};
}

// How long an account sees one that has ended.
std::chrono::hours shown_for(const PeeringRecord& peering, const AccountId& account) {
  constexpr std::chrono::hours kShort(2);
  constexpr std::chrono::hours kLong(48);
  if (peering.status == "expired") return kLong;
  if (peering.status == "failed" || peering.requester.account == peering.accepter.account) return kShort;
  return peering.ended_by == account.view() ? kShort : kLong;
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

enum class Told : uint8_t { all, who_name_groups };

Result<> tell_peers(const Cloud& cloud, const Scope& scope, const std::string& vpc, Told told) {
  const auto txn = cloud.metadata.begin_read();
  for (const PeeringRecord& peering : TRY(peerings_of(*txn, scope, vpc))) {
    if (peering.status != "active") continue;
    const PeeringSide& other = other_side(peering, vpc);
    const Scope there = scope_of(scope, other);
    const bool is_told = told == Told::all || TRY(names_foreign_groups(*txn, there, other.vpc));
    if (is_told) cloud.vpc_changed(there, other.vpc);
  }
  return {};
}

// The change is in the store: it comes into force at the latest when the daemon starts again.
void log_failure(const Result<>& told) {
  if (!told.has_value()) log_error("ec2: peered VPCs aren't told of a change", {{"detail", told.error().message}});
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

void end_peering(PeeringRecord& peering, const PeeringEnd& end) {
  peering.status = end.status;
  peering.ended_at = end.at;
  peering.ended_by = end.account;
}

Result<> tidy_peerings(metadata::Transaction& txn, const Scope& scope, Timestamp now) {
  for (PeeringRecord& peering : TRY(kPeerings.all(txn, scope))) {
    if (peering.status == "active" || peering.is_pending(now)) continue;
    if (peering.status == "pending-acceptance") {
      end_peering(peering, {.status = "expired", .account = {}, .at = peering.expires_at});
      put_peering(txn, scope, peering);
    } else if (!peering.ended_at) {
      // Of an earlier version.
      peering.ended_at = now;
      kPeerings.put(txn, scope, peering);
    }
    if (now - *peering.ended_at > shown_for(peering, scope.account)) kPeerings.erase(txn, scope, peering);
  }
  return {};
}

void put_peering(metadata::Transaction& txn, const Scope& scope, const PeeringRecord& peering) {
  for (const PeeringSide* side : {&peering.requester, &peering.accepter}) {
    kPeerings.put(txn, scope_of(scope, *side), peering);
  }
}

void settle_peers(const Cloud& cloud, const Scope& scope, const std::string& vpc) {
  log_failure(tell_peers(cloud, scope, vpc, Told::who_name_groups));
}

void settle_all_peers(const Cloud& cloud, const Scope& scope, const std::string& vpc) {
  log_failure(tell_peers(cloud, scope, vpc, Told::all));
}

std::vector<std::string> blocks_of(const VpcRecord& vpc) {
  std::vector<std::string> result;
  for (const CidrAssociation& each : vpc.cidrs) result.push_back(each.cidr);
  return result;
}

bool overlap(const std::vector<std::string>& blocks, const std::vector<std::string>& others) {
  return std::ranges::any_of(blocks, [&](const std::string& a) {
    return std::ranges::any_of(others, [&](const std::string& b) { return parse_cidr(a)->overlaps(*parse_cidr(b)); });
  });
}

Result<> follow_blocks(metadata::Transaction& txn, const Scope& scope, const VpcRecord& vpc, const std::string& added,
                       Timestamp now) {
  for (PeeringRecord& peering : TRY(peerings_of(txn, scope, vpc.id))) {
    const bool is_pending = peering.is_pending(now);
    if (!is_pending && peering.status != "active") continue;
    const bool is_requester = peering.requester.vpc == vpc.id;
    if (!added.empty() && is_pending && is_requester) {
      return errors::not_permitted(
          fmt::format("The vpc '{}' has requested the peering {}, which is pending acceptance: it can't get a CIDR "
                      "block until that has been accepted or deleted.",
                      vpc.id, peering.id));
    }
    if (!added.empty() && overlap({added}, other_side(peering, vpc.id).cidrs)) {
      if (!is_pending) {
        return errors::of("InvalidVpc.Range", fmt::format("The CIDR '{}' conflicts with one of the VPC that is peered "
                                                          "by {}.",
                                                          added, peering.id));
      }
      end_peering(peering, {.status = "failed", .account = scope.account.str(), .at = now});
    }
    (is_requester ? peering.requester : peering.accepter).cidrs = blocks_of(vpc);
    put_peering(txn, scope, peering);
  }
  return {};
}

}  // namespace aerolith::ec2
