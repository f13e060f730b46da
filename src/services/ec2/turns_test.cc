#include "services/ec2/turns.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace aerolith::ec2 {
namespace {

using namespace std::chrono_literals;

// While one works, three more come: one of them works for all three.
TEST(Turns, WhoWaitedWhileAnotherOneBeganAndEndedNeedNotWork) {
  Turns turns;
  std::atomic<int> runs = 0;
  std::atomic<int> at_once = 0;
  std::atomic<int> most = 0;
  std::atomic<bool> leave = false;
  const auto work = [&] {
    most = std::max(most.load(), ++at_once);
    ++runs;
    while (!leave) std::this_thread::sleep_for(1ms);
    --at_once;
    return true;
  };
  std::vector<std::thread> threads;
  threads.emplace_back([&] { turns.take("a", work); });
  while (runs == 0) std::this_thread::sleep_for(1ms);
  for (int i = 0; i < 3; ++i) threads.emplace_back([&] { EXPECT_TRUE(turns.take("a", work)); });
  std::this_thread::sleep_for(50ms);
  leave = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(most, 1);
}

TEST(Turns, WhatEndsBadlyIsDoneByTheNext) {
  Turns turns;
  std::atomic<int> runs = 0;
  std::atomic<bool> leave = false;
  const auto work = [&] {
    ++runs;
    while (!leave) std::this_thread::sleep_for(1ms);
    return false;
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back([&] { EXPECT_FALSE(turns.take("a", work)); });
  std::this_thread::sleep_for(20ms);
  leave = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(runs, 3);
}

TEST(Turns, KeysDoNotWaitForOneAnother) {
  Turns turns;
  bool inner = false;
  EXPECT_TRUE(turns.take("a", [&] { return turns.take("b", [&] { return inner = true; }); }));
  EXPECT_TRUE(inner);
}

}  // namespace
}  // namespace aerolith::ec2
