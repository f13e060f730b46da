#include "blocks/block_store.h"

#include <gtest/gtest.h>

#include <random>

#include "os/faulty_file_system.h"

namespace aerolith::blocks {
namespace {

constexpr uint64_t kVolumeBytes = 64 * kBlockBytes;

std::string block_of(uint64_t seed) {  // that doesn't compress
  std::mt19937_64 random(seed);
  std::string block(kBlockBytes, '\0');
  for (char& c : block) c = static_cast<char>(random());
  return block;
}
std::string text_of(char c) { return std::string(kBlockBytes, c); }

class BlockStoreTest : public testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    store_.reset();
    auto opened = BlockStore::open(files_, "/store");
    ASSERT_TRUE(opened.has_value()) << opened.error().detail;
    store_ = *std::move(opened);
  }
  using Blocks = std::map<uint64_t, std::string>;
  Result<> add(const std::string& snapshot, const std::string& base, const Blocks& blocks) {
    const auto writer = TRY(store_->begin(snapshot, kVolumeBytes, base));
    for (const auto& [index, block] : blocks) TRY(writer->put(index, block));
    return writer->commit();
  }
  std::string read(const std::string& snapshot, uint64_t index) {
    auto block = store_->read(snapshot, index);
    return block.has_value() ? *std::move(block) : "error: " + block.error().detail;
  }
  uint64_t pack_count() const {
    uint64_t count = 0;
    for (const std::string& path : files_.all_files()) count += path.ends_with(".pack") ? 1 : 0;
    return count;
  }

  os::FaultyFileSystem files_;
  std::unique_ptr<BlockStore> store_;
};

TEST_F(BlockStoreTest, WhatWasPutIsReadAndTheRestIsZeros) {
  ASSERT_TRUE(add("snap-1", "", {{0, text_of('a')}, {7, block_of(1)}}).has_value());
  EXPECT_EQ(read("snap-1", 0), text_of('a'));
  EXPECT_EQ(read("snap-1", 7), block_of(1));
  EXPECT_EQ(read("snap-1", 1), text_of('\0'));
  EXPECT_EQ(store_->size_bytes("snap-1").value(), kVolumeBytes);
  EXPECT_EQ(store_->read("snap-2", 0).error().code, VolumeErrorCode::not_found);
  open();
  EXPECT_EQ(read("snap-1", 7), block_of(1));
  EXPECT_EQ(store_->list(), std::vector<std::string>{"snap-1"});
}

TEST_F(BlockStoreTest, OnlyWhatChangedIsStored) {
  Blocks first;
  for (uint64_t index = 0; index < 20; ++index) first[index] = block_of(index);
  ASSERT_TRUE(add("snap-1", "", first).has_value());
  const uint64_t before = store_->stored_bytes();
  EXPECT_GT(before, 20 * kBlockBytes);
  ASSERT_TRUE(add("snap-2", "snap-1", {{3, block_of(100)}, {4, block_of(4)}, {5, text_of('\0')}}).has_value());
  EXPECT_LT(store_->stored_bytes() - before, kBlockBytes + 100);
  EXPECT_EQ(store_->changed_blocks("snap-1", "snap-2").value(), (std::vector<uint64_t>{3, 5}));
  EXPECT_EQ(store_->changed_blocks("", "snap-2").value().size(), 19U);
  EXPECT_EQ(read("snap-2", 3), block_of(100));
  EXPECT_EQ(read("snap-2", 5), text_of('\0'));
  EXPECT_EQ(read("snap-1", 3), block_of(3));
}

TEST_F(BlockStoreTest, WhatCompressesTakesLess) {
  const uint64_t before = store_->stored_bytes();
  ASSERT_TRUE(add("snap-1", "", {{0, text_of('a')}, {1, text_of('b')}}).has_value());
  EXPECT_GT(store_->stored_bytes(), before);
  EXPECT_LT(store_->stored_bytes() - before, 2 * kBlockBytes / 100);
  // Half of it.
  const uint64_t small = store_->stored_bytes();
  ASSERT_TRUE(
      add("snap-2", "", {{0, block_of(1).substr(0, kBlockBytes / 2) + std::string(kBlockBytes / 2, 'c')}}).has_value());
  EXPECT_GT(store_->stored_bytes() - small, kBlockBytes / 2);
  EXPECT_LT(store_->stored_bytes() - small, kBlockBytes * 6 / 10);
  EXPECT_EQ(read("snap-1", 1), text_of('b'));
}

TEST_F(BlockStoreTest, TheSameBytesAreStoredOnceWhereverTheyAre) {
  ASSERT_TRUE(add("snap-1", "", {{0, block_of(1)}, {1, block_of(1)}}).has_value());
  const uint64_t once = store_->stored_bytes();
  EXPECT_LT(once, 2 * kBlockBytes);
  ASSERT_TRUE(add("snap-2", "", {{9, block_of(1)}}).has_value());
  EXPECT_EQ(store_->stored_bytes(), once);
  EXPECT_EQ(pack_count(), 1U);
  EXPECT_EQ(read("snap-2", 9), block_of(1));
}

