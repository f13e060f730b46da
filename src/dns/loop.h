// One thread that waits for sockets.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace aerolith::dns {

using Moment = std::chrono::steady_clock::time_point;

// Owns one descriptor at a time. All functions run on the loop's thread.
class Watched {
 public:
  Watched() = default;
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;
  virtual ~Watched();

  int descriptor() const { return descriptor_; }
  virtual short events() const = 0;  // POLLIN, POLLOUT, or nothing
  virtual void on_ready(short events) = 0;
  virtual Moment deadline() const { return Moment::max(); }
  virtual void on_deadline() {}
  bool is_done() const { return is_done_; }
  // Of what came by a socket that the server adopted.
  virtual std::string_view label() const { return {}; }

 protected:
  // Closes the one before. -1: none.
  void own(int descriptor);
  // The loop lets go of it.
  void finish() { is_done_ = true; }

 private:
  int descriptor_ = -1;
  bool is_done_ = false;
};

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // On the loop's thread, or before it runs.
  void add(std::shared_ptr<Watched> watched);
  // Lets go of all with that label.
  void drop(std::string_view label);
  // Runs it on the loop's thread, soon. From any thread.
  void post(std::function<void()> task);
  // Until stop(); then lets go of everything.
  void run();
  // From any thread.
  void stop();

 private:
  void turn();
  void run_posted();
  void wake();

  int wake_;
  std::atomic<bool> is_stopping_ = false;
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;
  std::vector<std::shared_ptr<Watched>> watched_;
};

}  // namespace aerolith::dns
