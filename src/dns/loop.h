// One thread that waits for sockets.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
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
  // Until stop(); then lets go of everything.
  void run();
  // From any thread.
  void stop();

 private:
  void turn();

  int wake_;
  std::atomic<bool> is_stopping_ = false;
  std::vector<std::shared_ptr<Watched>> watched_;
};

}  // namespace aerolith::dns
