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

enum class Step : uint8_t { append, flush, sync };

// One step of writing a file of one kind fails on demand, once or for a while.
struct Failing {
  Step step = Step::sync;
  std::string suffix = ".log";
  rocksdb::IOStatus status = rocksdb::IOStatus::IOError("injected");
  bool stays = false;  // until it is disarmed
  std::atomic<bool> armed = false;

  bool happens(Step now) { return now == step && (stays ? armed.load() : armed.exchange(false)); }
};

class FailingFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FailingFile(std::unique_ptr<rocksdb::FSWritableFile> file, Failing& failing)
      : FSWritableFileOwnerWrapper(std::move(file)), failing_(failing) {}
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* context) override {
    if (failing_.happens(Step::append)) return failing_.status;
    return FSWritableFileOwnerWrapper::Append(data, options, context);
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo& info, rocksdb::IODebugContext* context) override {
    if (failing_.happens(Step::append)) return failing_.status;
    return FSWritableFileOwnerWrapper::Append(data, options, info, context);
  }
  rocksdb::IOStatus Flush(const rocksdb::IOOptions& options, rocksdb::IODebugContext* context) override {
    if (failing_.happens(Step::flush)) return failing_.status;
    return FSWritableFileOwnerWrapper::Flush(options, context);
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* context) override {
    if (failing_.happens(Step::sync)) return failing_.status;
    return FSWritableFileOwnerWrapper::Sync(options, context);
  }

 private:
  Failing& failing_;
};

class FailingFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit FailingFileSystem(Failing& failing) : FileSystemWrapper(rocksdb::FileSystem::Default()), failing_(failing) {}
  const char* Name() const override { return "failing"; }
  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override {
    rocksdb::IOStatus status = FileSystemWrapper::NewWritableFile(name, options, file, context);
    if (status.ok() && name.ends_with(failing_.suffix)) {
      *file = std::make_unique<FailingFile>(std::move(*file), failing_);
    }
    return status;
  }

 private:
  Failing& failing_;
};

std::unique_ptr<rocksdb::Env> failing_env(Failing& failing) {
  return rocksdb::NewCompositeEnv(std::make_shared<FailingFileSystem>(failing));
}

TEST(StoreCrashTest, AFailedSyncIsNeverAcknowledgedAndClosesTheStoreForWriting) {
  os::TestDirectory directory;
  Failing failing;
  std::unique_ptr<rocksdb::Env> env = failing_env(failing);
  {
    auto store = RocksdbStore::open(options_for(directory / "store"), env.get()).value();
    auto commit = [&](const std::string& key) {
      auto txn = store->begin_write();
      txn->put(key, "v");
      return txn->commit();
    };
    ASSERT_TRUE(commit("before").has_value());
    failing.armed = true;
    EXPECT_EQ(commit("failed").error().code, ErrorCode::io);
    EXPECT_FALSE(failing.armed);
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
  Failing failing;
  std::unique_ptr<rocksdb::Env> env = failing_env(failing);
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
  failing.armed = true;
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failed, 8);
}

// Whatever step of writing whichever file fails: what was acknowledged is there when the store is opened again.
TEST(StoreCrashTest, NoFailedStepLosesWhatWasAcknowledged) {
  for (const std::string suffix : {".log", ".sst", ".blob"}) {
    for (const Step step : {Step::append, Step::flush, Step::sync}) {
      SCOPED_TRACE(suffix + " step " + std::to_string(static_cast<int>(step)));
      os::TestDirectory directory;
      Failing failing;
      failing.step = step;
      failing.suffix = suffix;
      std::unique_ptr<rocksdb::Env> env = failing_env(failing);
      uint32_t acknowledged = 0;
      {
        auto store = RocksdbStore::open(options_for(directory / "store"), env.get()).value();
        for (uint32_t number = 0; number < 400; ++number) {  // some MiB: several flushes of 256 KiB
          if (number == 50) failing.armed = true;
          auto txn = store->begin_write();
          txn->put(key_of(0, number), std::string(number % 2 == 0 ? 5000 : 500, 'v'));
          if (!txn->commit()) break;
          ++acknowledged;
        }
      }
      EXPECT_GE(acknowledged, 50U);
      auto store = open_store(options_for(directory / "store"));
      ASSERT_TRUE(store.has_value()) << store.error().detail;
      auto txn = (*store)->begin_read();
      for (uint32_t number = 0; number < acknowledged; ++number) {
        ASSERT_TRUE(txn->get(key_of(0, number)).value().has_value()) << number << " of " << acknowledged;
      }
    }
  }
}

// Others fill the disk while the store moves what it has in memory into files.
TEST(StoreCrashTest, GoesOnOnceADiskThatWasFullHasRoom) {
  os::TestDirectory directory;
  Failing failing;
  failing.step = Step::append;
  failing.suffix = ".sst";
  failing.status = rocksdb::IOStatus::NoSpace("injected");
  failing.stays = true;
  std::unique_ptr<rocksdb::Env> env = failing_env(failing);
  {
    auto store = RocksdbStore::open(options_for(directory / "store"), env.get()).value();
    const auto commit = [&](const std::string& key) {
      auto txn = store->begin_write();
      txn->put(key, "v");
      return txn->commit();
    };
    ASSERT_TRUE(commit("before").has_value());
    failing.armed = true;
    std::atomic<bool> stop = false;
    EXPECT_EQ(store->tidy(stop).error().code, ErrorCode::no_space);
    EXPECT_EQ(commit("refused").error().code, ErrorCode::no_space);
    EXPECT_EQ(store->begin_read()->get("before").value(), "v");
    failing.armed = false;
    // RocksDB looks for room every five seconds.
    bool goes_on = false;
    for (int i = 0; i < 300 && !goes_on; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      goes_on = commit("after").has_value();
    }
    EXPECT_TRUE(goes_on);
    EXPECT_TRUE(store->tidy(stop).has_value());
  }
  const auto store = open_store(options_for(directory / "store")).value();
  EXPECT_EQ(store->begin_read()->get("before").value(), "v");
  EXPECT_EQ(store->begin_read()->get("refused").value(), std::nullopt);
  EXPECT_EQ(store->begin_read()->get("after").value(), "v");
}

TEST(StoreCrashTest, AFullDiskAtTheLogIsAnErrorForGood) {
  os::TestDirectory directory;
  Failing failing;
  failing.step = Step::append;
  failing.status = rocksdb::IOStatus::NoSpace("injected");
  std::unique_ptr<rocksdb::Env> env = failing_env(failing);
  auto store = RocksdbStore::open(options_for(directory / "store"), env.get()).value();
  const auto commit = [&] {
    auto txn = store->begin_write();
    txn->put("key", "v");
    return txn->commit();
  };
  failing.armed = true;
  EXPECT_EQ(commit().error().code, ErrorCode::io);
  EXPECT_EQ(commit().error().code, ErrorCode::io);
}

}  // namespace
}  // namespace aerolith::metadata
