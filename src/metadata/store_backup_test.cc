#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "metadata/store.h"
#include "os/test_directory.h"

namespace aerolith::metadata {
namespace {

namespace fs = std::filesystem;

StoreOptions options_for(const std::string& directory) {
  StoreOptions options;
  options.directory = directory;
  options.write_buffer_bytes = 256 << 10;
  return options;
}

void commit_pair(Store& store, int n) {
  auto txn = store.begin_write();
  txn->put("a" + std::to_string(n), std::string(n % 5 == 0 ? 20'000 : 100, 'x'));
  txn->put("b" + std::to_string(n), "y");
  ASSERT_TRUE(txn->commit().has_value());
}

size_t count(ReadTransaction& txn, std::string_view prefix) {
  size_t n = 0;
  for (auto cursor = txn.scan(prefix_range(prefix)); cursor->next().value();) ++n;
  return n;
}

TEST(StoreBackupTest, BackupUnderLoadRestoresOneMoment) {
  os::TestDirectory directory;
  auto store = open_store(options_for(directory / "store")).value();
  std::atomic<bool> stop = false;
  std::atomic<int> done = 0;
  std::thread writer([&] {
    for (int n = 0; !stop; ++n) {
      commit_pair(*store, n);
      done = n + 1;
    }
  });
  while (done < 50) std::this_thread::yield();
  int before = done;
  Result<> backed_up = store->backup(directory / "backup");
  int after = done;
  stop = true;
  writer.join();
  ASSERT_TRUE(backed_up.has_value()) << backed_up.error().detail;
  ASSERT_TRUE(verify_backup(directory / "backup").has_value());

  Result<> restored = restore_store(directory / "backup", directory / "restored");
  ASSERT_TRUE(restored.has_value()) << restored.error().detail;
  auto copy = open_store(options_for(directory / "restored")).value();
  auto txn = copy->begin_read();
  size_t a = count(*txn, "a");
  EXPECT_EQ(a, count(*txn, "b"));
  EXPECT_GE(a, static_cast<size_t>(before));
  EXPECT_LE(a, static_cast<size_t>(after) + 1);
  // A prefix of the commits, with nothing left out.
  for (size_t n = 0; n < a; ++n) EXPECT_TRUE(txn->get("a" + std::to_string(n)).value().has_value());
  commit_pair(*copy, 1'000'000);
}

TEST(StoreBackupTest, DamageIsFoundAndNothingIsRestored) {
  os::TestDirectory directory;
  {
    auto store = open_store(options_for(directory / "store")).value();
    for (int n = 0; n < 50; ++n) commit_pair(*store, n);
    ASSERT_TRUE(store->backup(directory / "backup").has_value());
  }
  int damaged = 0;
  for (const auto& entry : fs::recursive_directory_iterator(directory / "backup")) {
    if (!entry.is_regular_file() || entry.file_size() == 0) continue;
    std::string path = entry.path().string();
    auto at = static_cast<std::streamoff>(entry.file_size() / 2);
    auto flip = [&] {
      std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
      file.seekg(at);
      char c = static_cast<char>(file.get() ^ 0x40);
      file.seekp(at);
      file.put(c);
    };
    flip();
    EXPECT_FALSE(verify_backup(directory / "backup").has_value()) << path;
    EXPECT_FALSE(restore_store(directory / "backup", directory / "restored").has_value()) << path;
    EXPECT_TRUE(!fs::exists(directory / "restored") || fs::is_empty(directory / "restored"));
    flip();
    ++damaged;
  }
  EXPECT_GE(damaged, 4);
  EXPECT_TRUE(restore_store(directory / "backup", directory / "restored").has_value());
}

TEST(StoreBackupTest, TargetsMustBeEmptyAndSourcesBackups) {
  os::TestDirectory directory;
  auto store = open_store(options_for(directory / "store")).value();
  EXPECT_EQ(store->backup(directory.path()).error().code, ErrorCode::invalid);
  ASSERT_TRUE(store->backup(directory / "backup").has_value());
  EXPECT_EQ(store->backup(directory / "backup").error().code, ErrorCode::invalid);
  EXPECT_EQ(restore_store(directory / "backup", directory / "store").error().code, ErrorCode::invalid);
  EXPECT_FALSE(restore_store(directory / "nothing", directory / "restored").has_value());
  EXPECT_FALSE(fs::exists(directory / "restored"));
}

}  // namespace
}  // namespace aerolith::metadata
