#include "gateway/gateway.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <utility>

#include "base/log.h"
#include "base/random.h"
#include "gateway/access_log.h"
#include "gateway/errors.h"

namespace aerolith::gateway {
namespace {

using std::chrono::steady_clock;

// A request on its way: what will be told of it.
struct Record {
  std::shared_ptr<audit::Event> event = std::make_shared<audit::Event>();
  steady_clock::time_point started = steady_clock::now();

  explicit Record(const RequestId& request_id) {
    event->time = std::chrono::time_point_cast<Timestamp::duration>(std::chrono::system_clock::now());
    event->request_id = request_id.str();
  }
  Record(const RequestId& request_id, const http::RequestHead& head) : Record(request_id) {
    event->peer = head.peer_address;
    event->is_tls = head.is_tls;
    event->method = head.method;
    event->target = redact_target(head.target);
    event->user_agent = head.headers.find("user-agent").value_or("");
  }
};

// The audit log has it before the answer leaves; an access line and the byte count follow once that has left.
void finish(const Record& record, http::Response& response, Metrics& metrics, const GatewaySettings& settings,
            bool may_wait) {
  audit::Event& event = *record.event;
  event.status = response.status;
  event.duration = std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - record.started);
  // From here on the log's thread reads it.
  std::shared_ptr<const audit::Event> shared = record.event;
  if (settings.audit != nullptr && may_wait) settings.audit->write(shared);
  if (settings.audit != nullptr && !may_wait) settings.audit->write_now(shared);
  if (settings.audit == nullptr && settings.on_event) settings.on_event(*shared);
  response.on_sent = [event = std::move(shared), started = record.started, &metrics, access_log = settings.access_log](
                         uint64_t body_bytes, bool complete) {
    metrics.count_sent(body_bytes);
    if (access_log) write_access_line(*event, steady_clock::now() - started, body_bytes, complete);
  };
}

// What the call as a whole came to; `asks` are those of the exchange.
audit::Outcome outcome_of(const Exchange& exchange, const audit::Event& event) {
  using enum audit::Outcome;
  const auto is_any = [&](audit::Outcome outcome) {
    return std::ranges::any_of(event.asks, [&](const audit::Ask& a) { return !a.is_probe && a.outcome == outcome; });
  };
  if (exchange.is_refused || is_any(denied)) return denied;
  // Refused without a policy being asked: nobody where somebody is needed, a form's signature, a role for the root.
  const bool is_forbidden = event.status == 401 || event.status == 403;
  if (is_forbidden && (event.key == nullptr || event.error_code.find("AccessDenied") != std::string::npos)) {
    return denied;
  }
  if (is_any(would_deny)) return would_deny;
  return exchange.access ? allowed : none;
}

}  // namespace

http::Response finish_response(CallContext& context, http::Response encoded) {
  if (context.response_status != 0) encoded.status = context.response_status;
  if (context.resolved.operation->streaming_output) encoded.body = std::move(context.response_body);
  if (context.head->method == "HEAD") encoded.head_content_length = context.response_size_bytes;
  return encoded;
}

Gateway::Gateway(GatewaySettings settings, const Registry& registry, const Pipeline& pipeline, const Admin& admin,
                 Metrics& metrics)
    : settings_(std::move(settings)), registry_(registry), pipeline_(pipeline), admin_(admin), metrics_(metrics) {}

http::Response Gateway::handle(http::Request& request) {
  const RequestId request_id(make_request_id());
  if (settings_.answer_for_site) {
    if (auto response = settings_.answer_for_site(request.head)) {
      metrics_.count(nullptr, nullptr, response->status, std::nullopt);
      finish(Record(request_id, request.head), *response, metrics_, {.access_log = settings_.access_log}, true);
      return *std::move(response);
    }
  }
  // To guests, who come by sockets of their own, there are no such paths: S3 answers, which has no such bucket.
  const bool is_guest = !request.head.listener.empty();
  if (is_guest || !Admin::owns(request.head.path()) || pipeline_.is_virtual_hosted(request.head))
    return run_pipeline(request, request_id);
  const Record record(request_id, request.head);
  record.event->service = Admin::kSigningName;
  http::Response response = admin_.handle(request.head, *record.event);
  // Whether it lives and how it does is asked every few seconds, by anybody.
  const bool is_watched = !record.event->operation.empty();
  finish(record, response, metrics_, is_watched ? settings_ : GatewaySettings{.access_log = settings_.access_log},
         true);
  return response;
}

