// Snapshots that are written block by block: into a real store of blocks, on a disk that can lose its power.
#include "services/ec2/snapshot_uploads.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "blocks/block_store.h"
#include "blocks/stored_block.h"
#include "os/test_directory.h"
#include "services/ec2/settle_network.h"
#include "services/ec2/settle_snapshot.h"
#include "services/ec2/snapshots.h"
#include "services/ec2/test_fakes.h"

namespace aerolith::ec2 {
namespace {

using namespace std::chrono_literals;

class SetClock final : public Clock {
 public:
  Timestamp now() const override { return time; }
  Timestamp time{1'700'000'000s};
};

std::string text_of(char c) { return std::string(blocks::kBlockBytes, c); }

class SnapshotUploadsTest : public testing::Test {
 protected:
  SnapshotUploadsTest() {
    metadata::StoreOptions options;
    options.directory = folder_ / "metadata";
    store_ = metadata::open_store(options).value();
    open();
  }
  // As a process does that starts after another one.
  void open() {
    direct_.reset();
    cloud_.reset();
    volumes_.open_store();
    uploads_ = blocks::Uploads::open(files_, "/uploads").value();
    cloud_.reset(new Cloud{.metadata = *store_, .volumes = &volumes_, .uploads = uploads_.get()});
    cloud_->vpc_changed = [](const Scope&, const std::string&) {};
    cloud_->instance_changed = cloud_->vpc_changed;
    cloud_->snapshot_unused = cloud_->vpc_changed;
    cloud_->snapshot_changed = cloud_->vpc_changed;
    direct_ = make_direct_snapshots(*cloud_);
  }
  DirectCaller caller(const std::string& account = "111122223333") const {
    return {.account = AccountId(account), .region = RegionName("us-east-1"), .now = clock_.time};
  }
  std::string start(const std::string& parent = {}) {
    return direct_->start(caller(), {.size_gib = 1, .parent = parent}).value().id;
  }
  DirectResult<> put(const std::string& id, uint64_t index, const std::string& bytes) {
    return direct_->put(caller(), id, {.index = index, .bytes = bytes, .sha256 = blocks::hash_of(bytes)});
  }
  DirectResult<std::string> complete(const std::string& id, uint64_t count, std::optional<std::string> checksum = {}) {
    return direct_->complete(caller(), id, {.block_count = count, .checksum = std::move(checksum)});
  }
  reconcile::Outcome settle(const std::string& id) {
    return settle_snapshot(*cloud_, clock_, make_key({.account = caller().account, .region = caller().region}, id));
  }
  std::optional<SnapshotRecord> find(const std::string& id) {
    return kSnapshots.rows().get(*store_->begin_read(), {AccountId(), caller().region, id}).value();
  }
  std::string made(const std::map<uint64_t, std::string>& wanted, const std::string& parent = {}) {
    const std::string id = start(parent);
    for (const auto& [index, bytes] : wanted) EXPECT_TRUE(put(id, index, bytes).has_value());
    EXPECT_EQ(complete(id, wanted.size()).value(), "pending");
    settle(id);
    EXPECT_EQ(find(id)->state, SnapshotState::completed) << find(id)->failure;
    return id;
  }
  template <typename Change>
  void change(const std::string& id, Change apply) {
    const auto done = metadata::run_transaction(*store_, [&](metadata::Transaction& txn) -> Result<> {
      SnapshotRecord record = *TRY(kSnapshots.rows().get(txn, {AccountId(), caller().region, id}));
      apply(record);
      kSnapshots.rows().put(txn, {AccountId(), caller().region, id}, record);
      return {};
    });
    ASSERT_TRUE(done.has_value());
  }

