#include "dns/loop.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace aerolith::dns {
namespace {

int milliseconds_until(Moment moment) {
  if (moment == Moment::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(moment - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<int64_t>(left.count(), 0, 60'000));
}

}  // namespace

Watched::~Watched() { own(-1); }

void Watched::own(int descriptor) {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = descriptor;
}

Loop::Loop() : wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
Loop::~Loop() {
  if (wake_ >= 0) ::close(wake_);
}

void Loop::add(std::shared_ptr<Watched> watched) { watched_.push_back(std::move(watched)); }

void Loop::drop(std::string_view label) {
  std::erase_if(watched_, [&](const auto& watched) { return watched->label() == label; });
}

void Loop::post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(task));
  }
  wake();
}

void Loop::run_posted() {
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(posted_);
  }
  for (const auto& task : tasks) task();
}

void Loop::run() {
  while (!is_stopping_) turn();
  watched_.clear();
}

void Loop::stop() {
  is_stopping_ = true;
  wake();
}

void Loop::wake() {
  const uint64_t one = 1;
  static_cast<void>(!::write(wake_, &one, sizeof(one)));
}

void Loop::turn() {
  run_posted();
  std::erase_if(watched_, [](const auto& watched) { return watched->is_done(); });
  std::vector<pollfd> descriptors = {{wake_, POLLIN, 0}};
  Moment first = Moment::max();
  for (const auto& watched : watched_) {
    descriptors.push_back({watched->descriptor(), watched->events(), 0});
    first = std::min(first, watched->deadline());
  }
  if (::poll(descriptors.data(), descriptors.size(), milliseconds_until(first)) < 0) return;
  uint64_t woken = 0;
  if (descriptors.front().revents != 0) static_cast<void>(!::read(wake_, &woken, sizeof(woken)));
  // What is added from here on was not asked for, and may move the vector.
  const std::vector<std::shared_ptr<Watched>> asked = watched_;
  const Moment now = std::chrono::steady_clock::now();
  for (size_t i = 0; i < asked.size(); ++i) {
    Watched& watched = *asked[i];
    const short events = descriptors[i + 1].revents;
    if (!watched.is_done() && events != 0) watched.on_ready(events);
    if (!watched.is_done() && watched.deadline() <= now) watched.on_deadline();
  }
}

}  // namespace aerolith::dns
