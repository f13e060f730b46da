#include "gateway/pipeline.h"

#include <algorithm>

#include "base/digest.h"
#include "base/encoding.h"
#include "gateway/errors.h"
#include "http/gunzip.h"
#include "http/query.h"

namespace aerolith::gateway {
namespace {

// S3 takes the x-amz-* parameters of a presigned link as header fields (SDKs put them there), but for checksums.
// Recorded: LocalStack's test_presigned_url_v4_x_amz_in_qs.
void take_hoisted_headers(http::RequestHead& head) {
  constexpr std::string_view kNotHeaders[] = {"x-amz-algorithm",      "x-amz-credential",     "x-amz-date",
                                              "x-amz-expires",        "x-amz-signedheaders",  "x-amz-signature",
                                              "x-amz-security-token", "x-amz-content-sha256", "x-amz-region-set"};
  std::string_view query = head.query();
  http::Headers found;
  while (const auto parameter = http::next_parameter(query)) {
    const auto decoded = form_decode(parameter->name);
    if (!decoded) continue;
    const std::string name = to_lower(*decoded);
    if (!name.starts_with("x-amz-") || name.starts_with("x-amz-checksum-") || name.starts_with("x-amz-sdk-")) continue;
    if (std::ranges::find(kNotHeaders, name) != std::end(kNotHeaders) || head.headers.contains(name)) continue;
    found.add(name, form_decode(parameter->value_text()).value_or(std::string(parameter->value_text())));
  }
  for (const auto& [name, value] : found.fields()) head.headers.add(name, value);
}

// For a refusal by policies.
ApiResult<void> deny(const Exchange& exchange, ApiError error) {
  if (exchange.entry->refusal_headers) {
    for (auto& header : exchange.entry->refusal_headers(exchange.context, exchange.routed.path)) {
      error.headers.push_back(std::move(header));
    }
  }
  return std::unexpected(std::move(error));
}

auth::ServiceErrorStyle style_of(const Exchange& exchange) { return error_style(exchange.context.resolved.protocol); }

// Anybody can make us read a body for an operation without a signature: enough for a SAML response in base64 that is
// percent-encoded all through, with its session policy.
constexpr size_t kUnsignedBodyLimitBytes = size_t{512} << 10;

// Known before the body is read, so of REST services alone.
bool may_leave_body_unsigned(const Exchange& exchange) {
  const protocol::Protocol protocol = exchange.context.resolved.protocol;
  if (protocol != protocol::Protocol::rest_json && protocol != protocol::Protocol::rest_xml) return false;
  const auto resolved = protocol::resolve_operation(*exchange.context.service, exchange.request.head,
                                                    exchange.routed.path, std::string_view());
  return resolved.has_value() && resolved->operation->unsigned_payload;
}

bool is_unsigned(const Exchange& exchange) {
  return exchange.context.key == nullptr && !exchange.routed.service->is_s3();
}

}  // namespace

Pipeline::Pipeline(PipelineSettings settings, const Registry& registry, const auth::Authenticator& authenticator,
                   const Authorizer& authorizer, const Clock& clock)
    : settings_(std::move(settings)),
      registry_(registry),
      authenticator_(authenticator),
      authorizer_(authorizer),
      clock_(clock) {}

bool Pipeline::is_virtual_hosted(const http::RequestHead& head) const {
  return parse_host(head.headers.find("host").value_or(""), settings_.domains).bucket.has_value();
}

ApiResult<void> Pipeline::run(Exchange& exchange) const {
  static constexpr Step kSteps[] = {
      &Pipeline::find_service,  // which service this is for
      &Pipeline::authenticate,  // who signed it
      &Pipeline::resolve,       // which operation it asks for
      &Pipeline::find_handler,  // do we have that one
      &Pipeline::admit,         // is an anonymous caller worth reading a body for
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

const auth::Principal& CallContext::principal() const {
  static const auth::Principal anonymous;
  return key ? key->principal : anonymous;
}

ApiResult<void> Pipeline::find_service(Exchange& exchange) const {
  const http::RequestHead& head = exchange.request.head;
  exchange.routed = route(registry_, head, settings_.domains);
  const AnswerForm form = answer_form(exchange.routed, head);
  exchange.context.service = form.service;
  exchange.context.resolved.protocol = form.protocol;
  if (exchange.routed.service == nullptr) return std::unexpected(unknown_service(exchange.routed.unknown_service));
  if (settings_.find_endpoint && form.service->signing_name == "s3") {
    auto endpoint = settings_.find_endpoint(head);
    if (!endpoint) return std::unexpected(slow_down(style_of(exchange)));
    exchange.context.endpoint = *std::move(endpoint);
  }
  return {};
}

ApiResult<void> Pipeline::authenticate(Exchange& exchange) const {
  const http::RequestHead& head = exchange.request.head;
  http::BodyReader* body = exchange.request.body;
  auth::AuthRequest request{
      .head = head, .service = exchange.context.service->signing_name, .resource_path = exchange.routed.path};
  // S3 answers an anonymous caller AccessDenied, which the authorize step decides; the others want a signature, for
  // all or for most of their operations.
  if (exchange.routed.service->is_s3() || exchange.routed.service->takes_tokens) {
    request.anonymous = auth::Anonymous::allowed;
  }
  std::string body_sha256;
  if (auth::Authenticator::needs_body_hash(head)) {
    // Not for anybody: this reads before the signature is checked.
    if (const auto known = authenticator_.screen(request); !known.has_value()) {
      return refuse(exchange, known.error());
    }
    auto bytes = http::read_all(*body, settings_.body_limit_bytes);
    if (!bytes.has_value()) return std::unexpected(payload_error(bytes.error(), std::nullopt, style_of(exchange)));
    body_sha256 = sha256_hex(*bytes);
    request.body_sha256 = body_sha256;
    request.may_leave_body_unsigned = may_leave_body_unsigned(exchange);
    exchange.buffered = std::make_unique<http::StringBody>(*std::move(bytes));
    body = exchange.buffered.get();
  }
  auto identity = authenticator_.authenticate(request);
  if (!identity.has_value()) return refuse(exchange, identity.error());
  exchange.identity = *std::move(identity);
  exchange.payload = auth::make_payload_reader(exchange.identity.payload, *body);
  exchange.context.key = exchange.identity.key;
  if (exchange.context.key == nullptr) return {};
  if (settings_.on_key_use) {
    settings_.on_key_use(*exchange.context.key, exchange.context.service->signing_name, exchange.context.now);
  }
  if (exchange.routed.service->is_s3() && !head.headers.contains("authorization")) {
    take_hoisted_headers(exchange.request.head);
  }
  return {};
}

ApiResult<void> Pipeline::refuse(Exchange& exchange, const auth::AuthError& error) {
  exchange.is_refused = true;
  exchange.claimed_key_id = error.access_key_id;
  return std::unexpected(authentication_error(error, style_of(exchange)));
}

ApiResult<void> Pipeline::resolve(Exchange& exchange) const {
  const http::RequestHead& head = exchange.request.head;
  const protocol::Service& service = *exchange.context.service;
  if (protocol::resolution_needs_body(service, head)) TRY(read_body(exchange));
  auto resolved = protocol::resolve_operation(service, head, exchange.routed.path, exchange.body);
  if (!resolved.has_value()) {
    if (is_unsigned(exchange)) return refuse(exchange, auth::AuthError{});
    return std::unexpected(unresolved(resolved.error(), style_of(exchange)));
  }
  exchange.context.resolved = *std::move(resolved);
  return {};
}

ApiResult<void> Pipeline::find_handler(Exchange& exchange) const {
  const protocol::Operation& operation = *exchange.context.resolved.operation;
  exchange.entry = exchange.routed.service->entries[operation.id];
  const bool takes_token = exchange.entry != nullptr && exchange.entry->caller_proof == CallerProof::token;
  if (is_unsigned(exchange) && !takes_token) return refuse(exchange, auth::AuthError{});
  if (exchange.entry == nullptr) return std::unexpected(not_implemented(*exchange.context.service, operation));
  if (takes_token) exchange.context.key = nullptr;
  return {};
}

ApiResult<void> Pipeline::admit(Exchange& exchange) const {
  if (exchange.context.key != nullptr || exchange.entry->caller_proof != CallerProof::request) return {};
  const auto& may_admit = exchange.routed.service->table->may_admit_anonymous;
  if (may_admit && may_admit(exchange.routed.path)) return {};
  return deny(exchange, access_denied(true, {}, style_of(exchange)));
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
  auto decoded = protocol::decode_request(exchange.context.resolved, service, exchange.request.head, exchange.body,
                                          exchange.input.get());
  if (decoded.has_value()) return {};
  if (const auto& word_breach = exchange.routed.service->table->word_breach; word_breach != nullptr) {
    if (auto words = word_breach(decoded.error())) decoded.error().detail = *std::move(words);
  }
  return std::unexpected(to_api_error(decoded.error(), exchange.context.resolved.protocol, service));
}

ApiResult<void> Pipeline::authorize(Exchange& exchange) const {
  exchange.access.emplace(authorizer_, *exchange.routed.service->table, *exchange.entry, exchange.context,
                          exchange.input.get());
  exchange.context.access = &*exchange.access;
  if (exchange.entry->caller_proof != CallerProof::request) return {};
  ApiResult<void> allowed = exchange.access->require_row();
  if (!allowed.has_value()) return deny(exchange, std::move(allowed).error());
  return {};
}

ApiResult<void> Pipeline::call(Exchange& exchange) const {
  if (exchange.entry->caller_proof == CallerProof::body) exchange.context.authenticator = &authenticator_;
  exchange.response = TRY(exchange.entry->invoke(exchange.context, exchange.input.get()));
  return {};
}

ApiResult<void> Pipeline::read_body(Exchange& exchange) const {
  const size_t limit = is_unsigned(exchange) ? kUnsignedBodyLimitBytes : settings_.body_limit_bytes;
  // To S3 a content coding is a property of the object.
  auto bytes = exchange.routed.service->is_s3()
                   ? http::read_all(*exchange.payload, limit)
                   : http::read_all_decompressed(exchange.request.head.headers, *exchange.payload, limit);
  if (!bytes.has_value())
    return std::unexpected(payload_error(bytes.error(), exchange.payload->failure(), style_of(exchange)));
  exchange.body = *std::move(bytes);
  return {};
}

}  // namespace aerolith::gateway