http::Response Gateway::run_pipeline(http::Request& request, const RequestId& request_id) {
  const Record record(request_id, request.head);
  audit::Event& event = *record.event;
  Exchange exchange(request);
  exchange.context.request_id = request_id;
  http::Response response;
  try {
    const ApiResult<void> result = pipeline_.run(exchange);
    if (result.has_value()) {
      response = std::move(exchange.response);
    } else {
      event.error_code = result.error().code;
      response = encode_failure(exchange, result.error());
    }
  } catch (const std::exception& bug) {
    log_error("a handler threw", {{"id", request_id.view()}, {"target", event.target}, {"what", bug.what()}});
    const AnswerForm form = answer_form(exchange.routed, request.head);
    if (exchange.context.service == nullptr) exchange.context.service = form.service;
    const protocol::ApiError error = internal_error(error_style(exchange.context.resolved.protocol));
    event.error_code = error.code;
    response = encode_failure(exchange, error);
  }
  const protocol::Operation* operation = exchange.context.resolved.operation;
  metrics_.count(exchange.routed.service, operation, response.status, steady_clock::now() - record.started);
  event.status = response.status;
  if (exchange.routed.service != nullptr) event.service = exchange.routed.service->model->name;
  if (operation != nullptr) event.operation = operation->name;
  event.key = exchange.context.key;
  event.claimed_key_id = std::move(exchange.claimed_key_id);
  if (exchange.access) {
    event.asks = exchange.access->take_asks();
    event.asks_left_out = exchange.access->asks_left_out();
  }
  event.outcome = outcome_of(exchange, event);
  finish(record, response, metrics_, settings_, true);
  return response;
}

http::Response Gateway::encode_failure(const Exchange& exchange, const protocol::ApiError& error) const {
  return protocol::encode_error(exchange.context.resolved.protocol, *exchange.context.service, error,
                                exchange.context.request_id);
}

http::Response Gateway::overloaded(const http::RequestHead& head) {
  const RequestId request_id(make_request_id());
  const RoutedRequest routed = route(registry_, head, {});
  const AnswerForm form = answer_form(routed, head);
  http::Response response =
      protocol::encode_error(form.protocol, *form.service, slow_down(error_style(form.protocol)), request_id);
  response.headers.add("Retry-After", "1");
  metrics_.count(routed.service, nullptr, response.status, std::nullopt);
  const Record record(request_id, head);
  record.event->service = form.service->name;
  record.event->error_code = "overloaded";
  finish(record, response, metrics_, settings_, false);  // an I/O thread's
  return response;
}

http::Response Gateway::bad_request(int status, std::string_view reason, std::string_view peer_address) {
  const RequestId request_id(make_request_id());
  protocol::ApiError error{.code = "BadRequest", .http_status = status, .message = std::string(reason)};
  if (status == 408) error.code = "RequestTimeout";
  if (status == 413) {
    error.code = "EntityTooLarge";  // S3's, whose status is another than HTTP's
    error.http_status = 400;
  }
  http::Response response =
      protocol::encode_error(protocol::Protocol::rest_xml, *registry_.find("s3")->model, error, request_id);
  metrics_.count(nullptr, nullptr, error.http_status, std::nullopt);
  const Record record(request_id);
  record.event->peer = peer_address;
  record.event->error_code = error.code;
  finish(record, response, metrics_, settings_, false);
  return response;
}

}  // namespace aerolith::gateway
