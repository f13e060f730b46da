// What was acknowledged is there after the process was killed, the log was cut off, or a sync failed; what is damaged
// is told.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>
#include <vector>

#include "metadata/rocksdb_store.h"
#include "metadata/store.h"
#include "os/test_directory.h"

namespace aerolith::metadata {
namespace {

StoreOptions options_for(const std::string& directory) {
  StoreOptions options;
  options.directory = directory;
  options.write_buffer_bytes = 256 << 10;  // flushes and log switches happen within a round
  return options;
}

std::string key_of(uint32_t thread, uint32_t number) {
  return "t" + std::to_string(thread) + "/" + std::to_string(number);
}

constexpr uint32_t kThreads = 4;

struct Acknowledged {
  uint32_t thread;
  uint32_t number;
};

// Commits for ever: two keys each, told through the pipe once they are acknowledged. Started by exec-less fork, so it
// must be called while no other thread runs.
[[noreturn]] void commit_for_ever(const std::string& directory, uint32_t first, int pipe) {
  auto store = open_store(options_for(directory));
  if (!store) ::_exit(3);
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (uint32_t n = first;; ++n) {
        auto txn = (*store)->begin_write();
        txn->put(key_of(t, n), std::string(n % 7 == 0 ? 5000 : 50, 'a'));
        txn->put("pair/" + key_of(t, n), "b");
        if (!txn->commit()) ::_exit(4);
        Acknowledged message{t, n};
        if (::write(pipe, &message, sizeof message) != sizeof message) ::_exit(5);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  ::_exit(6);
}

TEST(StoreCrashTest, WhatWasAcknowledgedSurvivesKill) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the thread sanitizer starts no threads after a fork; the other builds run this test";
#endif
  os::TestDirectory directory;
  std::mt19937 random(1);
  std::vector<Acknowledged> acknowledged;
  for (uint32_t round = 0; round < 5; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      commit_for_ever(directory / "store", round * 1'000'000, ends[1]);
    }
    ::close(ends[1]);
    Acknowledged message{};
    // Some must be there, then the child is killed at a random moment while it goes on.
    for (int i = 0; i < 20; ++i) {
      ASSERT_EQ(::read(ends[0], &message, sizeof message), ssize_t{sizeof message});
      acknowledged.push_back(message);
    }
    std::thread killer([&, wait = random() % 150] {
      std::this_thread::sleep_for(std::chrono::milliseconds(wait));
      ::kill(child, SIGKILL);
    });
    while (::read(ends[0], &message, sizeof message) == ssize_t{sizeof message}) acknowledged.push_back(message);
    killer.join();
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << WEXITSTATUS(status);
    ::close(ends[0]);

    auto store = open_store(options_for(directory / "store"));
    ASSERT_TRUE(store.has_value()) << store.error().detail;
    auto txn = (*store)->begin_read();
    for (const Acknowledged& a : acknowledged) {
      ASSERT_TRUE(txn->get(key_of(a.thread, a.number)).value().has_value()) << key_of(a.thread, a.number);
      ASSERT_TRUE(txn->get("pair/" + key_of(a.thread, a.number)).value().has_value());
    }
    // All or nothing, also for what wasn't acknowledged.
    size_t singles = 0;
    size_t pairs = 0;
    for (auto cursor = txn->scan(prefix_range("t")); cursor->next().value();) ++singles;
    for (auto cursor = txn->scan(prefix_range("pair/")); cursor->next().value();) ++pairs;
    ASSERT_EQ(singles, pairs);
  }
  EXPECT_GT(acknowledged.size(), 100U);
}

std::string newest_log(const std::string& directory) {
  std::string newest;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    std::string path = entry.path().string();
    if (path.ends_with(".log") && (newest.empty() || path > newest)) newest = path;
  }
  return newest;
}

// A store whose log holds keys 0 .. count-1, a commit each.
void fill(const std::string& directory, int count) {
  StoreOptions options;
  options.directory = directory;
  auto store = open_store(options).value();
  for (int i = 0; i < count; ++i) {
    auto txn = store->begin_write();
    txn->put("k" + std::to_string(i), std::string(1000, 'x'));
    ASSERT_TRUE(txn->commit().has_value());
  }
}

