// Volumes whose snapshot's file is made later.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "base/random.h"
#include "blocks/block_store.h"
#include "blocks/disk_secrets.h"
#include "blocks/qcow2.h"
#include "blocks/qcow2_layer.h"
#include "blocks/stored_snapshot.h"
#include "blocks/test_sealing.h"
#include "blocks/volumes.h"
#include "os/program.h"
#include "os/test_directory.h"

namespace aerolith::blocks {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kBlocks = 16;
constexpr uint64_t kRate = kBlocks * kBlockBytes / 2;  // all of them in two seconds

class FilledVolumesTest : public testing::Test {
 protected:
  void SetUp() override {
    if (os::find_program("qemu-img").empty()) GTEST_SKIP() << "no qemu-img here: apt-get install qemu-utils";
    open(kBlocks * kBlockBytes / 60);
  }
  void open(uint64_t bytes_per_second) {
    volumes_.reset();
    volumes_ = Volumes::open(folder_.path(), test_sealing(),
                             {.is_later = true, .bytes_per_second = bytes_per_second, .at_once_bytes = 0})
                   .value();
  }
  void store(const std::string& snapshot, const std::string& key = {}) {
    if (!key.empty()) {
      ASSERT_TRUE(volumes_->blocks().keys().make(key).has_value());
    }
    const auto writer = volumes_->blocks().begin(snapshot, 64 * kMiB, {}, key).value();
    for (uint64_t index = 0; index < kBlocks; ++index) {
      blocks_.push_back(random_bytes(kBlockBytes));
      ASSERT_TRUE(writer->put(2 * index, blocks_.back()).has_value());
    }
    ASSERT_TRUE(writer->commit().has_value());
  }
  void create(const std::string& volume, const std::string& key = {}, uint64_t rate = 0) {
    const auto made = volumes_->create(
        {.volume = volume, .size_bytes = 64 * kMiB, .snapshot = "snap-1", .key = key, .fill_bytes_per_second = rate});
    ASSERT_TRUE(made.has_value()) << made.error().detail;
  }
  bool has_file() { return std::filesystem::exists(folder_ / "snapshots/snap-1.qcow2"); }
  bool has_half() { return std::filesystem::exists(folder_ / "snapshots/.snap-1.new"); }
  std::string half() { return folder_ / "snapshots/.snap-1.new"; }
  std::string progress() { return folder_ / "snapshots/.snap-1.progress"; }
  // Once it has begun.
  uint64_t done_blocks() {
    EXPECT_TRUE(wait_for([&] { return !volumes_->filling("snap-1") || volumes_->filling("snap-1")->of_bytes > 0; }));
    return volumes_->filling("snap-1").value_or(Filling{}).done_bytes / kBlockBytes;
  }
  void fill() {
    open(uint64_t{1} << 30);
    EXPECT_TRUE(wait_for([&] { return has_file() && !volumes_->filling("snap-1"); }));
  }
  void write(const std::string& path, uint64_t offset, std::string_view bytes) {
    ASSERT_TRUE(files_.open(path, os::OpenMode::write, 0600).value()->write_at(offset, bytes).has_value());
  }
  // The snapshot's file has the blocks, and zeros between them.
  bool is_right() {
    const DiskSecrets secrets(files_, test_sealing());
    const auto file = Qcow2Layer::open(files_, folder_ / "snapshots/snap-1.qcow2", &secrets).value();
    for (uint64_t index = 0; index < 2 * kBlocks; ++index) {
      std::string block(kBlockBytes, '\0');
      EXPECT_TRUE(file->lay_over(index * kBlockBytes, block).has_value());
      if (block != (index % 2 == 0 ? blocks_.at(index / 2) : std::string(kBlockBytes, '\0'))) return false;
    }
    return true;
  }
  template <typename Condition>
  bool wait_for(Condition condition) {
    for (int round = 0; round < 1000 && !condition(); ++round)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return condition();
  }
  std::unique_ptr<StoredSnapshot> read(std::shared_ptr<const BlockKey> key = {}) {
    return StoredSnapshot::open(files_, folder_ / "store", "snap-1", std::move(key)).value();
  }

