#include "metadata/store.h"

#include <algorithm>
#include <random>
#include <thread>

namespace aerolith::metadata {

std::string prefix_end(std::string_view prefix) {
  size_t last = prefix.find_last_not_of('\xff');
  if (last == std::string_view::npos) return {};
  std::string end(prefix.substr(0, last + 1));
  ++end.back();
  return end;
}

KeyRange prefix_range(std::string_view prefix) { return {std::string(prefix), prefix_end(prefix)}; }

namespace detail {

void back_off(int tries) {
  thread_local std::minstd_rand random(std::random_device{}());
  // 0.1 ms, doubled with each try up to 50 ms; the draw from all of it keeps two losers from meeting again.
  int limit_microseconds = std::min(100 << std::min(tries - 1, 9), 50'000);
  std::uniform_int_distribution<int> draw(0, limit_microseconds);
  std::this_thread::sleep_for(std::chrono::microseconds(draw(random)));
}

}  // namespace detail

}  // namespace aerolith::metadata
