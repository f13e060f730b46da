#include "gateway/gateway.h"

#include <chrono>
#include <exception>
#include <utility>

#include "base/log.h"
#include "base/random.h"
#include "gateway/access_log.h"
#include "gateway/errors.h"

namespace aerolith::gateway {
namespace {

AccessRecord start_record(const http::RequestHead& head, const RequestId& request_id) {
  AccessRecord record;
  record.request_id = request_id;
  record.peer = head.peer_address;
  record.method = head.method;
  record.target = redact_target(head.target);
  record.started = std::chrono::steady_clock::now();
  return record;
}

// Chains onto the answer: an access line and the byte count, once it has left.
void log_when_sent(http::Response& response, AccessRecord record, Metrics& metrics, bool access_log) {
  record.status = response.status;
  response.on_sent = [record = std::move(record), &metrics, access_log](uint64_t body_bytes, bool complete) {
    metrics.count_sent(body_bytes);
    if (access_log) write_access_line(record, body_bytes, complete);
  };
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
    : settings_(settings), registry_(registry), pipeline_(pipeline), admin_(admin), metrics_(metrics) {}

http::Response Gateway::handle(http::Request& request) {
  const RequestId request_id(make_request_id());
  if (!Admin::owns(request.head.path()) || pipeline_.is_virtual_hosted(request.head))
    return run_pipeline(request, request_id);
  AccessRecord record = start_record(request.head, request_id);
  record.service = Admin::kSigningName;
  http::Response response = admin_.handle(request.head);
  log_when_sent(response, std::move(record), metrics_, settings_.access_log);
  return response;
}

http::Response Gateway::run_pipeline(http::Request& request, const RequestId& request_id) {
  AccessRecord record = start_record(request.head, request_id);
  Exchange exchange(request);
  exchange.context.request_id = request_id;
  http::Response response;
  try {
    const ApiResult<void> result = pipeline_.run(exchange);
    if (result.has_value()) {
      response = std::move(exchange.response);
    } else {
      record.error_code = result.error().code;
      response = encode_failure(exchange, result.error());
    }
  } catch (const std::exception& bug) {
    log_error("a handler threw", {{"id", request_id.view()}, {"target", record.target}, {"what", bug.what()}});
    const AnswerForm form = answer_form(exchange.routed, request.head);
    if (exchange.context.service == nullptr) exchange.context.service = form.service;
    const protocol::ApiError error = internal_error(error_style(exchange.context.resolved.protocol));
    record.error_code = error.code;
    response = encode_failure(exchange, error);
  }
  const protocol::Operation* operation = exchange.context.resolved.operation;
  if (exchange.routed.service != nullptr) record.service = exchange.routed.service->model->name;
  if (operation != nullptr) record.operation = operation->name;
  record.principal = exchange.context.principal().arn;
  metrics_.count(exchange.routed.service, operation, response.status,
                 std::chrono::steady_clock::now() - record.started);
  log_when_sent(response, std::move(record), metrics_, settings_.access_log);
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
  AccessRecord record = start_record(head, request_id);
  record.service = form.service->name;
  record.error_code = "overloaded";
  log_when_sent(response, std::move(record), metrics_, settings_.access_log);
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
  AccessRecord record;
  record.request_id = request_id;
  record.peer = peer_address;
  record.error_code = error.code;
  record.started = std::chrono::steady_clock::now();
  log_when_sent(response, std::move(record), metrics_, settings_.access_log);
  return response;
}

}  // namespace aerolith::gateway
