#include "objects/scrubber.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "objects/segment_format.h"
#include "os/faulty_file_system.h"
#include "os/test_directory.h"

namespace aerolith::objects {
namespace {

class ScrubberTest : public testing::Test {
 protected:
  ScrubberTest() {
    metadata::StoreOptions options;
    options.directory = directory_ / "metadata";
    metadata_ = metadata::open_store(options).value();
    store_ = ObjectStore::open(files_, *metadata_, "/objects", {.first_bytes = uint64_t{1} << 20}).value();
  }
  Extent write(const std::string& bytes) {
    ExtentWriter writer = store_->begin_write(bytes.size());
    EXPECT_TRUE(writer.append(bytes).has_value());
    StagedExtent staged = writer.finish().value();
    return metadata::run_transaction(
               *metadata_, [&](metadata::Transaction& txn) -> Result<Extent> { return store_->commit(txn, staged); })
        .value();
  }
  ScrubResult wait_for_result(const Scrubber& scrubber) {
    for (int i = 0; i < 1000 && !scrubber.last(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return scrubber.last().value_or(ScrubResult{});
  }

  os::TestDirectory directory_;
  os::FaultyFileSystem files_;
  SystemClock clock_;
  std::unique_ptr<metadata::Store> metadata_;
  std::unique_ptr<ObjectStore> store_;
};

TEST_F(ScrubberTest, FindsDamageAndRemembersIt) {
  write("small");
  const Extent damaged = write(std::string(300'000, 'x'));
  write(std::string(200'000, 'y'));
  files_.flip_bit(files_.all_files().at(0), 8 * (place_of(damaged.id).offset + 1000));
  {
    const Scrubber scrubber(*store_, *metadata_, clock_, {.every = std::chrono::milliseconds(1)});
    const ScrubResult result = wait_for_result(scrubber);
    EXPECT_EQ(result.extents, 3U);
    EXPECT_EQ(result.bad, 1U);
  }
  const Scrubber never(*store_, *metadata_, clock_, {});
  ASSERT_TRUE(never.last().has_value());
  EXPECT_EQ(never.last()->bad, 1U);
}

TEST_F(ScrubberTest, KeepsToItsRateAndEndsAtOnce) {
  write(std::string(900'000, 'x'));
  const auto started = std::chrono::steady_clock::now();
  {
    const Scrubber scrubber(*store_, *metadata_, clock_,
                            {.every = std::chrono::milliseconds(1), .bytes_per_second = 100'000});
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    EXPECT_FALSE(scrubber.last().has_value()) << "9 s at this rate";
  }
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(5));
}

}  // namespace
}  // namespace aerolith::objects
