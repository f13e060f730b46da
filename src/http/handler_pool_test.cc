#include "http/handler_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <set>
#include <thread>

namespace aerolith::http {
namespace {

TEST(HandlerPool, RunsBlockingTasksAtOnceUpToItsBound) {
  HandlerPool pool(4, 100);
  std::latch all_inside(4);
  std::latch done(4);
  for (int i = 0; i < 4; ++i) {
    // Each waits for the other three: fewer than four threads would never end.
    EXPECT_TRUE(pool.try_submit([&] {
      all_inside.arrive_and_wait();
      done.count_down();
    }));
  }
  done.wait();
}

TEST(HandlerPool, RefusesPastThreadsAndQueue) {
  HandlerPool pool(2, 3);
  std::latch release(1);
  std::atomic<int> ran = 0;
  const auto task = [&] {
    release.wait();
    ++ran;
  };
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(pool.try_submit(task)) << i;
  EXPECT_TRUE(pool.is_full());
  EXPECT_FALSE(pool.try_submit(task));
  EXPECT_TRUE(pool.submit_continuation(task));
  release.count_down();
  while (ran < 6) std::this_thread::yield();
  EXPECT_FALSE(pool.is_full());
}

TEST(HandlerPool, ContinuationsGoFirst) {
  HandlerPool pool(1, 10);
  std::latch started(1);
  std::latch release(1);
  std::latch done(2);
  std::atomic<int> order = 0;
  int request_at = 0;
  int continuation_at = 0;
  pool.try_submit([&] {
    started.count_down();
    release.wait();
  });
  started.wait();
  pool.try_submit([&] {
    request_at = ++order;
    done.count_down();
  });
  pool.submit_continuation([&] {
    continuation_at = ++order;
    done.count_down();
  });
  EXPECT_EQ(pool.queued(), 2u);
  release.count_down();
  done.wait();
  EXPECT_EQ(continuation_at, 1);
  EXPECT_EQ(request_at, 2);
}

TEST(HandlerPool, ReusesTheThreadThatSleptLast) {
  HandlerPool pool(8, 10);
  std::set<std::thread::id> seen;
  for (int i = 0; i < 50; ++i) {
    std::latch done(1);
    pool.try_submit([&] {
      seen.insert(std::this_thread::get_id());
      done.count_down();
    });
    done.wait();
    while (pool.running() > 0) std::this_thread::yield();
  }
  EXPECT_LE(seen.size(), 2u);
}

TEST(HandlerPool, StopDropsTheQueueAndWaitsForWhatRuns) {
  HandlerPool pool(1, 10);
  std::latch started(1);
  std::atomic<bool> finished = false;
  std::atomic<bool> dropped_ran = false;
  pool.try_submit([&] {
    started.count_down();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    finished = true;
  });
  started.wait();
  pool.try_submit([&] { dropped_ran = true; });
  pool.stop();
  EXPECT_TRUE(finished);
  EXPECT_FALSE(dropped_ran);
  EXPECT_FALSE(pool.try_submit([] {}));
  EXPECT_FALSE(pool.submit_continuation([] {}));
}

TEST(HandlerPool, ManyShortTasksFromTwoThreads) {
  HandlerPool pool(8, 1'000'000);
  constexpr int kTasks = 20'000;
  std::atomic<int> ran = 0;
  const auto submit = [&] {
    for (int i = 0; i < kTasks; ++i) pool.try_submit([&] { ++ran; });
  };
  {
    const std::jthread a(submit);
    const std::jthread b(submit);
  }
  while (ran < 2 * kTasks) std::this_thread::yield();
}

}  // namespace
}  // namespace aerolith::http
