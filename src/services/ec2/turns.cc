#include "services/ec2/turns.h"

#include <algorithm>

namespace aerolith::ec2 {

bool Turns::begin(std::string_view key, uint64_t& number) {
  std::unique_lock lock(mutex_);
  State& state = states_[std::string(key)];
  ++state.users;
  const uint64_t before = state.begun;
  changed_.wait(lock, [&] { return !state.is_taken; });
  if (state.ended_well > before) {
    leave(std::string(key));
    return false;
  }
  state.is_taken = true;
  number = ++state.begun;
  return true;
}

void Turns::end(const std::string& key, uint64_t number, bool well) {
  {
    const std::lock_guard lock(mutex_);
    State& state = states_.at(key);
    state.is_taken = false;
    if (well) state.ended_well = std::max(state.ended_well, number);
    leave(key);
  }
  changed_.notify_all();
}

// The mutex is held.
void Turns::leave(const std::string& key) {
  const auto at = states_.find(key);
  if (--at->second.users == 0) states_.erase(at);
}

}  // namespace aerolith::ec2
