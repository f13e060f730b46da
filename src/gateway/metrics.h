// What /_aerolith/metrics tells: counters and latencies by service and operation.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "audit/log.h"
#include "gateway/registry.h"
#include "http/server.h"

namespace aerolith::gateway {

// Safe from any thread.
class Metrics {
 public:
  explicit Metrics(const Registry& registry);
  ~Metrics();
  // `operation` is null when none was resolved, `service` when none was found; no duration where nothing ran.
  void count(const RegisteredService* service, const protocol::Operation* operation, int status,
             std::optional<std::chrono::nanoseconds> duration);
  void count_sent(uint64_t body_bytes);
  // Prometheus text format 0.0.4.
  std::string text(const http::ServerStats& stats, const audit::LogStats& audit) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace aerolith::gateway
