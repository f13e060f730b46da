#include "audit/log.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "audit/test_support.h"
#include "os/faulty_file_system.h"

namespace aerolith::audit {
namespace {

using namespace std::chrono_literals;

constexpr const char* kFolder = "/data/audit";

class AuditLogTest : public testing::Test {
 protected:
  std::unique_ptr<Log> open(LogSettings settings = {}) {
    settings.folder = kFolder;
    settings.gather = 1ms;
    return Log::open(files_, settings, clock_).value();
  }
  static void wait_for_written(const Log& log, uint64_t events) {
    for (int round = 0; round < 5000 && log.stats().written_events < events; ++round) {
      std::this_thread::sleep_for(1ms);
    }
    ASSERT_EQ(log.stats().written_events, events);
  }
  // One after the other, so that each is a batch of its own.
  static void write_apart(Log& log, const std::vector<std::string>& ids) {
    uint64_t written = log.stats().written_events;
    for (const std::string& id : ids) {
      log.write(make_event(id));
      wait_for_written(log, ++written);
    }
  }
  std::vector<std::string> ids() { return ids_of(read_all(files_, kFolder)); }

  os::FaultyFileSystem files_;
  HandClock clock_;
};

TEST_F(AuditLogTest, EveryEventIsThereInOrderAfterTheEnd) {
  std::vector<std::string> expected;
  {
    const auto log = open();
    for (int number = 0; number < 1000; ++number) {
      expected.push_back("REQUEST" + std::to_string(number));
      log->write(make_event(expected.back()));
    }
  }
  EXPECT_EQ(ids(), expected);
  const auto lines = read_all(files_, kFolder);
  EXPECT_EQ(lines.front().kind, LineKind::head);
  EXPECT_EQ(lines.back().kind, LineKind::end);
  EXPECT_EQ(lines.back().count, 1000u);
}

TEST_F(AuditLogTest, ThreadsLoseNothing) {
  {
    const auto log = open({.queue_events = 16});
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        for (int number = 0; number < 500; ++number) log->write(make_event("R"));
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(log->stats().lost_events, 0u);
  }
  EXPECT_EQ(ids().size(), 2000u);
}

TEST_F(AuditLogTest, FilesTurnOverBySize) {
  {
    const auto log = open({.file_bytes = 600});
    write_apart(*log, {"A", "B", "C", "D", "E", "F"});
  }
  EXPECT_GE(list_files(files_, kFolder).value().size(), 3u);
  EXPECT_EQ(ids(), (std::vector<std::string>{"A", "B", "C", "D", "E", "F"}));
  for (const Line& line : read_all(files_, kFolder)) EXPECT_NE(line.kind, LineKind::damaged) << line.problem;
}

TEST_F(AuditLogTest, FilesTurnOverByAge) {
  const auto log = open({.file_age = 24h});
  write_apart(*log, {"A"});
  clock_.advance(23h);
  write_apart(*log, {"B"});
  EXPECT_EQ(list_files(files_, kFolder).value().size(), 1u);
  clock_.advance(2h);
  write_apart(*log, {"C"});
  EXPECT_EQ(list_files(files_, kFolder).value().size(), 2u);
}

TEST_F(AuditLogTest, TheOldestFilesGoByAllTheirSizes) {
  {
    const auto log = open({.file_bytes = 300, .keep_bytes = 1500});
    write_apart(*log, {"A", "B", "C", "D", "E", "F", "G", "H", "I", "J"});
  }
  const auto left = ids();
  EXPECT_LT(left.size(), 8u);
  EXPECT_GE(left.size(), 1u);
  EXPECT_EQ(left.back(), "J");
  EXPECT_LT(files_.used_bytes(), 2200u);
}

TEST_F(AuditLogTest, TheOldestFilesGoByAgeAlsoAfterAStart) {
  {
    write_apart(*open(), {"A"});
  }
  clock_.advance(std::chrono::hours(24 * 50));
  {
    write_apart(*open(), {"B"});
  }
  clock_.advance(std::chrono::hours(24 * 50));
  {
    write_apart(*open(), {"C"});
  }
  EXPECT_EQ(ids(), (std::vector<std::string>{"A", "B", "C"}));
  clock_.advance(std::chrono::hours(24 * 50));
  // A's file ended when B's began, 100 days ago.
  {
    write_apart(*open({.keep_age = std::chrono::hours(24 * 90)}), {"D"});
  }
  EXPECT_EQ(ids(), (std::vector<std::string>{"B", "C", "D"}));
}

TEST_F(AuditLogTest, WhatWasSyncedOutlivesAPowerCutAndATornEndIsTold) {
  auto log = open({.sync_every = 1ms});
  write_apart(*log, {"A", "B"});
  // The sync comes within the writer's next round.
  write_apart(*log, {"C"});
  std::this_thread::sleep_for(50ms);
  files_.power_loss(os::Unsynced::lost);
  log.reset();
  EXPECT_EQ(ids(), (std::vector<std::string>{"A", "B", "C"}));
}

TEST_F(AuditLogTest, ALineThatWasCutShortIsPassedOver) {
  {
    write_apart(*open(), {"A"});
  }
  {
    auto file = files_.open(std::string(kFolder) + "/" + file_name(1), os::OpenMode::write, 0600).value();
    const uint64_t size = file->size().value();
    ASSERT_TRUE(file->truncate(size - 20).has_value());  // within the line of the end
  }
  {
    write_apart(*open(), {"B"});
  }
  std::vector<std::string> problems;
  for (const Line& line : read_all(files_, kFolder)) {
    if (line.kind == LineKind::damaged) problems.push_back(line.problem);
  }
  EXPECT_EQ(problems, (std::vector<std::string>{"the last line of audit-0000000001.jsonl was cut short"}));
  EXPECT_EQ(ids(), (std::vector<std::string>{"A", "B"}));
}

TEST_F(AuditLogTest, AFlippedBitIsFound) {
  {
    write_apart(*open(), {"AAAAAAAA"});
  }
  const std::string path = std::string(kFolder) + "/" + file_name(1);
  const std::string text = os::read_file(files_, path).value();
  files_.flip_bit(path, (text.find("AAAAAAAA") + 1) * 8);
  const auto lines = read_all(files_, kFolder);
  EXPECT_EQ(lines.back().kind, LineKind::damaged);
  EXPECT_EQ(lines.back().problem, "says that the file is not as it was written");
}

TEST_F(AuditLogTest, AWriteThatFailsIsCountedToldAndGotOver) {
  {
    const auto log = open();
    write_apart(*log, {"A"});
    files_.inject(os::Fault::write_no_space);
    log->write(make_event("LOST"));
    for (int round = 0; round < 5000 && log->stats().lost_events == 0; ++round) std::this_thread::sleep_for(1ms);
    EXPECT_EQ(log->stats().lost_events, 1u);
    write_apart(*log, {"B"});
  }
  uint64_t lost = 0;
  for (const Line& line : read_all(files_, kFolder)) lost += line.kind == LineKind::gap ? line.count : 0;
  EXPECT_EQ(lost, 1u);
  EXPECT_EQ(ids(), (std::vector<std::string>{"A", "B"}));
  EXPECT_EQ(list_files(files_, kFolder).value().size(), 2u);
}

TEST_F(AuditLogTest, OpenFailsWhereNothingCanBeWritten) {
  files_.inject(os::Fault::open_no_space);
  const auto log = Log::open(files_, {.folder = kFolder}, clock_);
  ASSERT_FALSE(log.has_value());
  EXPECT_EQ(log.error().code, os::ErrorCode::no_space);
}

// A disk that stands still until it is told to go on.
class StandstillFileSystem final : public os::FileSystem {
 public:
  explicit StandstillFileSystem(os::FileSystem& real) : real_(real) {}
  void stop() { set(true); }
  void go_on() { set(false); }

