#include "http/handler_pool.h"

#include <array>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "http/signals.h"

namespace aerolith::http {
namespace {

// A woken thread takes several short tasks before a second one would have come up: waking one thread for
// each of these many tasks keeps context switches down, and a burst still spreads at once.
constexpr size_t kTasksPerWakingThread = 8;
constexpr size_t kWakeUpsPerSubmit = 4;

}  // namespace

HandlerPool::HandlerPool(size_t max_threads, size_t queue_limit)
    : max_threads_(max_threads > 0 ? max_threads : 1), queue_limit_(queue_limit) {}

HandlerPool::~HandlerPool() { stop(); }

bool HandlerPool::is_full_locked() const {
  return is_stopping_ || requests_.size() >= queue_limit_ + (max_threads_ - busy_);
}

bool HandlerPool::should_wake_locked() const {
  const size_t queued = requests_.size() + continuations_.size();
  return waking_ * kTasksPerWakingThread < queued;
}

HandlerPool::Worker* HandlerPool::call_worker_locked() {
  if (!should_wake_locked()) return nullptr;
  if (idle_.empty()) {
    if (workers_.size() < max_threads_) add_worker_locked();
    return nullptr;
  }
  Worker* worker = idle_.back();
  idle_.pop_back();
  worker->is_woken = true;
  ++waking_;
  return worker;
}

void HandlerPool::add_worker_locked() {
  auto worker = std::make_unique<Worker>();
  try {
    worker->thread = std::thread([this, raw = worker.get()] { run(*raw); });
  } catch (const std::system_error& error) {
    log_error("cannot start a handler thread", {{"error", error.what()}});
    return;
  }
  workers_.push_back(std::move(worker));
  ++waking_;
}

bool HandlerPool::try_submit(Task task) { return try_submit(std::span(&task, 1)) == 1; }

size_t HandlerPool::try_submit(std::span<Task> tasks) {
  size_t taken = 0;
  std::array<Worker*, kWakeUpsPerSubmit> woken;
  size_t woken_count = 0;
  {
    const std::lock_guard lock(mutex_);
    for (; taken < tasks.size() && !is_full_locked(); ++taken) requests_.push_back(std::move(tasks[taken]));
    // Whoever wakes calls the next one if there is still more to do.
    while (woken_count < woken.size()) {
      Worker* worker = call_worker_locked();
      if (worker == nullptr) break;
      woken[woken_count++] = worker;
    }
  }
  for (size_t i = 0; i < woken_count; ++i) woken[i]->wake.notify_one();
  return taken;
}

bool HandlerPool::submit_continuation(Task task) {
  Worker* worker = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (is_stopping_) return false;
    continuations_.push_back(std::move(task));
    worker = call_worker_locked();
  }
  if (worker != nullptr) worker->wake.notify_one();
  return true;
}

HandlerPool::Task HandlerPool::take_locked() {
  std::deque<Task>& queue = continuations_.empty() ? requests_ : continuations_;
  Task task = std::move(queue.front());
  queue.pop_front();
  return task;
}

void HandlerPool::run(Worker& worker) {
  block_signals();
  std::unique_lock lock(mutex_);
  --waking_;
  for (;;) {
    if (!requests_.empty() || !continuations_.empty()) {
      Task task = take_locked();
      ++busy_;
      Worker* next = call_worker_locked();
      lock.unlock();
      if (next != nullptr) next->wake.notify_one();
      task();
      task = nullptr;
      lock.lock();
      --busy_;
      continue;
    }
    if (is_stopping_) return;
    worker.is_woken = false;
    idle_.push_back(&worker);
    worker.wake.wait(lock, [&worker] { return worker.is_woken; });
    --waking_;
  }
}

bool HandlerPool::is_full() const {
  const std::lock_guard lock(mutex_);
  return is_full_locked();
}

uint64_t HandlerPool::running() const {
  const std::lock_guard lock(mutex_);
  return busy_;
}

uint64_t HandlerPool::queued() const {
  const std::lock_guard lock(mutex_);
  return requests_.size() + continuations_.size();
}

void HandlerPool::stop() {
  std::deque<Task> dropped_requests;
  std::deque<Task> dropped_continuations;
  std::vector<std::unique_ptr<Worker>> workers;
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    dropped_requests.swap(requests_);
    dropped_continuations.swap(continuations_);
    for (Worker* worker : idle_) {
      worker->is_woken = true;
      ++waking_;
      worker->wake.notify_one();
    }
    idle_.clear();
    workers.swap(workers_);
  }
  for (const auto& worker : workers) worker->thread.join();
}

}  // namespace aerolith::http
