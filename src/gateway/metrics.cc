#include "gateway/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <atomic>
#include <mutex>
#include <vector>

namespace aerolith::gateway {
namespace {

constexpr std::array<const char*, 6> kStatusClasses{"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
const prometheus::Histogram::BucketBoundaries kSeconds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                       0.25,   0.5,   1,      2.5,   5,    10,    60};

// To a count that is kept elsewhere and only grows.
void raise(prometheus::Counter& counter, uint64_t count) {
  const double more = static_cast<double>(count) - counter.Value();
  if (more > 0) counter.Increment(more);
}

}  // namespace

struct Metrics::State {
  // One operation's counters, made when first used: thousands of operations exist, few are called.
  struct OperationCounters {
    std::array<std::atomic<prometheus::Counter*>, kStatusClasses.size()> by_status{};
  };

  std::shared_ptr<prometheus::Registry> prometheus = std::make_shared<prometheus::Registry>();
  prometheus::Family<prometheus::Counter>& requests =
      prometheus::BuildCounter().Name("aerolith_requests_total").Help("Requests answered").Register(*prometheus);
  prometheus::Family<prometheus::Histogram>& durations = prometheus::BuildHistogram()
                                                             .Name("aerolith_request_duration_seconds")
                                                             .Help("From the handler's start to the answer made")
                                                             .Register(*prometheus);
  prometheus::Counter& sent_bytes = counter("aerolith_sent_body_bytes_total", "Bytes of answers' bodies sent");
  prometheus::Gauge& open_connections = gauge("aerolith_open_connections", "Connections open now");
  prometheus::Counter& accepted_connections =
      counter("aerolith_accepted_connections_total", "Connections accepted since start");
  prometheus::Gauge& running_handlers = gauge("aerolith_running_handlers", "Requests in handlers now");
  prometheus::Gauge& queued_requests = gauge("aerolith_queued_requests", "Requests waiting for a handler thread");
  prometheus::Counter& rejected_requests =
      counter("aerolith_rejected_requests_total", "Requests answered 503 for overload");
  prometheus::Counter& written_audit_events =
      counter("aerolith_audit_events_written_total", "Events written to the audit log");
  prometheus::Counter& lost_audit_events =
      counter("aerolith_audit_events_lost_total", "Events that the audit log could not take: must be 0");
  prometheus::Gauge& queued_audit_events = gauge("aerolith_audit_events_queued", "Events waiting to be written");
  std::mutex raising;                                    // two scrapes at once would both add what is new
  std::vector<std::vector<OperationCounters>> counters;  // [service][operation], one more for unresolved
  std::vector<prometheus::Histogram*> latencies;         // [service]

  prometheus::Counter& counter(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(*prometheus).Add({});
  }
  prometheus::Gauge& gauge(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(*prometheus).Add({});
  }
};

Metrics::Metrics(const Registry& registry) : state_(std::make_unique<State>()) {
  for (const RegisteredService& service : registry.services()) {
    state_->counters.emplace_back(service.model->operations.size() + 1);
    state_->latencies.push_back(&state_->durations.Add({{"service", std::string(service.model->name)}}, kSeconds));
  }
  state_->counters.emplace_back(1);
}

Metrics::~Metrics() = default;

void Metrics::count(const RegisteredService* service, const protocol::Operation* operation, int status,
                    std::optional<std::chrono::nanoseconds> duration) {
  const size_t service_index = service != nullptr ? service->index : state_->counters.size() - 1;
  auto& operations = state_->counters[service_index];
  const size_t operation_index = operation != nullptr ? operation->id : operations.size() - 1;
  const auto status_class = static_cast<size_t>(status / 100 <= 5 ? status / 100 : 0);
  auto& slot = operations[operation_index].by_status[status_class];
  prometheus::Counter* counter = slot.load(std::memory_order_acquire);
  if (counter == nullptr) {
    // Two threads may come here at once: Add answers the same counter to both.
    counter = &state_->requests.Add({{"service", service != nullptr ? std::string(service->model->name) : "unknown"},
                                     {"operation", operation != nullptr ? std::string(operation->name) : "unknown"},
                                     {"status", kStatusClasses[status_class]}});
    slot.store(counter, std::memory_order_release);
  }
  counter->Increment();
  if (service != nullptr && duration) {
    state_->latencies[service_index]->Observe(std::chrono::duration<double>(*duration).count());
  }
}

void Metrics::count_sent(uint64_t body_bytes) { state_->sent_bytes.Increment(static_cast<double>(body_bytes)); }

std::string Metrics::text(const http::ServerStats& stats, const audit::LogStats& audit) const {
  state_->open_connections.Set(static_cast<double>(stats.open_connections));
  state_->running_handlers.Set(static_cast<double>(stats.running_handlers));
  state_->queued_audit_events.Set(static_cast<double>(audit.queued_events));
  state_->queued_requests.Set(static_cast<double>(stats.queued_requests));
  {
    const std::lock_guard lock(state_->raising);
    raise(state_->accepted_connections, stats.accepted_connections);
    raise(state_->rejected_requests, stats.rejected_requests);
    raise(state_->written_audit_events, audit.written_events);
    raise(state_->lost_audit_events, audit.lost_events);
  }
  return prometheus::TextSerializer().Serialize(state_->prometheus->Collect());
}

}  // namespace aerolith::gateway
