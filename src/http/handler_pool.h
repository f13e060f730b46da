// The threads that run handlers. Bounded; made on demand; the one that slept last wakes first, so that a
// quiet server uses few, warm threads.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

namespace aerolith::http {

class HandlerPool {
 public:
  using Task = std::move_only_function<void()>;

  HandlerPool(size_t max_threads, size_t queue_limit);
  ~HandlerPool();  // stops

  // False: every thread is busy and the queue is full, or the pool has stopped. The task is then dropped.
  bool try_submit(Task task);
  // The same for several, with one lock and as few wake-ups as they need. Answers how many were taken, from the
  // first; those are moved from.
  size_t try_submit(std::span<Task> tasks);
  // Work of a request that already runs: goes before new requests and knows no limit. False after stop().
  bool submit_continuation(Task task);
  // A try_submit now would fail (another thread may change that).
  bool is_full() const;

  uint64_t running() const;
  uint64_t queued() const;

  // Drops what is queued, waits for what runs.
  void stop();

 private:
  struct Worker {
    std::condition_variable wake;
    bool is_woken = false;
    std::thread thread;
  };

  bool is_full_locked() const;
  bool should_wake_locked() const;
  // Wakes or makes a thread where that helps. The answer is to be notified after unlocking; null: none is.
  Worker* call_worker_locked();
  void add_worker_locked();
  void run(Worker& worker);
  Task take_locked();

  const size_t max_threads_;
  const size_t queue_limit_;
  mutable std::mutex mutex_;
  std::deque<Task> continuations_;
  std::deque<Task> requests_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<Worker*> idle_;  // the last one slept last
  size_t busy_ = 0;
  size_t waking_ = 0;  // woken or made, and not yet looking for work
  bool is_stopping_ = false;
};

}  // namespace aerolith::http
