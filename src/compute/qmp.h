// The control socket of QEMU's programs: JSON lines, one client at a time (QEMU's docs/interop/qmp-spec.txt).
#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compute/driver.h"

namespace aerolith::compute {

// A listening socket for a program that is about to be started with it; close-on-exec, the caller's to close. Any
// length of path will do.
Result<int> listen_on(const std::string& path);

// What QEMU has to say of a command that failed has no code that tells more than its words.
inline bool says(const DriverError& error, std::string_view text) {
  return error.detail.find(text) != std::string::npos;
}

// Not safe from several threads.
class QmpClient {
 public:
  // Waits for another client to leave, and for the greeting, up to `patience`.
  static Result<std::unique_ptr<QmpClient>> connect(const std::string& path, std::chrono::milliseconds patience);
  ~QmpClient();
  QmpClient(const QmpClient&) = delete;
  QmpClient& operator=(const QmpClient&) = delete;

  // What the command returned. `descriptor` goes with it where it isn't negative.
  Result<boost::json::value> execute(std::string_view command, boost::json::object arguments = {}, int descriptor = -1);

  // Waits for an event of that name with that text as `data.<key>`, also one that came before. False after `patience`.
  Result<bool> wait_for(std::string_view event, std::string_view key, std::string_view text,
                        std::chrono::milliseconds patience);

 private:
  using Deadline = std::chrono::steady_clock::time_point;
  explicit QmpClient(int socket) : socket_(socket) {}
  Result<boost::json::object> read(Deadline deadline);
  Result<> write(const std::string& line, int descriptor);

  int socket_;
  std::string buffer_;
  std::deque<boost::json::object> events_;
};

}  // namespace aerolith::compute
