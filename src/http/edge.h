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

  void connection_closed() {
    if (open_connections.fetch_sub(1) != 1 || !is_stopping) return;
    const std::lock_guard lock(mutex);
    all_closed.notify_all();
  }

  std::mutex mutex;
  std::condition_variable all_closed;
};

}  // namespace aerolith::http
