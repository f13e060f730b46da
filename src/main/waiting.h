// Tells a person on standard error what a long command is doing, and that it still does.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace aerolith::main_program {

// "[  12s] making the file system", and every ten seconds "[  22s] … still". Silent where `is_quiet`.
class Waiting {
 public:
  explicit Waiting(bool is_quiet);
  ~Waiting();
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  void step(std::string_view what);

 private:
  void repeat(const std::stop_token& stop);

  const bool is_quiet_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::string step_;     // guarded by mutex_
  int steps_ = 0;        // guarded by mutex_
  std::jthread teller_;  // the last: it uses the rest
};

}  // namespace aerolith::main_program
