// Snapshots are locked, looked at and unlocked.
// https://docs.aws.amazon.com/ebs/latest/userguide/update-snapshot-lock.html
#include "services/ec2/snapshot_locks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "ec2/operations/describe_locked_snapshots.h"
#include "ec2/operations/lock_snapshot.h"
#include "ec2/operations/unlock_snapshot.h"
#include "services/ec2/describe.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/snapshots.h"

namespace aerolith::ec2 {
namespace {

constexpr std::chrono::days kLongest{36500};

Result<> check_input(const LockSnapshotInput& input, Timestamp now) {
  if (!input.lock_duration && !input.expiration_date) {
    return errors::of("MissingParameter",
                      "The request must contain one of the parameters LockDuration, ExpirationDate");
  }
  if (input.lock_duration && input.expiration_date) {
    return errors::invalid_combination("Either LockDuration or ExpirationDate can be specified, not both.");
  }
  if (*input.lock_mode == "governance" && input.cool_off_period) {
    return errors::invalid_combination("CoolOffPeriod can be specified for the lock mode compliance only.");
  }
  if (input.expiration_date && (*input.expiration_date <= now || *input.expiration_date > now + kLongest)) {
    return errors::invalid_value(
        "ExpirationDate", format_iso8601_millis(*input.expiration_date),
        fmt::format("It must be in the future, and no more than {} days away.", kLongest.count()));
  }
  return {};
}

// Of one that hasn't started: as if it started now.
Timestamp end_of(const SnapshotLockRecord& lock, const LockView& view, Timestamp now) {
  return view.expires_at.value_or(now + std::chrono::days(lock.days.value_or(0)));
}

// After its cooling-off period a lock in compliance mode can be made longer, and nothing else.
Result<> check_extension(const SnapshotLockRecord& before, const SnapshotLockRecord& after,
                         const SnapshotRecord& snapshot, Timestamp now) {
  if (after.mode != LockMode::compliance) {
    return errors::not_permitted(
        fmt::format("The snapshot {} is locked in compliance mode: its lock mode can't be changed.", snapshot.id));
  }
  if (after.cool_off_hours) {
    return errors::invalid_combination(fmt::format(
        "The cooling-off period of the snapshot {} is over: CoolOffPeriod can't be specified.", snapshot.id));
  }
  if (end_of(after, look_at(after, snapshot, now), now) < end_of(before, look_at(before, snapshot, now), now)) {
    return errors::not_permitted(
        fmt::format("The snapshot {} is locked in compliance mode: its lock can only be extended.", snapshot.id));
  }
  return {};
}

SnapshotLockRecord make_lock(const LockSnapshotInput& input, Timestamp created_at, Timestamp now) {
  return {.mode = *input.lock_mode == "compliance" ? LockMode::compliance : LockMode::governance,
          .created_at = created_at,
          .days = input.lock_duration,
          .until = input.expiration_date,
          .cool_off_hours = input.cool_off_period,
          .cool_off_from = now};
}

struct Locked {
  SnapshotRecord snapshot;
  SnapshotLockRecord lock;
  LockView view;
};
using LockedFilter = FilterDefinition<Locked>;
constexpr std::array kLockedFilters{
    LockedFilter{
        "lock-state",
        [](const Lookup&, const Locked& r) -> Result<Strings> { return Strings{std::string(name_of(r.view.state))}; }},
};

// Both answers that show a lock.
template <typename Shown>
Shown show(const Locked& locked) {
  return {.snapshot_id = locked.snapshot.id,
          .lock_state = std::string(name_of(locked.view.state)),
          .lock_duration = locked.lock.days,
          .cool_off_period = locked.lock.cool_off_hours,
          .cool_off_period_expires_on = locked.view.cool_off_ends_at,
          .lock_created_on = locked.lock.created_at};
}

LockSnapshotOutput show_new(const Locked& locked) {
  LockSnapshotOutput shown = show<LockSnapshotOutput>(locked);
  shown.lock_expires_on = locked.view.expires_at;
  shown.lock_duration_start_time = locked.view.starts_at;
  return shown;
}

LockedSnapshotsInfo show_info(const Locked& locked) {
  LockedSnapshotsInfo shown = show<LockedSnapshotsInfo>(locked);
  shown.owner_id = locked.snapshot.owner;
  shown.lock_expires_on = locked.view.expires_at;
  shown.lock_duration_start_time = locked.view.starts_at;
  return shown;
}

// Those of the caller, or those that are asked for: also others' that he may use. By id; those without a lock left out.
Result<std::vector<Locked>> find_locked(metadata::ReadTransaction& txn, const Call& call,
                                        const DescribeLockedSnapshotsInput& input) {
  std::vector<SnapshotRecord> snapshots;
  if (input.snapshot_ids && !input.snapshot_ids->empty()) {
    for (const std::string& id : *input.snapshot_ids) snapshots.push_back(TRY(get_snapshot(txn, call.scope, id)));
    std::ranges::sort(snapshots, {}, &SnapshotRecord::id);
  } else {
    auto rows = kSnapshotLocks.scan(txn, metadata::Direction::forward, call.scope.account, call.scope.region);
    while (TRY(rows.next())) {
      auto snapshot = TRY(kSnapshots.find(txn, snapshot_scope(call.scope), std::get<2>(rows.key())));
      if (snapshot && !snapshot->removed) snapshots.push_back(*std::move(snapshot));
    }
  }
  std::vector<Locked> found;
  for (SnapshotRecord& snapshot : snapshots) {
    const auto lock = TRY(find_lock(txn, call.scope, snapshot));
    if (!lock) continue;
    const LockView view = look_at(*lock, snapshot, call.context.now);
    found.push_back({.snapshot = std::move(snapshot), .lock = *lock, .view = view});
  }
  return found;
}

}  // namespace

Result<LockSnapshotOutput> lock_snapshot(Call& call, const LockSnapshotInput& input) {
  const Timestamp now = call.context.now;
  TRY(check_input(input, now));
  const Locked locked = TRY(call.write([&](metadata::Transaction& txn) -> Result<Locked> {
    const SnapshotRecord snapshot = TRY(get_own_snapshot(txn, call.scope, *input.snapshot_id));
    if (snapshot.state == SnapshotState::error) {
      return errors::of("IncorrectState", fmt::format("Snapshot is in invalid state - {}", name_of(snapshot.state)));
    }
    const auto known = TRY(find_lock(txn, call.scope, snapshot));
    const LockState before = known ? look_at(*known, snapshot, now).state : LockState::expired;
    const SnapshotLockRecord lock = make_lock(input, before == LockState::expired ? now : known->created_at, now);
    if (before == LockState::compliance) TRY(check_extension(*known, lock, snapshot, now));
    const LockView after = look_at(lock, snapshot, now);
    if (after.state == LockState::expired) {
      return errors::invalid_parameter(
          fmt::format("The lock of the snapshot {} counts from {}: it would have ended already.", snapshot.id,
                      format_iso8601_millis(*after.starts_at)));
    }
    kSnapshotLocks.put(txn, {call.scope.account, call.scope.region, snapshot.id}, lock);
    return Locked{.snapshot = snapshot, .lock = lock, .view = after};
  }));
  return show_new(locked);
}

Result<UnlockSnapshotOutput> unlock_snapshot(Call& call, const UnlockSnapshotInput& input) {
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    const SnapshotRecord snapshot = TRY(get_own_snapshot(txn, call.scope, *input.snapshot_id));
    const auto lock = TRY(find_lock(txn, call.scope, snapshot));
    const LockState state = lock ? look_at(*lock, snapshot, call.context.now).state : LockState::expired;
    if (state == LockState::expired) {
      return errors::of("IncorrectState", fmt::format("The snapshot {} is not locked.", snapshot.id));
    }
    if (state == LockState::compliance) {
      return errors::not_permitted(fmt::format(
          "The snapshot {} is locked in compliance mode and can't be unlocked before its lock expires.", snapshot.id));
    }
    kSnapshotLocks.erase(txn, {call.scope.account, call.scope.region, snapshot.id});
    return {};
  }));
  return UnlockSnapshotOutput{.snapshot_id = *input.snapshot_id};
}

