#include "metadata/hot_values.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace aerolith::metadata {
namespace {

constexpr size_t kBudget = size_t{1} << 20;

TEST(HotValues, GivesBackWhatWasRead) {
  HotValues values(kBudget);
  EXPECT_EQ(values.find("k", 5), std::nullopt);
  values.note("k", "v", 5);
  EXPECT_EQ(values.find("k", 5), "v");
  EXPECT_EQ(values.find("k", 9), "v");
}

TEST(HotValues, IsSilentToASnapshotThatIsOlderThanWhatItKnows) {
  HotValues values(kBudget);
  values.note("k", "v", 5);
  EXPECT_EQ(values.find("k", 4), std::nullopt);
}

TEST(HotValues, AWriteMakesItForget) {
  HotValues values(kBudget);
  values.note("k", "old", 5);
  values.forget("k", 6);
  EXPECT_EQ(values.find("k", 5), std::nullopt);
  EXPECT_EQ(values.find("k", 6), std::nullopt);
}

TEST(HotValues, WhatAnOldSnapshotReadIsNotTakenAfterAWrite) {
  HotValues values(kBudget);
  values.forget("k", 6);
  values.note("k", "old", 5);
  EXPECT_EQ(values.find("k", 6), std::nullopt);
  values.note("k", "new", 6);
  EXPECT_EQ(values.find("k", 6), "new");
}

TEST(HotValues, KeepsWithinItsBudgetTheLastUsed) {
  HotValues values(size_t{64} << 10);
  const std::string value(1000, 'x');
  values.note("often", value, 1);
  for (int i = 0; i < 2000; ++i) {
    values.note("key " + std::to_string(i), value, 1);
    ASSERT_EQ(values.find("often", 1), value) << i;
  }
  int kept = 0;
  for (int i = 0; i < 2000; ++i) kept += values.find("key " + std::to_string(i), 1) ? 1 : 0;
  EXPECT_GT(kept, 8);
  EXPECT_LT(kept, 65);
}

TEST(HotValues, LeavesLargeValuesOut) {
  HotValues values(kBudget);
  values.note("k", std::string(size_t{1} << 16, 'x'), 1);
  EXPECT_EQ(values.find("k", 1), std::nullopt);
}

// A store of one counter: readers never see an older value than the state that they read at.
TEST(HotValues, NeverGivesAnOldValueWhileItIsWritten) {
  HotValues values(kBudget);
  std::atomic<uint64_t> state{1};
  std::atomic<bool> stops{false};
  std::atomic<uint64_t> wrong{0};
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 3; ++reader) {
    readers.emplace_back([&] {
      while (!stops) {
        const uint64_t now = state;
        const auto found = values.find("k", now);
        // The writer's number may have moved on, but never back.
        if (found && std::stoull(*found) < now) ++wrong;
        if (!found) values.note("k", std::to_string(now), now);
      }
    });
  }
  for (uint64_t next = 2; next < 50'000; ++next) {
    values.forget("k", next);
    state = next;
  }
  stops = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0U);
}

}  // namespace
}  // namespace aerolith::metadata
