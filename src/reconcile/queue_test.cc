#include "reconcile/queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace aerolith::reconcile {
namespace {

using namespace std::chrono_literals;

TEST(Queue, EachKeyIsWorkedOn) {
  std::mutex mutex;
  std::vector<std::string> seen;
  Queue queue({.name = "test"}, [&](std::string_view key) -> Outcome {
    const std::lock_guard lock(mutex);
    seen.emplace_back(key);
    return Settled{};
  });
  queue.add("a");
  queue.add("b");
  ASSERT_TRUE(queue.wait_idle(5s));
  std::ranges::sort(seen);
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "b"}));
}

TEST(Queue, AKeyAddedWhileItIsWorkedOnComesAgainAndNeverTwiceAtOnce) {
  std::atomic<int> at_once = 0;
  std::atomic<int> most = 0;
  std::atomic<int> runs = 0;
  std::atomic<bool> entered = false;
  std::atomic<bool> leave = false;
  Queue queue({.name = "test", .workers = 4}, [&](std::string_view) -> Outcome {
    most = std::max(most.load(), ++at_once);
    entered = true;
    while (!leave) std::this_thread::sleep_for(1ms);
    --at_once;
    ++runs;
    return Settled{};
  });
  queue.add("a");
  while (!entered) std::this_thread::sleep_for(1ms);
  for (int i = 0; i < 5; ++i) queue.add("a");
  std::this_thread::sleep_for(20ms);
  leave = true;
  ASSERT_TRUE(queue.wait_idle(5s));
  EXPECT_EQ(most, 1);
  EXPECT_EQ(runs, 2);
}

TEST(Queue, FailuresComeAgainLaterAndLater) {
  std::vector<std::chrono::steady_clock::time_point> at;
  std::atomic<bool> done = false;
  Queue queue({.name = "test", .workers = 1}, [&](std::string_view) -> Outcome {
    at.push_back(std::chrono::steady_clock::now());
    if (at.size() == 1) throw std::runtime_error("an exception counts");
    if (at.size() == 2) return Failed{"once more"};
    done = true;
    return Settled{};
  });
  queue.add("a");
  for (int i = 0; i < 1000 && !done; ++i) std::this_thread::sleep_for(5ms);
  ASSERT_TRUE(done);
  EXPECT_GE(at[1] - at[0], 100ms);
  EXPECT_GE(at[2] - at[1], 200ms);
}

TEST(Queue, AgainWaitsAndAnAddDoesNot) {
  std::atomic<int> runs = 0;
  Queue queue({.name = "test"}, [&](std::string_view) -> Outcome {
    if (++runs < 2) return Again{1h};
    return Settled{};
  });
  queue.add("a");
  ASSERT_TRUE(queue.wait_idle(5s));
  EXPECT_EQ(runs, 1);
  queue.add("a");
  ASSERT_TRUE(queue.wait_idle(5s));
  EXPECT_EQ(runs, 2);
}

TEST(Queue, TheDestructorLetsRunningWorkEndAndDropsTheRest) {
  std::atomic<int> runs = 0;
  std::atomic<bool> entered = false;
  {
    Queue queue({.name = "test", .workers = 1}, [&](std::string_view) -> Outcome {
      entered = true;
      std::this_thread::sleep_for(50ms);
      ++runs;
      return Settled{};
    });
    queue.add("a");
    while (!entered) std::this_thread::sleep_for(1ms);
    queue.add("b");
  }
  EXPECT_EQ(runs, 1);
}

TEST(Queue, WaitIdleGivesUp) {
  Queue queue({.name = "test"}, [&](std::string_view) -> Outcome {
    std::this_thread::sleep_for(200ms);
    return Settled{};
  });
  queue.add("a");
  EXPECT_FALSE(queue.wait_idle(10ms));
}

}  // namespace
}  // namespace aerolith::reconcile
