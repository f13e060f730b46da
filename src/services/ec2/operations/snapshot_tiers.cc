// Snapshots go into the archive tier and come back.
// https://docs.aws.amazon.com/ebs/latest/userguide/snapshot-archive.html
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/step.h"
#include "ec2/operations/describe_snapshot_tier_status.h"
#include "ec2/operations/modify_snapshot_tier.h"
#include "ec2/operations/restore_snapshot_tier.h"
#include "services/ec2/describe.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/snapshot_storage.h"
#include "services/ec2/snapshots.h"
#include "services/ec2/tags.h"

namespace aerolith::ec2 {
namespace {

constexpr int32_t kMostRestoreDays = 180;
constexpr int32_t kAllOfTier = 100;

// "archival-in-progress", …
std::string status_of(const SnapshotTierRecord& tier) {
  constexpr std::array<std::string_view, 3> kOperations{"archival", "temporary-restore", "permanent-restore"};
  constexpr std::array<std::string_view, 3> kProgress{"in-progress", "completed", "failed"};
  return fmt::format("{}-{}", kOperations.at(static_cast<size_t>(tier.operation)),
                     kProgress.at(static_cast<size_t>(tier.progress)));
}

std::unexpected<CallError> incorrect_state(const SnapshotRecord& snapshot, std::string_view why) {
  return errors::of("IncorrectState", fmt::format("The snapshot {} {}.", snapshot.id, why));
}

Result<> check_may_archive(metadata::ReadTransaction& txn, const Scope& scope, const SnapshotRecord& snapshot) {
  if (snapshot.state != SnapshotState::completed) {
    return incorrect_state(snapshot,
                           fmt::format("is {}: only a completed one can be archived", name_of(snapshot.state)));
  }
  for (const ImageRecord& image : TRY(kImages.all(txn, image_scope(scope)))) {
    if (std::ranges::find(image.devices, snapshot.id, &BlockDeviceRecord::snapshot) == image.devices.end()) continue;
    return errors::of("InvalidSnapshot.InUse",
                      fmt::format("The snapshot {} is currently in use by {}", snapshot.id, image.id));
  }
  if (TRY(has_fast_restores(txn, scope, snapshot.id))) {
    return incorrect_state(snapshot, "is enabled for fast snapshot restore: disable that first");
  }
  return {};
}

struct Tiered {
  SnapshotRecord snapshot;
  std::optional<SnapshotTierRecord> tier;
};
using TieredFilter = FilterDefinition<Tiered>;
constexpr std::array kTieredFilters{
    TieredFilter{"snapshot-id",
                 [](const Lookup&, const Tiered& r) -> Result<Strings> { return Strings{r.snapshot.id}; }},
    TieredFilter{"volume-id",
                 [](const Lookup&, const Tiered& r) -> Result<Strings> { return Strings{r.snapshot.volume}; }},
    TieredFilter{"last-tiering-operation",
                 [](const Lookup&, const Tiered& r) -> Result<Strings> {
                   return r.tier ? Strings{status_of(*r.tier)} : Strings();
                 }},
};

SnapshotTierStatus show(const Tiered& tiered, const TagMap& tags) {
  SnapshotTierStatus shown{.snapshot_id = tiered.snapshot.id,
                           .volume_id = tiered.snapshot.volume,
                           .status = std::string(name_of(tiered.snapshot.state)),
                           .owner_id = tiered.snapshot.owner,
                           .tags = wire_tags(tags),
                           .storage_tier = tiered.tier && tiered.tier->is_archived ? "archive" : "standard"};
  if (!tiered.tier) return shown;
  shown.last_tiering_start_time = tiered.tier->started_at;
  shown.last_tiering_progress = tiered.tier->progress == TierProgress::completed ? kAllOfTier : 0;
  shown.last_tiering_operation_status = status_of(*tiered.tier);
  if (!tiered.tier->failure.empty()) shown.last_tiering_operation_status_detail = tiered.tier->failure;
  shown.archival_complete_time = tiered.tier->archived_at;
  shown.restore_expiry_time = tiered.tier->restored_until;
  return shown;
}

// Of one that is archived, or restored for a while.
Result<SnapshotTierRecord> get_restorable(metadata::ReadTransaction& txn, const Scope& scope,
                                          const SnapshotRecord& snapshot) {
  const auto tier = TRY(find_tier(txn, scope, snapshot));
  if (tier && tier->progress == TierProgress::in_progress) {
    return incorrect_state(snapshot, fmt::format("is in the state {}", status_of(*tier)));
  }
  if (tier && (tier->is_archived || tier->restored_until)) return *tier;
  return incorrect_state(snapshot, "is not archived");
}

}  // namespace

Result<ModifySnapshotTierOutput> modify_snapshot_tier(Call& call, const ModifySnapshotTierInput& input) {
  if (!input.storage_tier) return errors::missing_parameter("StorageTier");
  const Timestamp now = call.context.now;
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    const SnapshotRecord snapshot = TRY(get_own_snapshot(txn, call.scope, *input.snapshot_id));
    TRY(check_may_archive(txn, call.scope, snapshot));
    SnapshotTierRecord tier = TRY(find_tier(txn, call.scope, snapshot)).value_or(SnapshotTierRecord());
    const bool is_moving = tier.started_at != Timestamp() && tier.progress == TierProgress::in_progress;
    if (is_moving) return incorrect_state(snapshot, fmt::format("is in the state {}", status_of(tier)));
    if (tier.is_archived) return incorrect_state(snapshot, "is archived already");
    tier.operation = TierOperation::archival;
    tier.progress = TierProgress::in_progress;
    tier.started_at = now;
    tier.failure.clear();
    tier.restored_until.reset();
    kSnapshotTiers.put(txn, {call.scope.account, call.scope.region, snapshot.id}, tier);
    return {};
  }));
  step("modify-snapshot-tier/committed");
  if (!call.dry_run) call.cloud.storage_changed(call.scope, *input.snapshot_id);
  return ModifySnapshotTierOutput{.snapshot_id = *input.snapshot_id, .tiering_start_time = now};
}

