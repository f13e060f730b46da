// Desired state into action: keys of what may not be as it should. One worker at a time has a key; a key added while it
// is being worked on comes again. Nothing here is stored: who adds keys adds all unsettled ones at start.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace aerolith::reconcile {

struct Settled {};
struct Again {  // look again then
  std::chrono::milliseconds after;
};
struct Failed {  // look again after a time that doubles with each failure in a row, from 100 ms to 30 s
  std::string why;
};
using Outcome = std::variant<Settled, Again, Failed>;

struct QueueSettings {
  std::string name;  // in logs
  int workers = 2;
};

// Safe from any thread. The destructor lets running work end, and drops the rest.
class Queue {
 public:
  // An exception out of `work` counts as Failed.
  using Work = std::function<Outcome(std::string_view key)>;
  Queue(QueueSettings settings, Work work);
  ~Queue();
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  void add(std::string_view key);
  // Waits until nothing is due or being worked on; false when that took longer. For tests and a graceful stop.
  bool wait_idle(std::chrono::milliseconds patience);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace aerolith::reconcile
