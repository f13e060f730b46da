// Snapshots on their way, with stand-ins for the driver and the volumes.
#include "services/ec2/settle_snapshot.h"

#include <gtest/gtest.h>

#include "os/test_directory.h"
#include "services/ec2/settle_network.h"
#include "services/ec2/snapshots.h"
#include "services/ec2/test_fakes.h"

namespace aerolith::ec2 {
namespace {

using State = compute::CopyProgress::State;

class FixedClock final : public Clock {
 public:
  Timestamp now() const override { return Timestamp(std::chrono::milliseconds(1'700'000'000'000)); }
};

class SettleSnapshotTest : public testing::Test {
 protected:
  SettleSnapshotTest() {
    metadata::StoreOptions options;
    options.directory = folder_ / "metadata";
    store_ = metadata::open_store(options).value();
    cloud_.reset(new Cloud{.metadata = *store_, .container = &driver_, .volumes = &volumes_});
    cloud_->vpc_changed = [](const Scope&, const std::string&) {};
    cloud_->instance_changed = cloud_->vpc_changed;
    cloud_->snapshot_unused = cloud_->vpc_changed;
    cloud_->snapshot_changed = cloud_->vpc_changed;
    context_.now = clock_.now();
  }

  void put_volume(LifeState state) {
    write([&](metadata::Transaction& txn) -> Result<> {
      const bool is_up = state == LifeState::running;
      kInstances.put(txn, scope_,
                     {.id = instance_,
                      .volumes = {{.volume = volume_, .device = "/dev/xvda"}},
                      .desired = is_up ? Desired::running : Desired::stopped,
                      .state = state});
      kVolumes.put(txn, scope_, {.id = volume_, .size_gib = 2, .attachments = {{.instance = instance_}}});
      return {};
    });
  }
  template <typename Body>
  void write(Body body) {
    const auto done = metadata::run_transaction(*store_, body);
    ASSERT_TRUE(done.has_value()) << done.error().message;
  }
  // As CreateSnapshot does.
  Result<SnapshotRecord> create() {
    Call call{.context = context_, .cloud = *cloud_, .scope = scope_};
    const SnapshotRecord record =
        TRY(call.write([&](metadata::Transaction& txn) { return begin_snapshot(txn, call, {.volume = volume_}); }));
    TRY(fix_moment(call, {record}));
    return record;
  }
  reconcile::Outcome settle(const std::string& id) { return settle_snapshot(*cloud_, clock_, make_key(scope_, id)); }
  std::optional<SnapshotRecord> find(const std::string& id) {
    return kSnapshots.find(*store_->begin_read(), snapshot_scope(scope_), id).value();
  }
  std::vector<SnapshotRecord> all() { return kSnapshots.all(*store_->begin_read(), snapshot_scope(scope_)).value(); }
  bool is_read() {
    const auto txn = store_->begin_read();
    const bool is_volume = is_being_read(*txn, scope_, volume_).value();
    EXPECT_EQ(is_volume, is_being_read(*txn, scope_, instance_).value());
    return is_volume;
  }
  void remove(const std::string& id) {
    write([&](metadata::Transaction& txn) -> Result<> {
      SnapshotRecord record = TRY(kSnapshots.get(txn, snapshot_scope(scope_), id));
      record.removed = true;
      kSnapshots.put(txn, snapshot_scope(scope_), record);
      return {};
    });
  }

