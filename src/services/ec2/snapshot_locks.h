// Locks of snapshots: while one holds, nobody deletes the snapshot. What a lock forbids follows from its record and the
// clock; nothing is written when it passes from one state to the next.
// https://docs.aws.amazon.com/ebs/latest/userguide/ebs-snapshot-lock.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "services/ec2/snapshot_tables.h"

namespace aerolith::ec2 {

// Values are stored: they never change.
enum class LockMode : uint8_t { governance = 0, compliance = 1 };

struct SnapshotLockRecord {
  static constexpr uint32_t kVersion = 1;
  LockMode mode = LockMode::governance;
  Timestamp created_at;
  // One of them: so many days from when the snapshot was complete and locked, or a moment.
  std::optional<int32_t> days;
  std::optional<Timestamp> until;
  std::optional<int32_t> cool_off_hours;  // of compliance mode
  Timestamp cool_off_from;
};
template <class Archive>
void fields(Archive& archive, SnapshotLockRecord& r) {
  archive(r.mode, r.created_at, r.days, r.until, r.cool_off_hours, r.cool_off_from);
}

// By the snapshot's owner and its id. It goes with the snapshot, or is unlocked.
inline const metadata::Table<SnapshotLockRecord, AccountId, RegionName, std::string> kSnapshotLocks{
    "ec2.snapshot_lock"};

enum class LockState : uint8_t { governance, compliance_cooloff, compliance, expired };
std::string_view name_of(LockState state);

struct LockView {
  LockState state = LockState::governance;
  std::optional<Timestamp> starts_at;   // what it lasts counts from here; not before the snapshot is complete
  std::optional<Timestamp> expires_at;  // nullopt: not known before it starts
  std::optional<Timestamp> cool_off_ends_at;
};
LockView look_at(const SnapshotLockRecord& lock, const SnapshotRecord& snapshot, Timestamp now);

Result<std::optional<SnapshotLockRecord>> find_lock(metadata::ReadTransaction& txn, const Scope& scope,
                                                    const SnapshotRecord& snapshot);
// Whether it may not be deleted now.
Result<bool> is_locked(metadata::ReadTransaction& txn, const Scope& scope, const SnapshotRecord& snapshot,
                       Timestamp now);

}  // namespace aerolith::ec2