Result<DescribeLockedSnapshotsOutput> describe_locked_snapshots(Call& call, const DescribeLockedSnapshotsInput& input) {
  TRY(check_filters<Locked>(input.filters, kLockedFilters));
  const bool names_ids = input.snapshot_ids && !input.snapshot_ids->empty();
  if (input.max_results && names_ids) {
    return errors::invalid_combination("The parameter snapshotSet cannot be used with the parameter maxResults");
  }
  const auto txn = call.read();
  const std::string after = TRY(read_token(input.next_token));
  const size_t limit = input.max_results ? static_cast<size_t>(*input.max_results) : SIZE_MAX;
  const Lookup lookup{.txn = *txn, .scope = call.scope};
  DescribeLockedSnapshotsOutput output{.snapshots = std::vector<LockedSnapshotsInfo>()};
  for (const Locked& each : TRY(find_locked(*txn, call, input))) {
    if (each.snapshot.id <= after) continue;
    const TagMap tags = TRY(tags_of(*txn, call.scope, each.snapshot.id));
    if (!TRY(matches<Locked>(input.filters, kLockedFilters, lookup, each, tags))) continue;
    if (output.snapshots->size() == limit) {
      output.next_token = make_token(*output.snapshots->back().snapshot_id);
      break;
    }
    output.snapshots->push_back(show_info(each));
  }
  return output;
}

}  // namespace aerolith::ec2