TEST_F(BlockStoreTest, ABlockStaysForAsLongAsASnapshotHasIt) {
  ASSERT_TRUE(add("snap-1", "", {{0, block_of(1)}, {1, block_of(2)}}).has_value());
  ASSERT_TRUE(add("snap-2", "snap-1", {{1, block_of(3)}}).has_value());
  ASSERT_TRUE(store_->remove("snap-1").has_value());
  ASSERT_TRUE(store_->remove("snap-1").has_value());
  EXPECT_EQ(read("snap-2", 0), block_of(1));
  open();
  EXPECT_EQ(read("snap-2", 0), block_of(1));
  EXPECT_EQ(read("snap-2", 1), block_of(3));
  EXPECT_LT(store_->stored_bytes(), 2 * kBlockBytes + 200);
  ASSERT_TRUE(store_->remove("snap-2").has_value());
  EXPECT_EQ(store_->stored_bytes(), 0U);
  EXPECT_TRUE(files_.all_files().empty());
}

TEST_F(BlockStoreTest, AWriterThatIsGivenUpLeavesNothing) {
  ASSERT_TRUE(add("snap-1", "", {{0, block_of(1)}}).has_value());
  {
    const auto writer = store_->begin("snap-2", kVolumeBytes, "snap-1").value();
    ASSERT_TRUE(writer->put(1, block_of(2)).has_value());
    // It keeps what it builds on.
    ASSERT_TRUE(store_->remove("snap-1").has_value());
    EXPECT_EQ(pack_count(), 2U);
  }
  EXPECT_TRUE(files_.all_files().empty());
  EXPECT_EQ(store_->stored_bytes(), 0U);
}

TEST_F(BlockStoreTest, WhatIsBeingWrittenKeepsWhatItBuildsOn) {
  ASSERT_TRUE(add("snap-1", "", {{0, block_of(1)}}).has_value());
  const auto writer = store_->begin("snap-2", kVolumeBytes, "snap-1").value();
  ASSERT_TRUE(store_->remove("snap-1").has_value());
  ASSERT_TRUE(writer->put(1, block_of(1)).has_value());
  ASSERT_TRUE(writer->commit().has_value());
  EXPECT_EQ(read("snap-2", 0), block_of(1));
  open();
  EXPECT_EQ(read("snap-2", 1), block_of(1));
}

TEST_F(BlockStoreTest, WhatCanNotBeIsRefused) {
  ASSERT_TRUE(add("snap-1", "", {{0, block_of(1)}}).has_value());
  EXPECT_EQ(store_->begin("snap-1", kVolumeBytes, "").error().code, VolumeErrorCode::in_use);
  EXPECT_EQ(store_->begin("snap-2", kVolumeBytes, "snap-0").error().code, VolumeErrorCode::not_found);
  const auto writer = store_->begin("snap-2", kVolumeBytes, "").value();
  EXPECT_FALSE(writer->put(64, block_of(1)).has_value());
  EXPECT_FALSE(writer->put(0, "short").has_value());
}

TEST_F(BlockStoreTest, AFlippedBitIsFoundOnReadAndByScrub) {
  ASSERT_TRUE(add("snap-1", "", {{0, block_of(1)}, {1, text_of('x')}}).has_value());
  ASSERT_TRUE(add("snap-2", "snap-1", {{2, block_of(2)}}).has_value());
  const auto all = [](uint64_t) { return true; };
  EXPECT_EQ(store_->scrub(all).blocks, 3U);
  EXPECT_TRUE(store_->scrub(all).damaged.empty());
  files_.flip_bit("/store/packs/snap-1.pack", 8 * 5000);
  EXPECT_EQ(store_->read("snap-1", 0).error().code, VolumeErrorCode::corrupt);
  EXPECT_EQ(read("snap-1", 1), text_of('x'));
  EXPECT_EQ(read("snap-2", 2), block_of(2));
  const ScrubReport report = store_->scrub(all);
  ASSERT_EQ(report.damaged.size(), 1U);
  EXPECT_EQ(report.damaged.front().snapshots, (std::vector<std::string>{"snap-1", "snap-2"}));
  EXPECT_EQ(store_->scrub([](uint64_t) { return false; }).blocks, 1U);
  // The same bytes again are stored again.
  ASSERT_TRUE(add("snap-3", "", {{0, block_of(1)}}).has_value());
  EXPECT_EQ(read("snap-3", 0), block_of(1));
  // Also where the base has them.
  ASSERT_TRUE(add("snap-4", "snap-1", {{0, block_of(1)}, {1, text_of('x')}}).has_value());
  EXPECT_EQ(read("snap-4", 0), block_of(1));
  EXPECT_EQ(read("snap-4", 1), text_of('x'));
}