  os::Result<std::unique_ptr<os::File>> open(const std::string& path, os::OpenMode mode, unsigned mask) override {
    return std::unique_ptr<os::File>(std::make_unique<Stoppable>(*this, TRY(real_.open(path, mode, mask))));
  }
  os::Result<> rename(const std::string& from, const std::string& to) override { return real_.rename(from, to); }
  os::Result<> remove(const std::string& path) override { return real_.remove(path); }
  os::Result<> sync_directory(const std::string& path) override { return real_.sync_directory(path); }
  os::Result<std::vector<os::DirectoryEntry>> list(const std::string& path) override { return real_.list(path); }
  os::Result<> make_directories(const std::string& path) override { return real_.make_directories(path); }

 private:
  class Stoppable final : public os::File {
   public:
    Stoppable(StandstillFileSystem& owner, std::unique_ptr<os::File> file) : owner_(owner), file_(std::move(file)) {}
    os::Result<size_t> read_at(uint64_t offset, std::span<char> buffer) const override {
      return file_->read_at(offset, buffer);
    }
    os::Result<> write_at(uint64_t offset, std::string_view bytes) override {
      owner_.wait();
      return file_->write_at(offset, bytes);
    }
    os::Result<> sync_data() override { return file_->sync_data(); }
    os::Result<uint64_t> size() const override { return file_->size(); }
    os::Result<> truncate(uint64_t size) override { return file_->truncate(size); }
    os::Result<> preallocate(uint64_t offset, uint64_t size) override { return file_->preallocate(offset, size); }
    os::Result<> punch_hole(uint64_t offset, uint64_t size) override { return file_->punch_hole(offset, size); }