// Of one that is restored for a while, it says for how long from now on, or that it stays.
Result<RestoreSnapshotTierOutput> restore_snapshot_tier(Call& call, const RestoreSnapshotTierInput& input) {
  const bool is_permanent = input.permanent_restore.value_or(false);
  if (is_permanent && input.temporary_restore_days) {
    return errors::invalid_combination("Either PermanentRestore or TemporaryRestoreDays can be specified, not both.");
  }
  if (!is_permanent && !input.temporary_restore_days) return errors::missing_parameter("TemporaryRestoreDays");
  const int32_t days = input.temporary_restore_days.value_or(0);
  if (!is_permanent && (days < 1 || days > kMostRestoreDays)) {
    return errors::invalid_value("TemporaryRestoreDays", std::to_string(days),
                                 fmt::format("It must be between 1 and {}.", kMostRestoreDays));
  }
  const Timestamp now = call.context.now;
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    const SnapshotRecord snapshot = TRY(get_own_snapshot(txn, call.scope, *input.snapshot_id));
    SnapshotTierRecord tier = TRY(get_restorable(txn, call.scope, snapshot));
    tier.operation = is_permanent ? TierOperation::permanent_restore : TierOperation::temporary_restore;
    tier.progress = TierProgress::in_progress;
    tier.started_at = now;
    tier.failure.clear();
    tier.restore_days = days;
    kSnapshotTiers.put(txn, {call.scope.account, call.scope.region, snapshot.id}, tier);
    return {};
  }));
  step("restore-snapshot-tier/committed");
  if (!call.dry_run) call.cloud.storage_changed(call.scope, *input.snapshot_id);
  RestoreSnapshotTierOutput output{
      .snapshot_id = *input.snapshot_id, .restore_start_time = now, .is_permanent_restore = is_permanent};
  if (!is_permanent) output.restore_duration = days;
  return output;
}

Result<DescribeSnapshotTierStatusOutput> describe_snapshot_tier_status(Call& call,
                                                                       const DescribeSnapshotTierStatusInput& input) {
  TRY(check_filters<Tiered>(input.filters, kTieredFilters));
  TRY(check_max_results(input.max_results, 1, 1000));
  const auto txn = call.read();
  const std::string after = TRY(read_token(input.next_token));
  const size_t limit = input.max_results ? static_cast<size_t>(*input.max_results) : SIZE_MAX;
  const Lookup lookup{.txn = *txn, .scope = call.scope};
  std::vector<SnapshotTierStatus> statuses;
  DescribeSnapshotTierStatusOutput output;
  for (const SnapshotRecord& each : TRY(kSnapshots.all(*txn, snapshot_scope(call.scope)))) {
    if (each.id <= after || each.is_hidden() || each.owner != call.scope.account.view()) continue;
    const Tiered tiered{.snapshot = each, .tier = TRY(find_tier(*txn, call.scope, each))};
    const TagMap tags = TRY(tags_of(*txn, call.scope, each.id));
    if (!TRY(matches<Tiered>(input.filters, kTieredFilters, lookup, tiered, tags))) continue;
    if (statuses.size() == limit) {
      output.next_token = make_token(*statuses.back().snapshot_id);
      break;
    }
    statuses.push_back(show(tiered, tags));
  }
  output.snapshot_tier_statuses = std::move(statuses);
  return output;
}

}  // namespace aerolith::ec2