  os::TestDirectory folder_;
  std::unique_ptr<metadata::Store> store_;
  Fuse fuse_;
  FakeVolumes volumes_{fuse_};
  os::FaultyFileSystem& files_ = volumes_.files;
  std::unique_ptr<blocks::Uploads> uploads_;
  SetClock clock_;
  std::unique_ptr<Cloud> cloud_;
  std::unique_ptr<DirectSnapshots> direct_;
};

TEST_F(SnapshotUploadsTest, WhatWasPutIsTheSnapshot) {
  const std::string id = start();
  EXPECT_EQ(direct_->find_completed(caller(), id).error().code, DirectFault::wrong_state);
  ASSERT_TRUE(put(id, 5, text_of('x')).has_value());
  ASSERT_TRUE(put(id, 0, text_of('a')).has_value());
  ASSERT_TRUE(put(id, 5, text_of('b')).has_value());  // the last one counts
  ASSERT_TRUE(put(id, 6, text_of('\0')).has_value());
  const std::string sums =
      blocks::hash_of(text_of('a')) + blocks::hash_of(text_of('b')) + blocks::hash_of(text_of('\0'));
  EXPECT_EQ(complete(id, 2).error().code, DirectFault::bad_count);
  EXPECT_EQ(complete(id, 3, digest(DigestKind::sha256, "x")).error().code, DirectFault::bad_checksum);
  EXPECT_EQ(complete(id, 3, digest(DigestKind::sha256, sums)).value(), "pending");
  EXPECT_EQ(put(id, 1, text_of('c')).error().code, DirectFault::wrong_state);
  EXPECT_EQ(complete(id, 3).value(), "pending");
  settle(id);
  EXPECT_EQ(complete(id, 3).value(), "completed");
  EXPECT_EQ(direct_->find_completed(caller(), id).value().size_gib, 1);
  EXPECT_EQ(direct_->read(id, 0).value(), text_of('a'));
  EXPECT_EQ(direct_->read(id, 5).value(), text_of('b'));
  EXPECT_EQ(direct_->manifest(id).value()->blocks.size(), 2U);
  EXPECT_EQ(direct_->manifest(id).value()->size_bytes, uint64_t{1} << 30);
  EXPECT_TRUE(uploads_->list().value().empty());
  EXPECT_TRUE(put_blocks_of(*store_->begin_read(), caller().region, id).value().empty());
}

TEST_F(SnapshotUploadsTest, AChildHasItsParentsBlocksAndLineage) {
  const std::string parent = made({{0, text_of('a')}, {1, text_of('b')}});
  const std::string child = made({{1, text_of('B')}, {9, text_of('c')}}, parent);
  EXPECT_EQ(direct_->read(child, 0).value(), text_of('a'));
  EXPECT_EQ(direct_->read(child, 1).value(), text_of('B'));
  EXPECT_EQ(volumes_.blocks().changed_blocks(parent, child).value(), (std::vector<uint64_t>{1, 9}));
  EXPECT_EQ(direct_->find_completed(caller(), parent).value().origin,
            direct_->find_completed(caller(), child).value().origin);
  EXPECT_NE(find(made({}))->origin, find(parent)->origin);
  change(parent, [](SnapshotRecord& record) { record.size_gib = 2; });
  EXPECT_EQ(direct_->start(caller(), {.size_gib = 1, .parent = parent}).error().code, DirectFault::bad_volume_size);
}

TEST_F(SnapshotUploadsTest, TheParentStaysUntilItsChildIsOver) {
  const std::string parent = made({{0, text_of('a')}});
  const std::string child = start(parent);
  change(parent, [](SnapshotRecord& record) { record.removed = true; });
  EXPECT_TRUE(std::holds_alternative<reconcile::Again>(settle(parent)));
  EXPECT_FALSE(find(parent));
  ASSERT_TRUE(complete(child, 0).has_value());
  settle(child);
  EXPECT_EQ(direct_->read(child, 0).value(), text_of('a'));
  EXPECT_TRUE(std::holds_alternative<reconcile::Settled>(settle(parent)));
}

TEST_F(SnapshotUploadsTest, IsInErrorWhenItsTimeIsOver) {
  const std::string id = direct_->start(caller(), {.size_gib = 1, .timeout_minutes = 10}).value().id;
  clock_.time += 9min;
  EXPECT_TRUE(std::holds_alternative<reconcile::Again>(settle(id)));
  ASSERT_TRUE(put(id, 0, text_of('a')).has_value());
  clock_.time += 9min;
  settle(id);
  EXPECT_EQ(find(id)->state, SnapshotState::pending);
  clock_.time += 1min;
  settle(id);
  EXPECT_EQ(find(id)->state, SnapshotState::error);
  EXPECT_EQ(find(id)->failure, "It wasn't completed within 10 minutes.");
  EXPECT_TRUE(uploads_->list().value().empty());
  EXPECT_EQ(put(id, 1, text_of('b')).error().code, DirectFault::wrong_state);
  EXPECT_EQ(complete(id, 1).error().code, DirectFault::wrong_state);
}

TEST_F(SnapshotUploadsTest, ATokenMakesOne) {
  NewUpload wanted{.size_gib = 1, .token = "mine", .parameters = "a"};
  const std::string id = direct_->start(caller(), wanted).value().id;
  EXPECT_EQ(direct_->start(caller(), wanted).value().id, id);
  EXPECT_NE(direct_->start(caller("999999999999"), wanted).value().id, id);
  wanted.parameters = "b";
  EXPECT_EQ(direct_->start(caller(), wanted).error().code, DirectFault::token_reused);
}

TEST_F(SnapshotUploadsTest, OthersReadWhatTheyWereGivenByName) {
  const std::string id = made({{0, text_of('a')}});
  const DirectCaller other = caller("999999999999");
  EXPECT_EQ(direct_->find_completed(other, id).error().code, DirectFault::not_found);
  change(id, [](SnapshotRecord& record) { record.is_public = true; });
  EXPECT_EQ(direct_->find_completed(other, id).error().code, DirectFault::not_permitted);
  change(id, [](SnapshotRecord& record) { record.shared_with = {"999999999999"}; });
  EXPECT_EQ(direct_->find_completed(other, id).value().owner, "111122223333");
  EXPECT_EQ(direct_->complete(other, id, {}).error().code, DirectFault::not_permitted);
  EXPECT_TRUE(direct_->start(other, {.size_gib = 1, .parent = id}).has_value());
}

TEST_F(SnapshotUploadsTest, WhatIsNoBlockOfItIsRefused) {
  const std::string id = start();
  EXPECT_EQ(put(id, 2048, text_of('a')).error().code, DirectFault::bad_index);
  EXPECT_EQ(put("snap-0123456789abcdef0", 0, text_of('a')).error().code, DirectFault::not_found);
  change(id, [](SnapshotRecord& record) { record.source = SnapshotSource::closed_volume; });
  EXPECT_EQ(put(id, 0, text_of('a')).error().code, DirectFault::wrong_state);
}

TEST_F(SnapshotUploadsTest, RemovedWhilePendingItLeavesNothing) {
  const std::string id = start();
  ASSERT_TRUE(put(id, 0, text_of('a')).has_value());
  change(id, [](SnapshotRecord& record) { record.removed = true; });
  settle(id);
  EXPECT_FALSE(find(id));
  EXPECT_TRUE(uploads_->list().value().empty());
  EXPECT_EQ(put(id, 1, text_of('b')).error().code, DirectFault::not_found);
  EXPECT_TRUE(uploads_->list().value().empty());
}

TEST_F(SnapshotUploadsTest, WhatWasAnsweredSurvivesAPowerLoss) {
  const std::string id = start();
  ASSERT_TRUE(put(id, 0, text_of('a')).has_value());
  ASSERT_TRUE(put(id, 3, text_of('b')).has_value());
  files_.power_loss(os::Unsynced::torn);
  open();
  ASSERT_TRUE(sweep_uploads(*cloud_).has_value());
  ASSERT_TRUE(put(id, 4, text_of('c')).has_value());
  ASSERT_TRUE(complete(id, 3).has_value());
  files_.power_loss(os::Unsynced::lost);
  open();
  settle(id);
  ASSERT_EQ(find(id)->state, SnapshotState::completed);
  EXPECT_EQ(direct_->read(id, 0).value(), text_of('a'));
  EXPECT_EQ(direct_->read(id, 3).value(), text_of('b'));
  EXPECT_EQ(direct_->read(id, 4).value(), text_of('c'));
}

TEST_F(SnapshotUploadsTest, ADamagedBlockIsAnErrorAndAFullDiskIsTriedAgain) {
  const std::string damaged = start();
  ASSERT_TRUE(put(damaged, 7, text_of('a')).has_value());
  files_.flip_bit("/uploads/" + damaged + ".upload", 12345);
  ASSERT_TRUE(complete(damaged, 1).has_value());
  settle(damaged);
  EXPECT_EQ(find(damaged)->state, SnapshotState::error);
  EXPECT_EQ(find(damaged)->failure, "Block 7 isn't what was written any more.");
  const std::string id = start();
  ASSERT_TRUE(put(id, 0, text_of('b')).has_value());
  ASSERT_TRUE(complete(id, 1).has_value());
  files_.inject(os::Fault::write_no_space);
  EXPECT_TRUE(std::holds_alternative<reconcile::Failed>(settle(id)));
  settle(id);
  EXPECT_EQ(find(id)->state, SnapshotState::completed);
}

TEST_F(SnapshotUploadsTest, ADiskThatStaysFullIsAnError) {
  const std::string id = start();
  ASSERT_TRUE(put(id, 0, text_of('b')).has_value());
  clock_.time += 30min;  // what was before it was told to be complete doesn't count
  ASSERT_TRUE(complete(id, 1).has_value());
  for (int minutes = 0; minutes < 10; ++minutes) {
    files_.inject(os::Fault::write_no_space);
    EXPECT_TRUE(std::holds_alternative<reconcile::Failed>(settle(id))) << minutes;
    clock_.time += 1min;
  }
  files_.inject(os::Fault::write_no_space);
  settle(id);
  EXPECT_EQ(find(id)->state, SnapshotState::error);
  EXPECT_EQ(find(id)->failure, "The disk had no room for its blocks.");
  EXPECT_TRUE(uploads_->list().value().empty());
}

TEST_F(SnapshotUploadsTest, BytesOfUploadsThatAreOverAreSwept) {
  ASSERT_TRUE(uploads_->append("snap-gone", text_of('a')).has_value());
  const std::string id = start();
  ASSERT_TRUE(put(id, 0, text_of('a')).has_value());
  ASSERT_TRUE(sweep_uploads(*cloud_).has_value());
  EXPECT_EQ(uploads_->list().value(), std::vector<std::string>{id});
}

}  // namespace
}  // namespace aerolith::ec2
