#include "gateway/pipeline.h"

#include <algorithm>

#include "base/digest.h"
#include "gateway/errors.h"

namespace aerolith::gateway {
namespace {

// A body that was read already.
class StringBody final : public http::BodyReader {
 public:
  explicit StringBody(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<size_t, http::BodyError> read(std::span<char> buffer) override {
    const size_t size = std::min(buffer.size(), bytes_.size() - at_);
    std::copy_n(bytes_.data() + at_, size, buffer.data());
    at_ += size;
    return size;
  }
  std::optional<uint64_t> size_bytes() const override { return bytes_.size(); }

 private:
  const std::string bytes_;
  size_t at_ = 0;
};

auth::ServiceErrorStyle style_of(const Exchange& exchange) { return error_style(exchange.context.resolved.protocol); }

}  // namespace

Pipeline::Pipeline(PipelineSettings settings, const Registry& registry, const auth::Authenticator& authenticator,
                   const Authorizer& authorizer, const Clock& clock)
    : settings_(std::move(settings)),
      registry_(registry),
      authenticator_(authenticator),
      authorizer_(authorizer),
      clock_(clock) {}

ApiResult<void> Pipeline::run(Exchange& exchange) const {
  static constexpr Step kSteps[] = {
      &Pipeline::find_service,  // which service this is for
      &Pipeline::authenticate,  // who signed it
      &Pipeline::resolve,       // which operation it asks for
      &Pipeline::find_handler,  // do we have that one
      &Pipeline::decode,        // its input, by the model
      &Pipeline::authorize,     // may the caller do it
      &Pipeline::call,          // do it, encode the output
  };
  exchange.context.now = clock_.now();
  exchange.context.region = settings_.region;
  exchange.context.head = &exchange.request.head;
  for (const Step step : kSteps) TRY((this->*step)(exchange));
  return {};
}

protocol::Protocol Pipeline::protocol_of(const protocol::Service& service, const http::RequestHead& head) {
  using protocol::Protocol;
  const auto has = [&](Protocol p) { return std::ranges::find(service.protocols, p) != service.protocols.end(); };
  if (head.headers.contains("smithy-protocol") && has(Protocol::rpc_v2_cbor)) return Protocol::rpc_v2_cbor;
  if (head.headers.contains("x-amz-target")) {
    const bool old = head.headers.find("content-type").value_or("").find("json-1.0") != std::string_view::npos;
    return old ? Protocol::json_1_0 : Protocol::json_1_1;
  }
  const bool form = head.headers.find("content-type").value_or("").starts_with("application/x-www-form-urlencoded");
  if (form || head.query().find("Action=") != std::string_view::npos) {
    if (has(Protocol::ec2)) return Protocol::ec2;
    if (has(Protocol::query)) return Protocol::query;
  }
  return service.protocols.front();
}

ApiResult<void> Pipeline::find_service(Exchange& exchange) const {
  const http::RequestHead& head = exchange.request.head;
  exchange.routed = route(registry_, head, settings_.domains);
  if (exchange.routed.service == nullptr) {
    exchange.context.service = registry_.find("s3")->model;
    exchange.context.resolved.protocol = protocol_of(*exchange.context.service, head);
    return std::unexpected(unknown_service(exchange.routed.unknown_service));
  }
  exchange.context.service = exchange.routed.service->model;
  exchange.context.resolved.protocol = protocol_of(*exchange.context.service, head);
  return {};
}

ApiResult<void> Pipeline::authenticate(Exchange& exchange) const {
  const http::RequestHead& head = exchange.request.head;
  http::BodyReader* body = exchange.request.body;
  auth::AuthRequest request{
      .head = head, .service = exchange.context.service->signing_name, .resource_path = exchange.routed.path};
  // S3 answers an anonymous caller AccessDenied, which the authorize step decides; the others want a signature.
  if (exchange.routed.service->is_s3()) request.anonymous = auth::Anonymous::allowed;
  std::string body_sha256;
  if (auth::Authenticator::needs_body_hash(head)) {
    auto bytes = http::read_all(*body, settings_.body_limit_bytes);
    if (!bytes.has_value()) return std::unexpected(payload_error(bytes.error(), std::nullopt, style_of(exchange)));
    body_sha256 = sha256_hex(*bytes);
    request.body_sha256 = body_sha256;
    exchange.buffered = std::make_unique<StringBody>(*std::move(bytes));
    body = exchange.buffered.get();
  }
  auto identity = authenticator_.authenticate(request);
  if (!identity.has_value()) return std::unexpected(authentication_error(identity.error(), style_of(exchange)));
  exchange.identity = *std::move(identity);
  exchange.payload = auth::make_payload_reader(exchange.identity.payload, *body);
  if (exchange.identity.principal() != nullptr) exchange.context.principal = *exchange.identity.principal();
  return {};
}

ApiResult<void> Pipeline::resolve(Exchange& exchange) const {
  const http::RequestHead& head = exchange.request.head;
  const protocol::Service& service = *exchange.context.service;
  if (protocol::resolution_needs_body(service, head)) TRY(read_body(exchange));
  auto resolved = protocol::resolve_operation(service, head, exchange.routed.path, exchange.body);
  if (!resolved.has_value()) return std::unexpected(unresolved(resolved.error(), style_of(exchange)));
  exchange.context.resolved = *std::move(resolved);
  return {};
}

ApiResult<void> Pipeline::find_handler(Exchange& exchange) const {
  const protocol::Operation& operation = *exchange.context.resolved.operation;
  exchange.entry = exchange.routed.service->entries[operation.id];
  if (exchange.entry == nullptr) return std::unexpected(not_implemented(*exchange.context.service, operation));
  return {};
}

ApiResult<void> Pipeline::decode(Exchange& exchange) const {
  const protocol::Service& service = *exchange.context.service;
  if (exchange.context.resolved.operation->streaming_input) {
    exchange.context.body = exchange.payload.get();
  } else if (exchange.body.empty()) {
    TRY(read_body(exchange));
  }
  exchange.context.whole_body = exchange.body;
  exchange.input = exchange.entry->make_input();
  const auto decoded = protocol::decode_request(exchange.context.resolved, service, exchange.request.head,
                                                exchange.body, exchange.input.get());
  if (!decoded.has_value())
    return std::unexpected(to_api_error(decoded.error(), exchange.context.resolved.protocol, service));
  return {};
}

ApiResult<void> Pipeline::authorize(Exchange& exchange) const {
  const std::string resource = exchange.entry->resource(exchange.context, exchange.input.get());
  const auth::Principal* principal = exchange.identity.principal();
  if (authorizer_.decide(principal, exchange.entry->iam_action, resource) == Decision::allow) return {};
  return std::unexpected(access_denied(principal, exchange.entry->iam_action, resource, style_of(exchange)));
}

ApiResult<void> Pipeline::call(Exchange& exchange) const {
  exchange.response = TRY(exchange.entry->invoke(exchange.context, exchange.input.get()));
  return {};
}

ApiResult<void> Pipeline::read_body(Exchange& exchange) const {
  auto bytes = http::read_all(*exchange.payload, settings_.body_limit_bytes);
  if (!bytes.has_value())
    return std::unexpected(payload_error(bytes.error(), exchange.payload->failure(), style_of(exchange)));
  exchange.body = *std::move(bytes);
  return {};
}

}  // namespace aerolith::gateway
