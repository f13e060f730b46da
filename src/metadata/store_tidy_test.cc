#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>

#include "metadata/store.h"
#include "os/test_directory.h"

namespace aerolith::metadata {
namespace {

// Files may go meanwhile: they count nothing.
uint64_t bytes_in(const std::filesystem::path& folder) {
  uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::error_code gone;
    const uint64_t size = entry.file_size(gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

TEST(StoreTidy, GivesBackTheRoomOfWhatWasErased) {
  const os::TestDirectory directory;
  StoreOptions options;
  options.directory = directory / "metadata";
  options.write_buffer_bytes = size_t{1} << 20;
  const auto store = open_store(options).value();
  constexpr int kValues = 1'000;
  constexpr uint64_t kValueBytes = 10'000;
  // Not to be compressed away.
  std::string value;
  for (uint64_t i = 0, x = 1; i < kValueBytes; ++i, x = x * 6364136223846793005 + 1442695040888963407) {
    value += static_cast<char>(x >> 56);
  }
  const auto change = [&](int from, int step, bool put) {
    for (int i = from; i < kValues; i += step) {
      const auto done = run_transaction(*store, [&](Transaction& txn) -> Result<> {
        const std::string key = "key" + std::to_string(i);
        if (put) {
          txn.put(key, value);
        } else {
          txn.erase(key);
        }
        return {};
      });
      ASSERT_TRUE(done.has_value());
    }
  };
  change(0, 1, true);
  change(0, 2, false);
  std::atomic<bool> stop = false;
  ASSERT_TRUE(store->tidy(stop).has_value());
  // Files are removed piece by piece, in the background.
  constexpr double kWanted = 1.3 * kValues / 2 * kValueBytes;
  for (int i = 0; i < 100 && static_cast<double>(bytes_in(directory / "metadata")) >= kWanted; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_LT(static_cast<double>(bytes_in(directory / "metadata")), kWanted);
  auto txn = store->begin_read();
  EXPECT_EQ(txn->get("key1").value(), value);
  EXPECT_EQ(txn->get("key2").value(), std::nullopt);
  EXPECT_TRUE(store->verify().has_value());
}

}  // namespace
}  // namespace aerolith::metadata
