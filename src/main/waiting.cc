#include "main/waiting.h"

#include <fmt/format.h>

#include <cstdio>

namespace aerolith::main_program {
namespace {

constexpr auto kTellEvery = std::chrono::seconds(10);

void tell(std::chrono::steady_clock::time_point start, std::string_view what) {
  const auto spent = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - start);
  fmt::print(stderr, "[{:4}s] {}\n", spent.count(), what);
}

}  // namespace

Waiting::Waiting(bool is_quiet) : is_quiet_(is_quiet) {
  if (!is_quiet_) teller_ = std::jthread([this](const std::stop_token& stop) { repeat(stop); });
}

Waiting::~Waiting() = default;

void Waiting::step(std::string_view what) {
  if (is_quiet_) return;
  const std::lock_guard lock(mutex_);
  step_ = what;
  ++steps_;
  tell(start_, step_);
  changed_.notify_all();
}

void Waiting::repeat(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const int seen = steps_;
    const bool is_new = changed_.wait_for(lock, stop, kTellEvery, [&] { return steps_ != seen; });
    if (!is_new && !stop.stop_requested() && steps_ > 0) tell(start_, step_ + " …");
  }
}

}  // namespace aerolith::main_program