TEST(StoreCrashTest, ATornTailIsFine) {
  std::mt19937 random(2);
  for (int round = 0; round < 6; ++round) {
    os::TestDirectory directory;
    fill(directory / "store", 60);
    std::string log = newest_log(directory / "store");
    auto size = std::filesystem::file_size(log);
    uintmax_t cut = 1 + random() % 20'000;
    std::filesystem::resize_file(log, size - cut);
    auto store = open_store(options_for(directory / "store"));
    ASSERT_TRUE(store.has_value()) << store.error().detail;
    auto txn = (*store)->begin_read();
    int there = 0;
    while (there < 60 && txn->get("k" + std::to_string(there)).value()) ++there;
    // A prefix of the commits: at least all that were written before the cut.
    EXPECT_GE(there, 60 - 2 - static_cast<int>(cut / 1000));
    EXPECT_LT(there, 60);
    for (int i = there; i < 60; ++i) EXPECT_FALSE(txn->get("k" + std::to_string(i)).value().has_value());
  }
}

TEST(StoreCrashTest, DamageInTheMiddleOfTheLogIsTold) {
  os::TestDirectory directory;
  fill(directory / "store", 120);
  std::string log = newest_log(directory / "store");
  {
    std::fstream file(log, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(30'000);
    file.put('!');
  }
  auto store = open_store(options_for(directory / "store"));
  ASSERT_FALSE(store.has_value());
  EXPECT_EQ(store.error().code, ErrorCode::corrupt);
}

// The log's sync fails once, on demand.
class FailingFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FailingFile(std::unique_ptr<rocksdb::FSWritableFile> file, std::atomic<bool>& fails)
      : FSWritableFileOwnerWrapper(std::move(file)), fails_(fails) {}
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* context) override {
    if (fails_.exchange(false)) return rocksdb::IOStatus::IOError("injected");
    return FSWritableFileOwnerWrapper::Sync(options, context);
  }

 private:
  std::atomic<bool>& fails_;
};

class FailingFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit FailingFileSystem(std::atomic<bool>& fails)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), fails_(fails) {}
  const char* Name() const override { return "failing"; }
  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override {
    rocksdb::IOStatus status = FileSystemWrapper::NewWritableFile(name, options, file, context);
    if (status.ok() && name.ends_with(".log")) *file = std::make_unique<FailingFile>(std::move(*file), fails_);
    return status;
  }

 private:
  std::atomic<bool>& fails_;
};

TEST(StoreCrashTest, AFailedSyncIsNeverAcknowledgedAndClosesTheStoreForWriting) {
  os::TestDirectory directory;
  std::atomic<bool> fails = false;
  std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(std::make_shared<FailingFileSystem>(fails));
  {
    auto store = RocksdbStore::open(options_for(directory / "store"), env.get()).value();
    auto commit = [&](const std::string& key) {
      auto txn = store->begin_write();
      txn->put(key, "v");
      return txn->commit();
    };
    ASSERT_TRUE(commit("before").has_value());
    fails = true;
    EXPECT_EQ(commit("failed").error().code, ErrorCode::io);
    EXPECT_FALSE(fails);
    // The disk is well again, but what it holds isn't known: no more acknowledgements.
    EXPECT_EQ(commit("after").error().code, ErrorCode::io);
    EXPECT_EQ(store->begin_read()->get("before").value(), "v");
    EXPECT_EQ(store->begin_read()->get("failed").value(), std::nullopt);
  }
  auto store = open_store(options_for(directory / "store"));
  ASSERT_TRUE(store.has_value()) << store.error().detail;
  EXPECT_EQ((*store)->begin_read()->get("before").value(), "v");
  EXPECT_EQ((*store)->begin_read()->get("after").value(), std::nullopt);
}

TEST(StoreCrashTest, AFailedSyncFailsAllThatWait) {
  os::TestDirectory directory;
  std::atomic<bool> fails = false;
  std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(std::make_shared<FailingFileSystem>(fails));
  auto store = RocksdbStore::open(options_for(directory / "store"), env.get()).value();
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0;; ++i) {
        auto txn = store->begin_write();
        txn->put(std::to_string(t) + "/" + std::to_string(i), "v");
        if (auto done = txn->commit(); !done) {
          EXPECT_EQ(done.error().code, ErrorCode::io);
          ++failed;
          return;
        }
      }
    });
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  fails = true;
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failed, 8);
}

}  // namespace
}  // namespace aerolith::metadata