   private:
    StandstillFileSystem& owner_;
    std::unique_ptr<os::File> file_;
  };

  void set(bool stands) {
    {
      const std::lock_guard lock(mutex_);
      stands_ = stands;
    }
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !stands_; });
  }

  os::FileSystem& real_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stands_ = false;
};

TEST_F(AuditLogTest, AFullQueueHoldsBackThenCountsAndTellsWhatIsMissing) {
  StandstillFileSystem files(files_);
  {
    const auto log =
        Log::open(files, {.folder = kFolder, .queue_events = 4, .gather = 1ms, .patience = 100ms}, clock_).value();
    files.stop();
    log->write(make_event("FIRST"));
    // The writer has taken it and stands.
    for (int round = 0; round < 5000 && log->stats().queued_events > 0; ++round) std::this_thread::sleep_for(1ms);
    for (const char* id : {"A", "B", "C", "D"}) log->write(make_event(id));
    const auto before = std::chrono::steady_clock::now();
    log->write_now(make_event("NO"));
    EXPECT_LT(std::chrono::steady_clock::now() - before, 100ms);
    log->write(make_event("NEITHER"));
    EXPECT_GE(std::chrono::steady_clock::now() - before, 100ms);
    EXPECT_EQ(log->stats().lost_events, 2u);
    EXPECT_EQ(log->stats().queued_events, 4u);
    files.go_on();
    log->write(make_event("LAST"));
  }
  EXPECT_EQ(ids(), (std::vector<std::string>{"FIRST", "A", "B", "C", "D", "LAST"}));
  uint64_t lost = 0;
  for (const Line& line : read_all(files_, kFolder)) lost += line.kind == LineKind::gap ? line.count : 0;
  EXPECT_EQ(lost, 2u);
}

TEST_F(AuditLogTest, AFollowerSeesWhatComesAcrossFilesAndNothingTwice) {
  const auto log = open({.file_bytes = 600});
  write_apart(*log, {"BEFORE"});
  Follower follower = Follower::from_end(files_, kFolder).value();
  std::vector<Line> seen;
  for (const char* id : {"A", "B", "C", "D", "E"}) {
    write_apart(*log, {id});
    while (auto line = follower.next().value()) seen.push_back(*std::move(line));
  }
  EXPECT_EQ(ids_of(seen), (std::vector<std::string>{"A", "B", "C", "D", "E"}));
  for (const Line& line : seen) EXPECT_NE(line.kind, LineKind::damaged) << line.problem;
}

TEST_F(AuditLogTest, AFollowerOfNothingWaitsForTheFirst) {
  Follower follower = Follower::from_end(files_, kFolder).value();
  EXPECT_FALSE(follower.next().value().has_value());
  const auto log = open();
  write_apart(*log, {"A"});
  std::vector<Line> seen;
  while (auto line = follower.next().value()) seen.push_back(*std::move(line));
  EXPECT_EQ(ids_of(seen), (std::vector<std::string>{"A"}));
}

}  // namespace
}  // namespace aerolith::audit
