// How a completed snapshot's bytes are kept beside its blocks: with the file ready that volumes are children of (fast
// restore), or without any (the archive tier), where it has to be restored before it can be used.
// https://docs.aws.amazon.com/ebs/latest/userguide/ebs-fast-snapshot-restore.html
// https://docs.aws.amazon.com/ebs/latest/userguide/snapshot-archive.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "reconcile/queue.h"
#include "services/ec2/cloud.h"
#include "services/ec2/snapshot_tables.h"

namespace aerolith::ec2 {

// Values are stored: they never change.
enum class TierOperation : uint8_t { archival = 0, temporary_restore = 1, permanent_restore = 2 };
enum class TierProgress : uint8_t { in_progress = 0, completed = 1, failed = 2 };

// Of a snapshot that was archived once, or is about to be.
struct SnapshotTierRecord {
  static constexpr uint32_t kVersion = 1;
  bool is_archived = false;  // now, so that it can't be used
  TierOperation operation = TierOperation::archival;
  TierProgress progress = TierProgress::in_progress;
  Timestamp started_at;
  std::string failure;
  std::optional<Timestamp> archived_at;     // last
  int32_t restore_days = 0;                 // of a temporary restore
  std::optional<Timestamp> restored_until;  // then it is archived again
};
template <class Archive>
void fields(Archive& archive, SnapshotTierRecord& r) {
  archive(r.is_archived, r.operation, r.progress, r.started_at, r.failure, r.archived_at, r.restore_days,
          r.restored_until);
}

// Values are stored: they never change.
enum class FastRestoreState : uint8_t { enabling = 0, optimizing = 1, enabled = 2, disabling = 3 };
std::string_view name_of(FastRestoreState state);

struct FastRestoreRecord {
  static constexpr uint32_t kVersion = 1;
  FastRestoreState state = FastRestoreState::enabling;
  Timestamp enabling_at;
  std::optional<Timestamp> optimizing_at;
  std::optional<Timestamp> enabled_at;
  std::optional<Timestamp> disabling_at;
};
template <class Archive>
void fields(Archive& archive, FastRestoreRecord& r) {
  archive(r.state, r.enabling_at, r.optimizing_at, r.enabled_at, r.disabling_at);
}

// By the snapshot's owner and its id.
inline const metadata::Table<SnapshotTierRecord, AccountId, RegionName, std::string> kSnapshotTiers{
    "ec2.snapshot_tier"};
// By who asked for it, the snapshot and the zone.
inline const metadata::Table<FastRestoreRecord, AccountId, RegionName, std::string, std::string> kFastRestores{
    "ec2.fast_restore"};

Result<std::optional<SnapshotTierRecord>> find_tier(metadata::ReadTransaction& txn, const Scope& scope,
                                                    const SnapshotRecord& snapshot);
// IncorrectState of one that has to be restored first.
Result<> require_restored(metadata::ReadTransaction& txn, const Scope& scope, const SnapshotRecord& snapshot);
// By whomever.
Result<bool> has_fast_restores(metadata::ReadTransaction& txn, const Scope& scope, const std::string& snapshot);
Result<> erase_fast_restores(metadata::Transaction& txn, const Scope& scope, const std::string& snapshot);

// Does what the records say: the work behind a key of the queue that Cloud::storage_changed tells.
reconcile::Outcome settle_storage(const Cloud& cloud, const Clock& clock, std::string_view key);
// What is to be looked at when a process begins.
template <typename Look>
Result<> resume_storage(metadata::Store& store, const Look& look) {
  const auto txn = store.begin_read();
  auto tiers = kSnapshotTiers.scan(*txn, metadata::Direction::forward);
  while (TRY(tiers.next())) look(Scope{std::get<0>(tiers.key()), std::get<1>(tiers.key())}, std::get<2>(tiers.key()));
  auto fast = kFastRestores.scan(*txn, metadata::Direction::forward);
  while (TRY(fast.next())) look(Scope{std::get<0>(fast.key()), std::get<1>(fast.key())}, std::get<2>(fast.key()));
  return {};
}

}  // namespace aerolith::ec2
