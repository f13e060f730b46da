// What all connections of one server share.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "http/handler_pool.h"
#include "http/server.h"
#include "http/tls_context.h"

namespace aerolith::http {

// A share of the memory for bodies between sockets and handlers; given back with its end.
class BodyRoom {
 public:
  // nullopt: with `bytes` more, `used` would be over `limit_bytes`.
  static std::optional<BodyRoom> take(std::atomic<uint64_t>& used, uint64_t bytes, uint64_t limit_bytes) {
    BodyRoom room(used, bytes);
    return used.fetch_add(bytes) + bytes <= limit_bytes ? std::optional(std::move(room)) : std::nullopt;
  }
  BodyRoom(BodyRoom&& other) noexcept : used_(std::exchange(other.used_, nullptr)), bytes_(other.bytes_) {}
  BodyRoom& operator=(BodyRoom&& other) noexcept {
    std::swap(used_, other.used_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~BodyRoom() {
    if (used_ != nullptr) used_->fetch_sub(bytes_);
  }

 private:
  BodyRoom(std::atomic<uint64_t>& used, uint64_t bytes) : used_(&used), bytes_(bytes) {}

  std::atomic<uint64_t>* used_;
  uint64_t bytes_;
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
