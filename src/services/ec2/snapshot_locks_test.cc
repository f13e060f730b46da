// Locks, their states as time passes, and what each forbids.
#include "services/ec2/snapshot_locks.h"

#include "ec2/operations/delete_snapshot.h"
#include "ec2/operations/describe_locked_snapshots.h"
#include "ec2/operations/lock_snapshot.h"
#include "ec2/operations/unlock_snapshot.h"
#include "services/ec2/account_end.h"
#include "services/ec2/handler_test.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/settle_network.h"
#include "services/ec2/settle_snapshot.h"

namespace aerolith::ec2 {
namespace {

using std::chrono::days;
using std::chrono::hours;

class SnapshotLocksTest : public HandlerTest {
 protected:
  LockSnapshotInput lock(const std::string& mode, std::optional<int32_t> duration,
                         std::optional<int32_t> cool_off = std::nullopt) const {
    return {.snapshot_id = id_, .lock_mode = mode, .cool_off_period = cool_off, .lock_duration = duration};
  }
  std::string locked(const LockSnapshotInput& input) { return code_of(&lock_snapshot, input); }
  std::string unlocked() { return code_of(&unlock_snapshot, UnlockSnapshotInput{.snapshot_id = id_}); }
  std::string deleted() { return code_of(&delete_snapshot, DeleteSnapshotInput{.snapshot_id = id_}); }
  std::string state() {
    const auto seen = ask(&describe_locked_snapshots, DescribeLockedSnapshotsInput{}).value();
    return seen.snapshots->empty() ? "none" : *seen.snapshots->front().lock_state;
  }

