#include "metadata/store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "metadata/format.h"
#include "metadata/record.h"
#include "os/test_directory.h"

namespace aerolith::metadata {
namespace {

class StoreTest : public testing::Test {
 protected:
  StoreTest() { open(); }
  void open() { store_ = open_store(options()).value(); }
  StoreOptions options() const {
    StoreOptions options;
    options.directory = directory_ / "store";
    return options;
  }
  void put(std::string_view key, std::string_view value) {
    auto txn = store_->begin_write();
    txn->put(key, value);
    ASSERT_TRUE(txn->commit().has_value());
  }
  std::optional<std::string> get(std::string_view key) { return store_->begin_read()->get(key).value(); }

  os::TestDirectory directory_;
  std::unique_ptr<Store> store_;
};

int number(const std::optional<std::string>& text) { return text ? std::stoi(*text) : 0; }

bool is_conflict(const Result<>& result) { return !result && result.error().code == ErrorCode::conflict; }

TEST_F(StoreTest, TheNewestValueFollowsEveryCommit) {
  EXPECT_EQ(store_->newest("k").value(), std::nullopt);
  for (int i = 0; i < 50; ++i) {
    const std::string value = std::to_string(i);
    ASSERT_TRUE(run_transaction(*store_, [&](Transaction& txn) -> Result<> {
                  txn.put("k", value);
                  return {};
                }).has_value());
    EXPECT_EQ(store_->newest("k").value(), value);
    EXPECT_EQ(store_->newest("k").value(), value) << "from memory";
  }
  ASSERT_TRUE(run_transaction(*store_, [&](Transaction& txn) -> Result<> {
                txn.erase("k");
                return {};
              }).has_value());
  EXPECT_EQ(store_->newest("k").value(), std::nullopt);
}

TEST_F(StoreTest, ReadsItsOwnWritesAndOthersAfterCommit) {
  auto txn = store_->begin_write();
  txn->put("k", "v");
  EXPECT_EQ(txn->get("k").value(), "v");
  EXPECT_EQ(get("k"), std::nullopt);
  ASSERT_TRUE(txn->commit().has_value());
  EXPECT_EQ(txn->commit().error().code, ErrorCode::invalid);
  EXPECT_EQ(get("k"), "v");
  auto snapshot = store_->begin_read();
  put("k", "w");
  EXPECT_EQ(snapshot->get("k").value(), "v");
  EXPECT_EQ(get("k"), "w");
}

TEST_F(StoreTest, DroppedTransactionsLeaveNoTrace) {
  store_->begin_write()->put("k", "v");
  EXPECT_EQ(get("k"), std::nullopt);
}

TEST_F(StoreTest, StaleReadConflicts) {
  put("k", "1");
  auto txn = store_->begin_write();
  EXPECT_EQ(txn->get("k").value(), "1");
  put("k", "2");
  txn->put("other", "x");
  EXPECT_TRUE(is_conflict(txn->commit()));
  EXPECT_TRUE(txn->conflicted());
  EXPECT_EQ(get("other"), std::nullopt);
}

TEST_F(StoreTest, AbsenceIsARead) {
  auto txn = store_->begin_write();
  EXPECT_EQ(txn->get("k").value(), std::nullopt);
  put("k", "1");
  txn->put("k", "2");
  EXPECT_TRUE(is_conflict(txn->commit()));
}

TEST_F(StoreTest, BlindWritesAndReadOnlyNeverConflict) {
  auto blind = store_->begin_write();
  blind->put("k", "blind");
  auto reader = store_->begin_write();
  EXPECT_EQ(reader->get("k").value(), std::nullopt);
  put("k", "2");
  EXPECT_TRUE(reader->commit().has_value());
  EXPECT_TRUE(blind->commit().has_value());
  EXPECT_EQ(get("k"), "blind");
}

TEST_F(StoreTest, PhantomsConflict) {
  for (auto direction : {Direction::forward, Direction::backward}) {
    for (std::string_view written : {"p1", "p5", "p9"}) {
      put("p3", "x");
      auto txn = store_->begin_write();
      auto cursor = txn->scan(prefix_range("p"), direction);
      while (cursor->next().value()) {
      }
      put(written, "phantom");
      txn->put("count", "1");
      EXPECT_TRUE(is_conflict(txn->commit())) << written;
      auto cleanup = store_->begin_write();
      cleanup->erase(written);
      ASSERT_TRUE(cleanup->commit().has_value());
    }
  }
}

TEST_F(StoreTest, OnlyWhatACursorWalkedOverIsRead) {
  for (std::string_view key : {"p1", "p3", "p5", "p7"}) put(key, "x");
  auto attempt = [&](Direction direction, std::string_view written) {
    auto txn = store_->begin_write();
    auto cursor = txn->scan(prefix_range("p"), direction);
    cursor->seek(direction == Direction::forward ? "p2" : "p6");
    EXPECT_TRUE(cursor->next().value());  // p3, p5
    put(written, "y");
    txn->put("mark", "1");
    return txn->commit();
  };
  EXPECT_TRUE(attempt(Direction::forward, "p1").has_value());
  EXPECT_TRUE(attempt(Direction::forward, "p4").has_value());
  EXPECT_TRUE(is_conflict(attempt(Direction::forward, "p3")));
  EXPECT_TRUE(is_conflict(attempt(Direction::forward, "p2")));
  EXPECT_TRUE(attempt(Direction::backward, "p6").has_value());
  EXPECT_TRUE(attempt(Direction::backward, "p4").has_value());
  EXPECT_TRUE(is_conflict(attempt(Direction::backward, "p5")));
  EXPECT_TRUE(is_conflict(attempt(Direction::backward, "p50")));
}

TEST_F(StoreTest, WriteSkewIsImpossible) {
  put("x", "1");
  put("y", "1");
  auto first = store_->begin_write();
  auto second = store_->begin_write();
  for (Transaction* txn : {first.get(), second.get()}) {
    EXPECT_EQ(txn->get("x").value(), "1");
    EXPECT_EQ(txn->get("y").value(), "1");
  }
  first->put("x", "0");
  second->put("y", "0");
  EXPECT_TRUE(first->commit().has_value());
  EXPECT_TRUE(is_conflict(second->commit()));
}

TEST_F(StoreTest, ScanMergesOwnWrites) {
  for (std::string_view key : {"a", "c", "e"}) put(key, "old");
  auto txn = store_->begin_write();
  txn->put("b", "new");
  txn->put("c", "new");
  txn->erase("e");
  txn->put("f", "new");
  auto walk = [&](Direction direction) {
    std::string out;
    auto cursor = txn->scan({"a", "g"}, direction);
    while (cursor->next().value()) out += std::string(cursor->key()) + "=" + std::string(cursor->value()) + " ";
    return out;
  };
  EXPECT_EQ(walk(Direction::forward), "a=old b=new c=new f=new ");
  EXPECT_EQ(walk(Direction::backward), "f=new c=new b=new a=old ");
  // Writing at the cursor is the usual way to empty a range.
  auto cursor = txn->scan({"a", "g"});
  while (cursor->next().value()) txn->erase(cursor->key());
  EXPECT_EQ(walk(Direction::forward), "");
}

TEST_F(StoreTest, ConcurrentCountersLoseNothing) {
  constexpr int kThreads = 8;
  constexpr int kEach = 40;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        while (true) {
          auto done = run_transaction(*store_, [](Transaction& txn) -> Result<> {
            int count = number(TRY(txn.get("counter")));
            txn.put("counter", std::to_string(count + 1));
            return {};
          });
          if (done) break;
          ASSERT_EQ(done.error().code, ErrorCode::conflict);
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(get("counter"), std::to_string(kThreads * kEach));
}

// Transfers keep the sum; a reader that sees one commit without another before it would see another sum.
TEST_F(StoreTest, SnapshotsAreConsistentUnderLoad) {
  constexpr int kAccounts = 12;
  for (int i = 0; i < kAccounts; ++i) put("account" + std::to_string(i), "100");
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      std::minstd_rand random(t + 1);
      while (!stop) {
        std::string from = "account" + std::to_string(random() % kAccounts);
        std::string to = "account" + std::to_string(random() % kAccounts);
        if (from == to) continue;
        auto done = run_transaction(*store_, [&](Transaction& txn) -> Result<> {
          int a = number(TRY(txn.get(from)));
          int b = number(TRY(txn.get(to)));
          txn.put(from, std::to_string(a - 1));
          txn.put(to, std::to_string(b + 1));
          return {};
        });
        ASSERT_TRUE(done || done.error().code == ErrorCode::conflict);
      }
    });
  }
  for (int round = 0; round < 300; ++round) {
    auto txn = store_->begin_read();
    auto cursor = txn->scan(prefix_range("account"));
    int sum = 0;
    while (cursor->next().value()) sum += std::stoi(std::string(cursor->value()));
    ASSERT_EQ(sum, kAccounts * 100);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  stop = true;
  for (auto& thread : threads) thread.join();
  StoreStatistics statistics = store_->statistics();
  EXPECT_GT(statistics.commits, statistics.groups);
}

TEST_F(StoreTest, ReopensWithEverything) {
  put("small", "v");
  put("large", std::string(100'000, 'x'));
  store_.reset();
  open();
  EXPECT_EQ(get("small"), "v");
  EXPECT_EQ(get("large"), std::string(100'000, 'x'));
}

TEST_F(StoreTest, OneOwnerAtATime) {
  auto second = open_store(options());
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::busy);
}

TEST_F(StoreTest, LimitsAndFullDisk) {
  auto txn = store_->begin_write();
  txn->put(std::string(kMaxKeyBytes + 1, 'k'), "v");
  EXPECT_EQ(txn->commit().error().code, ErrorCode::invalid);
  store_.reset();
  StoreOptions full = options();
  full.reserve_bytes = uint64_t{1} << 60;
  // Even the first format key needs room; with the key there, opening writes nothing.
  auto store = open_store(full).value();
  auto write = store->begin_write();
  write->put("k", "v");
  EXPECT_EQ(write->commit().error().code, ErrorCode::no_space);
}

struct TestFormat {
  static constexpr uint32_t kVersion = 1;
  uint32_t format = 0;
};
template <class Archive>
void fields(Archive& archive, TestFormat& r) {
  archive(r.format);
}

TEST_F(StoreTest, NewerFormatIsRefused) {
  put(std::string_view("\0aerolith.format", 16), encode_record(TestFormat{kFormat + 1}));
  store_.reset();
  auto refused = open_store(options());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::newer_format);
  EXPECT_NE(refused.error().detail.find("newer program"), std::string::npos);
}

TEST_F(StoreTest, OlderFormatIsMigratedStepByStep) {
  put("v", "one");
  FormatStep steps[] = {{kFormat,
                         [](Transaction& txn) -> Result<> {
                           txn.put("v", TRY(txn.get("v")).value() + " two");
                           return {};
                         }},
                        {kFormat + 1, [](Transaction& txn) -> Result<> {
                           txn.put("v", TRY(txn.get("v")).value() + " three");
                           return {};
                         }}};
  ASSERT_TRUE(bring_to_format(*store_, kFormat + 2, steps).has_value());
  EXPECT_EQ(get("v"), "one two three");
  ASSERT_TRUE(bring_to_format(*store_, kFormat + 2, steps).has_value());
  EXPECT_EQ(get("v"), "one two three");
  EXPECT_EQ(bring_to_format(*store_, kFormat + 3, steps).error().code, ErrorCode::invalid);
}

TEST_F(StoreTest, SomebodyElsesDatabaseIsRefused) {
  put("their", "data");
  auto txn = store_->begin_write();
  txn->erase(std::string_view("\0aerolith.format", 16));
  ASSERT_TRUE(txn->commit().has_value());
  txn.reset();
  store_.reset();
  EXPECT_EQ(open_store(options()).error().code, ErrorCode::invalid);
}

}  // namespace
}  // namespace aerolith::metadata