  os::TestDirectory folder_;
  std::unique_ptr<metadata::Store> store_;
  Fuse fuse_;
  FakeDriver driver_{fuse_};
  FakeVolumes volumes_{fuse_};
  FixedClock clock_;
  std::unique_ptr<Cloud> cloud_;
  gateway::CallContext context_;
  const Scope scope_{.account = AccountId("111122223333"), .region = RegionName("us-east-1")};
  const std::string instance_ = "i-0123456789abcdef0";
  const std::string volume_ = "vol-0123456789abcdef0";
};

TEST_F(SettleSnapshotTest, OfAClosedVolumeIsCopiedFromItsFile) {
  put_volume(LifeState::stopped);
  const std::string id = create().value().id;
  EXPECT_TRUE(is_read());
  settle(id);
  EXPECT_EQ(find(id)->state, SnapshotState::completed);
  EXPECT_EQ(volumes_.snapshots.at(id), volume_);
  EXPECT_FALSE(is_read());
}

TEST_F(SettleSnapshotTest, OfAGuestIsKeptWhenItsCopyIsDone) {
  put_volume(LifeState::running);
  const std::string id = create().value().id;
  EXPECT_TRUE(find(id)->begun);
  settle(id);
  EXPECT_EQ(find(id)->percent, 20);  // reading is half of it
  EXPECT_TRUE(is_read());
  driver_.copies.at(id) = State::done;
  settle(id);
  EXPECT_EQ(find(id)->state, SnapshotState::completed);
  EXPECT_TRUE(volumes_.snapshots.contains(id));
  EXPECT_TRUE(driver_.copies.empty());
  EXPECT_FALSE(is_read());
}

TEST_F(SettleSnapshotTest, TheNextOneOfAGuestIsOfWhatChanged) {
  put_volume(LifeState::running);
  const auto take = [&] {
    const std::string id = create().value().id;
    driver_.copies.at(id) = State::done;
    settle(id);
    EXPECT_EQ(find(id)->state, SnapshotState::completed);
    return id;
  };
  const std::string first = take();
  EXPECT_EQ(volumes_.bases.at(first), "");
  // The stand-in has no blocks of its own accord.
  ASSERT_TRUE(volumes_.blocks().begin(first, 1 << 20, "").value()->commit().has_value());
  write([&](metadata::Transaction& txn) -> Result<> {
    SnapshotRecord record = TRY(kSnapshots.get(txn, snapshot_scope(scope_), first));
    record.place = SnapshotPlace::blocks;
    kSnapshots.put(txn, snapshot_scope(scope_), record);
    return {};
  });
  const std::string second = create().value().id;
  EXPECT_EQ(find(second)->base, first);
  EXPECT_EQ(volumes_.bases.at(second), first);
  // Its base stays until it is there.
  remove(first);
  settle(first);
  EXPECT_FALSE(find(first));
  EXPECT_TRUE(volumes_.snapshots.contains(first));
  driver_.copies.at(second) = State::done;
  settle(second);
  EXPECT_EQ(find(second)->state, SnapshotState::completed);
  EXPECT_EQ(find(second)->base, "");
  settle(first);
  EXPECT_FALSE(volumes_.snapshots.contains(first));
}

TEST_F(SettleSnapshotTest, AllIsCopiedWhereTheDriverCanNotSayWhatChanged) {
  put_volume(LifeState::running);
  const std::string first = create().value().id;
  driver_.copies.at(first) = State::done;
  settle(first);
  write([&](metadata::Transaction& txn) -> Result<> {
    SnapshotRecord record = TRY(kSnapshots.get(txn, snapshot_scope(scope_), first));
    record.place = SnapshotPlace::blocks;
    kSnapshots.put(txn, snapshot_scope(scope_), record);
    return {};
  });
  driver_.base_error = compute::DriverError{compute::DriverErrorCode::command, "another copy needs it"};
  const std::string second = create().value().id;
  EXPECT_EQ(volumes_.bases.at(second), "");
  driver_.copies.at(second) = State::done;
  settle(second);
  EXPECT_EQ(find(second)->state, SnapshotState::completed);
}

TEST_F(SettleSnapshotTest, IsInErrorWhereTheCopyFailsOrTheGuestEnds) {
  put_volume(LifeState::running);
  const std::string failed = create().value().id;
  driver_.copies.at(failed) = State::failed;
  settle(failed);
  EXPECT_EQ(find(failed)->state, SnapshotState::error);
  EXPECT_EQ(find(failed)->failure, "it broke");
  const std::string ended = create().value().id;
  driver_.copies.clear();
  settle(ended);
  EXPECT_EQ(find(ended)->state, SnapshotState::error);
  EXPECT_TRUE(volumes_.begun.empty());
  EXPECT_FALSE(is_read());
}

TEST_F(SettleSnapshotTest, AMomentThatCanNotBeFixedLeavesNothing) {
  put_volume(LifeState::running);
  driver_.copy_error = compute::DriverError{compute::DriverErrorCode::command, "no"};
  EXPECT_EQ(create().error().code, "IncorrectState");
  for (const SnapshotRecord& each : all()) settle(each.id);
  EXPECT_TRUE(all().empty());
  EXPECT_TRUE(volumes_.begun.empty());
  EXPECT_FALSE(is_read());
  put_volume(LifeState::stopping);
  EXPECT_EQ(create().error().code, "IncorrectState");
}

TEST_F(SettleSnapshotTest, OneThatIsRemovedEndsItsCopy) {
  put_volume(LifeState::running);
  const std::string id = create().value().id;
  remove(id);
  settle(id);
  EXPECT_FALSE(find(id));
  EXPECT_TRUE(driver_.copies.empty());
  EXPECT_TRUE(volumes_.begun.empty());
  EXPECT_FALSE(is_read());
}

TEST_F(SettleSnapshotTest, AKillAnywhereEndsRight) {
  put_volume(LifeState::running);
  for (int steps = 0; steps < 12; ++steps) {
    fuse_.steps_left = steps;
    try {
      const std::string id = create().value().id;
      driver_.copies.at(id) = State::done;
      settle(id);
    } catch (const Killed&) {
    }
    fuse_.steps_left = -1;
    for (auto& [id, state] : driver_.copies) state = State::done;
    for (const SnapshotRecord& each : all()) settle(each.id);
    for (const SnapshotRecord& each : all()) {
      EXPECT_EQ(each.state, SnapshotState::completed) << steps;
      EXPECT_TRUE(volumes_.snapshots.contains(each.id)) << steps;
      remove(each.id);
      settle(each.id);
    }
    EXPECT_TRUE(all().empty()) << steps;
    EXPECT_TRUE(driver_.copies.empty()) << steps;
    EXPECT_TRUE(volumes_.begun.empty()) << steps;
    EXPECT_TRUE(volumes_.kept.empty()) << steps;
    EXPECT_TRUE(volumes_.snapshots.empty()) << steps;
    EXPECT_FALSE(is_read()) << steps;
  }
}

}  // namespace
}  // namespace aerolith::ec2
