// One thread with its io_context, the connections that live on it, and their deadlines.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "http/deadline_wheel.h"
#include "http/edge.h"

namespace aerolith::http {

class Connection;

class IoThread {
 public:
  explicit IoThread(Edge& edge);
  ~IoThread();

  void start();
  // Lets the thread end when nothing is under way, and waits for it.
  void join();

  // Takes over an accepted descriptor, of a listener with that label. Any thread.
  void adopt(int descriptor, std::string peer_address, std::string listener);
  // Any thread: idle connections close, the others after their answer.
  void stop_connections();
  // Any other thread: on return every connection is closed.
  void abort_connections();
  // The same for those of one listener's label.
  void abort_connections(const std::string& listener);

  boost::asio::io_context& context() { return context_; }

  // The rest only on this thread.
  Edge& edge() { return edge_; }
  // Holds bytes only within one function.
  std::span<char> scratch() { return {scratch_.get(), kScratchBytes}; }
  void add(DeadlineWheel::Entry& connection);
  void remove(DeadlineWheel::Entry& connection) { wheel_.remove(connection); }
  void set_deadline(DeadlineWheel::Entry& connection, std::chrono::milliseconds from_now);
  // Hands the connection's request to the pool together with all that became ready in this turn of the loop:
  // one lock and few wake-ups for many requests.
  void submit_later(std::shared_ptr<Connection> connection);
  void clear_deadline(DeadlineWheel::Entry& connection) { wheel_.set(connection, DeadlineWheel::kNever); }

 private:
  static constexpr size_t kScratchBytes = 64 * 1024;

  void arm_timer();
  void submit_ready();

  Edge& edge_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer timer_;
  bool is_timer_armed_ = false;
  DeadlineWheel wheel_;
  std::unique_ptr<char[]> scratch_;
  std::vector<std::shared_ptr<Connection>> ready_;  // for the next submit_ready
  std::thread thread_;
};

}  // namespace aerolith::http
