// What all connections of one server share.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "http/handler_pool.h"
#include "http/server.h"
#include "http/tls_context.h"

namespace aerolith::http {

// A share of the memory for bodies between sockets and handlers; given back with its end.
class BodyRoom {
 public:
  explicit BodyRoom(std::atomic<uint64_t>& used) : used_(used) {}
  BodyRoom(const BodyRoom&) = delete;
  BodyRoom& operator=(const BodyRoom&) = delete;
  ~BodyRoom() { used_.fetch_sub(bytes_); }

  // Makes the share at least `bytes`. False: all shares together would be over `limit_bytes`.
  bool reach(uint64_t bytes, uint64_t limit_bytes) {
    if (bytes <= bytes_) return true;
    const uint64_t more = bytes - bytes_;
    if (used_.fetch_add(more) + more > limit_bytes) {
      used_.fetch_sub(more);
      return false;
    }
    bytes_ = bytes;
    return true;
  }

 private:
  std::atomic<uint64_t>& used_;
  uint64_t bytes_ = 0;
};

struct Edge {
  Edge(ServerSettings given, RequestHandler& request_handler, std::unique_ptr<TlsContext> tls_context)
      : settings(std::move(given)),
        handler(request_handler),
        tls(std::move(tls_context)),
        pool(settings.handler_threads, settings.handler_queue) {}

  const ServerSettings settings;
  RequestHandler& handler;
  const std::unique_ptr<TlsContext> tls;  // null: plain only
  HandlerPool pool;

  std::atomic<bool> is_stopping{false};
  std::atomic<uint64_t> open_connections{0};
  std::atomic<uint64_t> accepted_connections{0};
  std::atomic<uint64_t> rejected_requests{0};
  std::atomic<uint64_t> body_room_bytes{0};

  void connection_closed() {
    if (open_connections.fetch_sub(1) != 1 || !is_stopping) return;
    const std::lock_guard lock(mutex);
    all_closed.notify_all();
  }

  std::mutex mutex;
  std::condition_variable all_closed;
};

}  // namespace aerolith::http
