// What was measured, by kind of request, and its JSON.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace aerolith::load {

using Clock = std::chrono::steady_clock;

struct Tally {
  std::vector<float> milliseconds;  // of every good one in the measured time
  uint64_t bytes = 0;
  uint64_t items = 0;  // listed keys
};

// One client's own; merged at the end.
struct Report {
  std::map<std::string, Tally> kinds;
  uint64_t all_operations = 0;  // good ones, the warm-up's too
  uint64_t errors = 0;
  std::string first_error;

  void merge(Report&& other);
  // `seconds`: how long was measured.
  std::string json(double seconds);
};

}  // namespace aerolith::load