  const std::string id_ = put_snapshot();
};

TEST_F(SnapshotLocksTest, InGovernanceModeItMayBeChangedAndUnlocked) {
  const auto made = ask(&lock_snapshot, lock("governance", 10)).value();
  EXPECT_EQ(made.lock_state, "governance");
  EXPECT_EQ(made.lock_duration, 10);
  EXPECT_EQ(made.lock_created_on, clock_.now());
  EXPECT_EQ(made.lock_expires_on, clock_.now() + days(10));
  EXPECT_FALSE(made.cool_off_period_expires_on);
  EXPECT_EQ(deleted(), "OperationNotPermitted");
  EXPECT_EQ(locked(lock("governance", 2)), "none");
  EXPECT_EQ(unlocked(), "none");
  EXPECT_EQ(state(), "none");
  EXPECT_EQ(unlocked(), "IncorrectState");
  EXPECT_EQ(deleted(), "none");
}

TEST_F(SnapshotLocksTest, ItEndsWithTheClock) {
  EXPECT_EQ(locked(lock("governance", 1)), "none");
  clock_.pass(days(1) - hours(1));
  EXPECT_EQ(deleted(), "OperationNotPermitted");
  EXPECT_EQ(locked(lock("governance", 2)), "none");  // from when it was made
  clock_.pass(hours(24));
  EXPECT_EQ(state(), "governance");
  // Its new end would be behind us.
  EXPECT_EQ(locked(lock("governance", 1)), "InvalidParameterValue");
  clock_.pass(hours(1));
  EXPECT_EQ(state(), "expired");
  EXPECT_EQ(unlocked(), "IncorrectState");
  EXPECT_EQ(deleted(), "none");
}

TEST_F(SnapshotLocksTest, InComplianceModeOnlyTheCoolingOffPeriodLetsGo) {
  EXPECT_EQ(locked(lock("compliance", 5, 3)), "none");
  EXPECT_EQ(state(), "compliance-cooloff");
  EXPECT_EQ(deleted(), "OperationNotPermitted");
  clock_.pass(hours(2));
  EXPECT_EQ(locked(lock("compliance", 4, 2)), "none");  // begins anew, and the lock may be shorter
  clock_.pass(hours(1));
  EXPECT_EQ(state(), "compliance-cooloff");
  clock_.pass(hours(1));
  EXPECT_EQ(state(), "compliance");
  EXPECT_EQ(unlocked(), "OperationNotPermitted");
  EXPECT_EQ(locked(lock("governance", 9)), "OperationNotPermitted");
  EXPECT_EQ(locked(lock("compliance", 3)), "OperationNotPermitted");
  EXPECT_EQ(locked(lock("compliance", 9, 1)), "InvalidParameterCombination");
  EXPECT_EQ(locked(lock("compliance", 6)), "none");
  clock_.pass(days(5));
  EXPECT_EQ(deleted(), "OperationNotPermitted");
  clock_.pass(days(1));
  EXPECT_EQ(deleted(), "none");
}

TEST_F(SnapshotLocksTest, WithoutACoolingOffPeriodItHoldsAtOnce) {
  EXPECT_EQ(locked(lock("compliance", 1)), "none");
  EXPECT_EQ(state(), "compliance");
  EXPECT_EQ(unlocked(), "OperationNotPermitted");
}

TEST_F(SnapshotLocksTest, OfAPendingSnapshotItLastsFromItsCompletion) {
  const std::string pending = put_snapshot(SnapshotState::pending);
  const auto made =
      ask(&lock_snapshot, LockSnapshotInput{.snapshot_id = pending, .lock_mode = "compliance", .lock_duration = 2})
          .value();
  EXPECT_FALSE(made.lock_expires_on);
  EXPECT_FALSE(made.lock_duration_start_time);
  EXPECT_EQ(code_of(&delete_snapshot, DeleteSnapshotInput{.snapshot_id = pending}), "OperationNotPermitted");
  EXPECT_EQ(locked({.snapshot_id = pending, .lock_mode = "compliance", .lock_duration = 1}), "OperationNotPermitted");
  clock_.pass(hours(5));
  write([&](metadata::Transaction& txn) -> Result<> {
    SnapshotRecord record = TRY(kSnapshots.get(txn, snapshot_scope(scope_), pending));
    record.state = SnapshotState::completed;
    record.completed_at = clock_.now();
    kSnapshots.put(txn, snapshot_scope(scope_), record);
    return {};
  });
  const auto seen =
      ask(&describe_locked_snapshots, DescribeLockedSnapshotsInput{.snapshot_ids = Strings{pending}}).value();
  EXPECT_EQ(seen.snapshots->at(0).lock_duration_start_time, clock_.now());
  EXPECT_EQ(seen.snapshots->at(0).lock_expires_on, clock_.now() + days(2));
}

TEST_F(SnapshotLocksTest, WhatIsRefused) {
  EXPECT_EQ(locked(lock("governance", std::nullopt)), "MissingParameter");
  EXPECT_EQ(locked(lock("governance", 1, 1)), "InvalidParameterCombination");
  LockSnapshotInput input = lock("governance", 1);
  input.expiration_date = clock_.now() + days(1);
  EXPECT_EQ(locked(input), "InvalidParameterCombination");
  input.lock_duration.reset();
  input.expiration_date = clock_.now();
  EXPECT_EQ(locked(input), "InvalidParameterValue");
  input.expiration_date = clock_.now() + days(40000);
  EXPECT_EQ(locked(input), "InvalidParameterValue");
  EXPECT_EQ(locked({.snapshot_id = "snap-00000000", .lock_mode = "governance", .lock_duration = 1}),
            "InvalidSnapshot.NotFound");
  EXPECT_EQ(locked({.snapshot_id = put_snapshot(SnapshotState::error), .lock_mode = "governance", .lock_duration = 1}),
            "IncorrectState");
  EXPECT_EQ(state(), "none");
}

TEST_F(SnapshotLocksTest, TheyAreListedByTheirState) {
  const std::string other = put_snapshot();
  EXPECT_EQ(locked(lock("governance", 1)), "none");
  EXPECT_EQ(locked({.snapshot_id = other, .lock_mode = "compliance", .lock_duration = 1}), "none");
  put_snapshot();
  DescribeLockedSnapshotsInput asked{.max_results = 1};
  const auto first = ask(&describe_locked_snapshots, asked).value();
  ASSERT_EQ(first.snapshots->size(), 1U);
  asked.next_token = first.next_token;
  const auto second = ask(&describe_locked_snapshots, asked).value();
  ASSERT_EQ(second.snapshots->size(), 1U);
  EXPECT_FALSE(second.next_token);
  EXPECT_NE(first.snapshots->at(0).snapshot_id, second.snapshots->at(0).snapshot_id);
  const auto compliant =
      ask(&describe_locked_snapshots, DescribeLockedSnapshotsInput{.filters = std::vector<Filter>{{
                                                                       .name = "lock-state",
                                                                       .values = Strings{"compliance"},
                                                                   }}})
          .value();
  ASSERT_EQ(compliant.snapshots->size(), 1U);
  EXPECT_EQ(compliant.snapshots->at(0).snapshot_id, other);
}

TEST_F(SnapshotLocksTest, NothingIsLeftOfItWithTheSnapshot) {
  EXPECT_EQ(locked(lock("governance", 1)), "none");
  clock_.pass(days(1));
  EXPECT_EQ(deleted(), "none");
  (void)settle_snapshot(*cloud_, clock_, make_key(scope_, id_));
  EXPECT_FALSE(find_snapshot(id_));
  const auto txn = store_->begin_read();
  auto rows = kSnapshotLocks.scan(*txn, metadata::Direction::forward);
  EXPECT_FALSE(rows.next().value());
}

}  // namespace
}  // namespace aerolith::ec2
