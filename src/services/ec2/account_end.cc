#include "services/ec2/account_end.h"

#include <fmt/format.h>

#include "metadata/erase_rows.h"
#include "services/ec2/cidr_reservations.h"
#include "services/ec2/encryption.h"
#include "services/ec2/flow_logs.h"
#include "services/ec2/import_tables.h"
#include "services/ec2/instance_tables.h"
#include "services/ec2/launch_defaults.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/placement_groups.h"
#include "services/ec2/prefix_list_versions.h"
#include "services/ec2/public_sharing.h"
#include "services/ec2/recycle_bin.h"
#include "services/ec2/root_replacement.h"
#include "services/ec2/snapshot_locks.h"
#include "services/ec2/snapshot_storage.h"
#include "services/ec2/snapshot_tables.h"

namespace aerolith::ec2 {
namespace {

using metadata::Direction;

template <typename Table, typename Counts>
metadata::Result<> add_count(metadata::ReadTransaction& txn, const Table& table, const AccountId& account,
                             std::string_view noun, Counts counts, std::vector<std::string>& content) {
  size_t count = 0;
  auto rows = table.scan(txn, Direction::forward, account);
  while (TRY(rows.next())) count += counts(TRY(rows.record())) ? 1 : 0;
  if (count > 0) content.push_back(fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s"));
  return {};
}

template <typename... Tables>
metadata::Result<> erase_all(metadata::Transaction& txn, const AccountId& account, const Tables&... tables) {
  metadata::Result<> done;
  (void)((done = metadata::erase_rows(txn, tables, account), done.has_value()) && ...);
  return done;
}

}  // namespace

metadata::Result<std::vector<std::string>> find_account_content(metadata::ReadTransaction& txn,
                                                                const AccountId& account) {
  const auto every = [](const auto&) { return true; };
  std::vector<std::string> content;
  TRY(add_count(
      txn, kInstances.rows(), account, "instance",
      [](const InstanceRecord& each) { return each.state != LifeState::terminated; }, content));
  TRY(add_count(txn, kVolumes.rows(), account, "volume", every, content));
  // Images are found by all: their rows are of no account.
  TRY(add_count(
      txn, kImages.rows(), AccountId(), "image", [&](const ImageRecord& each) { return each.owner == account.view(); },
      content));
  TRY(add_count(
      txn, kSnapshots.rows(), AccountId(), "snapshot",
      [&](const SnapshotRecord& each) { return each.owner == account.view(); }, content));
  const auto is_at_work = [](const ImportRecord& each) { return !each.is_over(); };
  TRY(add_count(txn, kImageImports.rows(), account, "image import", is_at_work, content));
  TRY(add_count(txn, kSnapshotImports.rows(), account, "snapshot import", is_at_work, content));
  TRY(add_count(txn, kBinStays, account, "retained resource", every, content));
  TRY(add_count(txn, kVpcs.rows(), account, "VPC", [](const VpcRecord& each) { return !each.is_default; }, content));
  TRY(add_count(txn, kElasticIps.rows(), account, "Elastic IP", every, content));
  TRY(add_count(txn, kNatGateways.rows(), account, "NAT gateway", every, content));
  TRY(add_count(txn, kKeyPairs.rows(), account, "key pair", every, content));
  TRY(add_count(txn, kLaunchTemplates.rows(), account, "launch template", every, content));
  TRY(add_count(txn, kPlacementGroups.rows(), account, "placement group", every, content));
  return content;
}

metadata::Result<> erase_account(metadata::Transaction& txn, const AccountId& account) {
  return erase_all(txn, account, kArrivals, kVpcs.rows(), kSubnets.rows(), kInternetGateways.rows(),
                   kRouteTables.rows(), kGroups.rows(), kAcls.rows(), kInterfaces.rows(), kPeerings.rows(),
                   kEndpoints.rows(), kPrefixLists.rows(), kDhcpOptions.rows(), kInstances.rows(), kUserData, kConsoles,
                   kTemplateVersions, kTags, kMembers, kParts, kNames, kTokens, kPrivateAddresses, kFlowLogs.rows(),
                   kImageImports.rows(), kSnapshotImports.rows(), kSnapshotLocks, kSnapshotTiers, kFastRestores,
                   kEncryption, kPublicSharing, kImageSharing, kLaunchDefaults, kPrefixListVersions,
                   kCidrReservations.rows(), kRootReplacements.rows());
}

}  // namespace aerolith::ec2
