#pragma once

#include <csignal>

namespace aerolith::http {

// For threads of the edge: signals are the main thread's; a blocked SIGPIPE makes sendfile and TLS writes answer EPIPE.
inline void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace aerolith::http
