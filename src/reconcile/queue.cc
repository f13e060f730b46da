#include "reconcile/queue.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"

namespace aerolith::reconcile {
namespace {

using Instant = std::chrono::steady_clock::time_point;

constexpr std::chrono::milliseconds kFirstDelay{100};
constexpr std::chrono::milliseconds kLongestDelay{30'000};

std::chrono::milliseconds delay_after(int failures) {
  return std::min(kLongestDelay, kFirstDelay * (1 << std::min(failures - 1, 16)));
}

struct Item {
  std::optional<Instant> due;  // nullopt while it is worked on and nobody added it again
  bool running = false;
  int failures = 0;  // in a row
};

}  // namespace

struct Queue::State {
  QueueSettings settings;
  Work work;
  std::mutex mutex;
  std::condition_variable wake;     // something is due earlier than before, or the end has come
  std::condition_variable settled;  // a piece of work has ended
  std::map<std::string, Item, std::less<>> items;
  std::set<std::pair<Instant, std::string>> schedule;  // of items that aren't running
  bool stopping = false;
  std::vector<std::thread> workers;

  void plan(const std::string& key, Item& item, Instant due) {
    if (item.running) {
      item.due = item.due ? std::min(*item.due, due) : due;
      return;
    }
    if (item.due) {
      if (*item.due <= due) return;
      schedule.erase({*item.due, key});
    }
    item.due = due;
    schedule.emplace(due, key);
    wake.notify_one();
  }

  // The key whose time has come; nullopt at the end.
  std::optional<std::string> take(std::unique_lock<std::mutex>& lock) {
    while (!stopping) {
      if (schedule.empty()) {
        wake.wait(lock);
        continue;
      }
      const Instant due = schedule.begin()->first;
      if (due > std::chrono::steady_clock::now()) {
        wake.wait_until(lock, due);
        continue;
      }
      std::string key = schedule.begin()->second;
      schedule.erase(schedule.begin());
      Item& item = items[key];
      item.due.reset();
      item.running = true;
      return key;
    }
    return std::nullopt;
  }

  Outcome attempt(std::string_view key) const {
    try {
      return work(key);
    } catch (const std::exception& error) {
      return Failed{error.what()};
    }
  }

  void finish(const std::string& key, const Outcome& outcome) {
    const auto at = items.find(key);
    Item& item = at->second;
    item.running = false;
    const Instant now = std::chrono::steady_clock::now();
    std::optional<Instant> next;
    if (const auto* again = std::get_if<Again>(&outcome)) {
      item.failures = 0;
      next = now + again->after;
    } else if (std::holds_alternative<Failed>(outcome)) {
      next = now + delay_after(++item.failures);
    } else {
      item.failures = 0;
    }
    if (item.due) next = next ? std::min(*next, *item.due) : *item.due;
    item.due.reset();
    if (next) {
      plan(key, item, *next);
    } else {
      items.erase(at);
    }
    settled.notify_all();
  }

  void run() {
    std::unique_lock lock(mutex);
    while (const auto key = take(lock)) {
      lock.unlock();
      const Outcome outcome = attempt(*key);
      if (const auto* failed = std::get_if<Failed>(&outcome)) {
        log_warning("reconcile: failed, will try again",
                    {{"queue", settings.name}, {"key", *key}, {"why", failed->why}});
      }
      lock.lock();
      finish(*key, outcome);
    }
  }

  bool is_idle() const {
    if (!schedule.empty() && schedule.begin()->first <= std::chrono::steady_clock::now()) return false;
    return std::ranges::none_of(items, [](const auto& entry) { return entry.second.running; });
  }
};

Queue::Queue(QueueSettings settings, Work work) : state_(std::make_unique<State>()) {
  state_->settings = std::move(settings);
  state_->work = std::move(work);
  for (int i = 0; i < std::max(1, state_->settings.workers); ++i) {
    state_->workers.emplace_back([state = state_.get()] { state->run(); });
  }
}

Queue::~Queue() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  for (std::thread& worker : state_->workers) worker.join();
}

void Queue::add(std::string_view key) {
  const std::lock_guard lock(state_->mutex);
  if (state_->stopping) return;
  const auto at = state_->items.try_emplace(std::string(key)).first;
  state_->plan(at->first, at->second, std::chrono::steady_clock::now());
}

bool Queue::wait_idle(std::chrono::milliseconds patience) {
  const Instant deadline = std::chrono::steady_clock::now() + patience;
  std::unique_lock lock(state_->mutex);
  while (!state_->is_idle()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    // What is due and not yet taken has nobody to tell us: look again soon.
    state_->settled.wait_for(lock, std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace aerolith::reconcile
