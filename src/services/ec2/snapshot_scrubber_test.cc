#include "services/ec2/snapshot_scrubber.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

#include "blocks/stored_block.h"
#include "os/faulty_file_system.h"
#include "os/test_directory.h"

namespace aerolith::ec2 {
namespace {

using std::chrono::milliseconds;

class SnapshotScrubberTest : public testing::Test {
 protected:
  SnapshotScrubberTest() {
    metadata::StoreOptions options;
    options.directory = folder_ / "metadata";
    metadata_ = metadata::open_store(options).value();
    blocks_ = blocks::BlockStore::open(files_, "/store").value();
  }
  void add(const std::string& snapshot, const std::string& base, char byte) {
    const auto writer = blocks_->begin(snapshot, 4 * blocks::kBlockBytes, base).value();
    ASSERT_TRUE(writer->put(0, std::string(blocks::kBlockBytes, byte)).has_value());
    ASSERT_TRUE(writer->commit().has_value());
  }
  void damage(const std::string& name) {
    for (const std::string& path : files_.all_files()) {
      if (path.ends_with(name)) files_.flip_bit(path, 8 * 60);
    }
  }
  static ScrubResult wait_for_result(const SnapshotScrubber& scrubber, uint64_t bad = 0) {
    for (int i = 0; i < 1000 && (!scrubber.last() || scrubber.last()->bad < bad); ++i)
      std::this_thread::sleep_for(milliseconds(10));
    return scrubber.last().value_or(ScrubResult{});
  }

  os::TestDirectory folder_;
  os::FaultyFileSystem files_;
  SystemClock clock_;
  std::unique_ptr<metadata::Store> metadata_;
  std::unique_ptr<blocks::BlockStore> blocks_;
};

TEST_F(SnapshotScrubberTest, FindsDamageAndRemembersIt) {
  add("snap-1", "", 'a');
  add("snap-2", "", 'b');
  {
    const SnapshotScrubber scrubber(*blocks_, *metadata_, clock_, {.every = milliseconds(1)});
    const ScrubResult sound = wait_for_result(scrubber);
    EXPECT_EQ(sound.blocks, 2U);
    EXPECT_EQ(sound.bytes, blocks_->stored_bytes());
    EXPECT_EQ(sound.bad, 0U);
    damage("snap-2.pack");
    EXPECT_EQ(wait_for_result(scrubber, 1).bad, 1U);
  }
  const SnapshotScrubber never(*blocks_, *metadata_, clock_, {});
  ASSERT_TRUE(never.last().has_value());
  EXPECT_EQ(never.last()->bad, 1U);
}

TEST_F(SnapshotScrubberTest, CountsManifestsThatAreDamaged) {
  add("snap-1", "", 'a');
  add("snap-2", "snap-1", 'b');
  damage("snap-2.manifest");
  blocks_ = blocks::BlockStore::open(files_, "/store").value();
  const SnapshotScrubber scrubber(*blocks_, *metadata_, clock_, {.every = milliseconds(1)});
  const ScrubResult result = wait_for_result(scrubber, 1);
  EXPECT_EQ(result.blocks, 1U);
  EXPECT_EQ(result.bad, 1U);
}

TEST_F(SnapshotScrubberTest, KeepsToItsRateAndEndsAtOnce) {
  add("snap-1", "", 'a');
  const auto started = std::chrono::steady_clock::now();
  {
    const SnapshotScrubber scrubber(*blocks_, *metadata_, clock_, {.every = milliseconds(1), .bytes_per_second = 10});
    std::this_thread::sleep_for(milliseconds(300));
    EXPECT_FALSE(scrubber.last().has_value()) << "a block takes seconds at this rate";
  }
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(2));
}

TEST_F(SnapshotScrubberTest, TheNextOneIsDueAfterTheLastOneOfAnEarlierProcess) {
  add("snap-1", "", 'a');
  ScrubResult first;
  {
    const SnapshotScrubber scrubber(*blocks_, *metadata_, clock_,
                                    {.every = std::chrono::hours(1), .first_after = milliseconds(0)});
    first = wait_for_result(scrubber);
    ASSERT_EQ(first.blocks, 1U);
  }
  const SnapshotScrubber scrubber(*blocks_, *metadata_, clock_,
                                  {.every = std::chrono::hours(1), .first_after = milliseconds(0)});
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_EQ(scrubber.last()->finished, first.finished);
}

}  // namespace
}  // namespace aerolith::ec2
