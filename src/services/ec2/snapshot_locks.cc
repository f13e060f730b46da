#include "services/ec2/snapshot_locks.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace aerolith::ec2 {

std::string_view name_of(LockState state) {
  switch (state) {
    case LockState::governance:
      return "governance";
    case LockState::compliance_cooloff:
      return "compliance-cooloff";
    case LockState::compliance:
      return "compliance";
    case LockState::expired:
      return "expired";
  }
  std::unreachable();
}

LockView look_at(const SnapshotLockRecord& lock, const SnapshotRecord& snapshot, Timestamp now) {
  LockView view;
  if (snapshot.state == SnapshotState::completed) view.starts_at = std::max(lock.created_at, snapshot.completed_at);
  if (lock.until) {
    view.expires_at = lock.until;
  } else if (view.starts_at && lock.days) {
    view.expires_at = *view.starts_at + std::chrono::days(*lock.days);
  }
  if (lock.cool_off_hours) view.cool_off_ends_at = lock.cool_off_from + std::chrono::hours(*lock.cool_off_hours);
  if (view.expires_at && now >= *view.expires_at) {
    view.state = LockState::expired;
  } else if (lock.mode == LockMode::governance) {
    view.state = LockState::governance;
  } else if (view.cool_off_ends_at && now < *view.cool_off_ends_at) {
    view.state = LockState::compliance_cooloff;
  } else {
    view.state = LockState::compliance;
  }
  return view;
}

Result<std::optional<SnapshotLockRecord>> find_lock(metadata::ReadTransaction& txn, const Scope& scope,
                                                    const SnapshotRecord& snapshot) {
  return TRY(kSnapshotLocks.get(txn, {AccountId(snapshot.owner), scope.region, snapshot.id}));
}

Result<bool> is_locked(metadata::ReadTransaction& txn, const Scope& scope, const SnapshotRecord& snapshot,
                       Timestamp now) {
  // Nothing came of it: there is nothing to protect.
  if (snapshot.state == SnapshotState::error) return false;
  const auto lock = TRY(find_lock(txn, scope, snapshot));
  return lock && look_at(*lock, snapshot, now).state != LockState::expired;
}

}  // namespace aerolith::ec2