  os::TestDirectory folder_;
  os::RealFileSystem files_;
  std::vector<std::string> blocks_;
  std::unique_ptr<Volumes> volumes_;
};

TEST_F(FilledVolumesTest, IsThereAtOnceAndFilledAtTheRateThatIsAskedFor) {
  store("snap-1");
  create("vol-1");
  EXPECT_EQ(read_qcow2_header(files_, volumes_->file_of("vol-1"))->backing_file, "../snapshots/snap-1.qcow2");
  EXPECT_FALSE(has_file());
  ASSERT_TRUE(wait_for([&] { return volumes_->filling("snap-1")->of_bytes == kBlocks * kBlockBytes; }));
  EXPECT_LT(volumes_->filling("snap-1")->done_bytes, kBlocks * kBlockBytes / 2);
  EXPECT_TRUE(volumes_->grow({"vol-1", "snap-1"}, 128 * kMiB).has_value()) << "without what is behind it";
  volumes_->fill_faster("snap-1", uint64_t{1} << 30);
  EXPECT_TRUE(wait_for([&] { return has_file(); }));
  EXPECT_TRUE(wait_for([&] { return !volumes_->filling("snap-1"); }));
  const auto compared = os::run_checked({.arguments = {"qemu-img", "check", "-q", volumes_->file_of("vol-1")}});
  EXPECT_TRUE(compared.has_value());
}

TEST_F(FilledVolumesTest, ANewStartGoesOn) {
  for (const std::string key : {"", "key-1"}) {
    open(kRate);
    store("snap-1", key);
    create("vol-1", key);
    ASSERT_TRUE(wait_for([&] { return done_blocks() >= 3; }));
    const uint64_t done = done_blocks();
    open(1);  // nothing more than what is there
    EXPECT_GE(done_blocks(), done);
    EXPECT_LT(done_blocks(), kBlocks);
    // A kill leaves more than is known to be there.
    volumes_.reset();
    write(half(), std::filesystem::file_size(half()), random_bytes(3 * kBlockBytes / 2));
    fill();
    EXPECT_FALSE(std::filesystem::exists(progress()));
    EXPECT_TRUE(is_right());
    EXPECT_TRUE(volumes_->remove("vol-1").has_value());
    EXPECT_TRUE(volumes_->remove_snapshot("snap-1").has_value());
    blocks_.clear();
  }
}

TEST_F(FilledVolumesTest, WhatIsNotKnownToBeThereIsMadeAnew) {
  open(kRate);
  store("snap-1");
  create("vol-1");
  const auto stop = [&] {
    ASSERT_TRUE(wait_for([&] { return done_blocks() >= 3; }));
    volumes_.reset();
    ASSERT_TRUE(std::filesystem::exists(progress()) && has_half());
  };
  const std::vector<std::function<void()>> damages{
      [&] { write(progress(), 20, "x"); },
      [&] { std::filesystem::resize_file(progress(), std::filesystem::file_size(progress()) - 1); },
      [&] { std::filesystem::resize_file(progress(), 0); },
      [&] { std::filesystem::resize_file(half(), std::filesystem::file_size(half()) / 2); },
      [&] { std::filesystem::remove(half()); },
      [&] { std::filesystem::remove(progress()); },
  };
  for (size_t each = 0; each < damages.size(); ++each) {
    stop();
    damages[each]();
    open(1);
    EXPECT_LE(done_blocks(), 1U) << each;
    open(kRate);
  }
  fill();
  EXPECT_TRUE(is_right());
}

TEST_F(FilledVolumesTest, HalfOfWhatNobodyNeedsGoesAtAStart) {
  store("snap-1");
  create("vol-1");
  ASSERT_TRUE(wait_for([&] { return done_blocks() >= 1; }));
  volumes_.reset();
  ASSERT_TRUE(has_half());
  std::filesystem::remove(folder_ / "volumes/vol-1.qcow2");
  open(1);
  EXPECT_FALSE(has_half());
  EXPECT_FALSE(std::filesystem::exists(progress()));
}

TEST_F(FilledVolumesTest, WhoNeedsTheFileDoesNotWaitForTheRate) {
  store("snap-1");
  create("vol-1");
  ASSERT_TRUE(wait_for([&] { return has_half(); }));
  EXPECT_TRUE(volumes_->keep_file("snap-1").has_value());
  EXPECT_TRUE(has_file());
}

TEST_F(FilledVolumesTest, TheSnapshotStaysUntilItIsFilledAndNobodyReadsIt) {
  store("snap-1");
  create("vol-1");
  const auto is_in_use = [&] {
    const auto removed = volumes_->remove_snapshot("snap-1");
    return !removed.has_value() && removed.error().code == VolumeErrorCode::in_use;
  };
  EXPECT_TRUE(is_in_use());
  auto reader = read();
  volumes_->fill_faster("snap-1", uint64_t{1} << 30);
  ASSERT_TRUE(wait_for([&] { return !volumes_->filling("snap-1"); }));
  EXPECT_TRUE(is_in_use());
  EXPECT_TRUE(volumes_->blocks().contains("snap-1"));
  reader.reset();
  EXPECT_TRUE(is_in_use()) << "by its child";
  EXPECT_FALSE(volumes_->blocks().contains("snap-1"));
}

TEST_F(FilledVolumesTest, IsNotFilledWhenTheLastVolumeIsGone) {
  store("snap-1");
  create("vol-1");
  create("vol-2");
  ASSERT_TRUE(wait_for([&] { return has_half(); }));
  ASSERT_TRUE(volumes_->remove("vol-1").has_value());
  EXPECT_TRUE(volumes_->filling("snap-1").has_value());
  ASSERT_TRUE(volumes_->remove("vol-2").has_value());
  EXPECT_TRUE(wait_for([&] { return !volumes_->filling("snap-1"); }));
  EXPECT_TRUE(wait_for([&] { return !has_half(); }));
  EXPECT_FALSE(std::filesystem::exists(progress()));
  EXPECT_TRUE(volumes_->remove_snapshot("snap-1").has_value());
}

TEST_F(FilledVolumesTest, ItsSnapshotNeedsNoFile) {
  store("snap-1");
  create("vol-1");
  ASSERT_TRUE(volumes_->snapshot({"vol-1", "snap-1"}, "snap-2", {}).has_value());
  EXPECT_FALSE(has_file());
  EXPECT_EQ(volumes_->blocks().read("snap-2", 2).value(), blocks_.at(1));
}

TEST_F(FilledVolumesTest, BlocksAreReadAnywhereAndZerosBetween) {
  store("snap-1");
  const auto reader = read();
  std::string bytes(3 * kBlockBytes, 'x');
  ASSERT_TRUE(reader->read(kBlockBytes / 2, bytes).has_value());
  EXPECT_EQ(bytes.substr(0, kBlockBytes / 2), blocks_[0].substr(kBlockBytes / 2));
  EXPECT_EQ(bytes.substr(kBlockBytes / 2, kBlockBytes), std::string(kBlockBytes, '\0'));
  EXPECT_EQ(bytes.substr(3 * kBlockBytes / 2, kBlockBytes), blocks_[1]);
  ASSERT_TRUE(reader->read(64 * kMiB - 3, std::span(bytes).first(3)).has_value());
  EXPECT_EQ(bytes.substr(0, 3), std::string(3, '\0'));
}

TEST_F(FilledVolumesTest, EncryptedBlocksAreReadWithTheirKeyAlone) {
  store("snap-1", "key-1");
  EXPECT_FALSE(volumes_->create({.volume = "vol-0", .size_bytes = 64 * kMiB, .snapshot = "snap-1"}).has_value());
  create("vol-1", "key-1");
  EXPECT_FALSE(StoredSnapshot::open(files_, folder_ / "store", "snap-1", nullptr).has_value());
  const auto reader = read(std::make_shared<const BlockKey>(volumes_->blocks().keys().find("key-1").value()->bytes()));
  std::string bytes(kBlockBytes, 'x');
  ASSERT_TRUE(reader->read(0, bytes).has_value());
  EXPECT_EQ(bytes, blocks_[0]);
  const auto other = read(std::make_shared<const BlockKey>(random_bytes(BlockKey::kBytes)));
  EXPECT_FALSE(other->read(0, bytes).has_value());
}

}  // namespace
}  // namespace aerolith::blocks