TEST_F(BlockStoreTest, AFlippedBitInAManifestCostsThatSnapshotAlone) {
  ASSERT_TRUE(add("snap-1", "", {{0, block_of(1)}}).has_value());
  ASSERT_TRUE(add("snap-2", "snap-1", {{1, block_of(2)}}).has_value());
  files_.flip_bit("/store/snapshots/snap-1.manifest", 8 * 40);
  open();
  EXPECT_EQ(store_->read("snap-1", 0).error().code, VolumeErrorCode::corrupt);
  EXPECT_EQ(store_->begin("snap-3", kVolumeBytes, "snap-1").error().code, VolumeErrorCode::corrupt);
  EXPECT_EQ(store_->begin("snap-1", kVolumeBytes, "").error().code, VolumeErrorCode::corrupt) << "it isn't just there";
  EXPECT_EQ(store_->begin("snap-2", kVolumeBytes, "").error().code, VolumeErrorCode::in_use);
  EXPECT_EQ(read("snap-2", 0), block_of(1));
  EXPECT_EQ(store_->list(), (std::vector<std::string>{"snap-1", "snap-2"}));
  EXPECT_EQ(store_->scrub([](uint64_t) { return true; }).damaged_manifests.size(), 1U);
  ASSERT_TRUE(store_->remove("snap-1").has_value());
  EXPECT_EQ(store_->list(), std::vector<std::string>{"snap-2"});
  open();
  EXPECT_EQ(read("snap-2", 0), block_of(1));
}

TEST_F(BlockStoreTest, AWriterReadsWhatItHasAndItsBase) {
  ASSERT_TRUE(add("snap-1", "", {{0, block_of(1)}, {1, block_of(2)}}).has_value());
  const auto writer = store_->begin("snap-2", kVolumeBytes, "snap-1").value();
  EXPECT_TRUE(writer->has_base());
  ASSERT_TRUE(store_->remove("snap-1").has_value());
  ASSERT_TRUE(writer->put(1, block_of(3)).has_value());
  EXPECT_EQ(writer->read(0).value(), block_of(1));
  EXPECT_EQ(writer->read(1).value(), block_of(3));
  EXPECT_EQ(writer->read(2).value(), text_of('\0'));
}

TEST_F(BlockStoreTest, AfterAPowerLossASnapshotIsWholeOrNotThere) {
  for (uint64_t round = 0; round < 20; ++round) {
    const std::string kept = "snap-a" + std::to_string(round);
    const std::string lost = "snap-b" + std::to_string(round);
    ASSERT_TRUE(add(kept, "", {{0, block_of(round)}, {1, block_of(round + 1000)}}).has_value());
    {
      const auto writer = store_->begin(lost, kVolumeBytes, kept).value();
      ASSERT_TRUE(writer->put(2, block_of(round + 2000)).has_value());
      files_.power_loss(round % 2 == 0 ? os::Unsynced::lost : os::Unsynced::torn);
    }
    open();
    EXPECT_EQ(read(kept, 0), block_of(round));
    EXPECT_EQ(read(kept, 1), block_of(round + 1000));
    EXPECT_EQ(store_->read(lost, 0).error().code, VolumeErrorCode::not_found);
  }
}

TEST_F(BlockStoreTest, AFailureOfTheDiskLeavesWhatWasThere) {
  ASSERT_TRUE(add("snap-1", "", {{0, block_of(1)}}).has_value());
  for (const os::Fault fault : {os::Fault::write_error, os::Fault::write_no_space, os::Fault::sync_error,
                                os::Fault::directory_error, os::Fault::open_no_space}) {
    for (uint64_t after = 0; after < 2; ++after) {
      files_.inject(fault, after);
      const auto added = add("snap-2", "snap-1", {{1, block_of(2)}});
      EXPECT_EQ(read("snap-1", 0), block_of(1));
      const bool is_there = store_->read("snap-2", 1).has_value();
      EXPECT_EQ(added.has_value(), is_there);
      open();
      EXPECT_EQ(store_->read("snap-2", 1).has_value(), is_there) << static_cast<int>(fault) << " " << after;
      EXPECT_EQ(read("snap-1", 0), block_of(1));
      ASSERT_TRUE(store_->remove("snap-2").has_value());
    }
  }
}

TEST(ManifestTest, IsReadAsWritten) {
  Manifest manifest{.size_bytes = kVolumeBytes};
  manifest.blocks[3] = {.hash = hash_of("a"), .place = {.pack = "snap-1", .offset = 5, .length = 9}};
  manifest.blocks[63] = {.hash = hash_of("b"), .place = {.pack = "snap-2", .offset = 1, .length = 2}};
  const std::string bytes = encode_manifest(manifest);
  EXPECT_EQ(decode_manifest(bytes).value(), manifest);
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(decode_manifest(bytes.substr(0, length)).has_value());
  }
}

TEST(ManifestTest, OfBlocksOutsideOfTheVolumeIsRefused) {
  Manifest manifest{.size_bytes = kBlockBytes};
  manifest.blocks[1] = {.hash = hash_of("a"), .place = {.pack = "snap-1", .offset = 5, .length = 9}};
  EXPECT_EQ(decode_manifest(encode_manifest(manifest)).error().code, VolumeErrorCode::corrupt);
}

}  // namespace
}  // namespace aerolith::blocks
