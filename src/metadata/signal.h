// One thread waits, another one wakes it, once each: a semaphore that doesn't spin (std::binary_semaphore does, and
// gives the processor away to ask again).
#pragma once

#include <semaphore.h>

#include <cerrno>

namespace aerolith::metadata {

class Signal {
 public:
  Signal() { sem_init(&semaphore_, 0, 0); }
  ~Signal() { sem_destroy(&semaphore_); }
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  void wait() {
    while (sem_wait(&semaphore_) != 0 && errno == EINTR) {
    }
  }
  void send() { sem_post(&semaphore_); }

 private:
  sem_t semaphore_;
};

}  // namespace aerolith::metadata
