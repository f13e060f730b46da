#include "protocol/codec.h"

#include <optional>
#include <string>
#include <utility>

#include "base/encoding.h"
#include "protocol/cbor_codec.h"
#include "protocol/constraints.h"
#include "protocol/form_codec.h"
#include "protocol/http_bindings.h"
#include "protocol/json_codec.h"
#include "protocol/walk.h"
#include "protocol/xml_codec.h"

namespace aerolith::protocol {
namespace {

constexpr JsonForm kRestJson{.body_members_only = true, .canonical = false};
constexpr JsonForm kPlainJson{};

bool is_json(Protocol protocol) { return protocol == Protocol::json_1_0 || protocol == Protocol::json_1_1; }
bool is_rest(Protocol protocol) { return protocol == Protocol::rest_xml || protocol == Protocol::rest_json; }

// --- requests ---

DecodeResult decode_payload(Protocol protocol, const Member& member, std::string_view body, void* input) {
  if (body.empty()) {
    const bool is_document = protocol == Protocol::rest_xml && member.shape->kind == Kind::structure;
    if (is_document && member.required) return malformed_at({}, "no document");
    return {};
  }
  void* value = member.ops->emplace(field_of(member, input));
  switch (member.shape->kind) {
    case Kind::blob:
      as<std::string>(value) = body;
      return {};
    case Kind::string:
      if (!is_valid_utf8(body)) return malformed_at({}, "not UTF-8");
      as<std::string>(value) = body;
      return {};
    default:
      break;
  }
  if (protocol == Protocol::rest_json) return decode_json_value(member, body, value);
  return decode_xml_body(*member.shape, body, member.wire_name, value);
}

DecodeResult decode_rest(const ResolvedOperation& resolved, const Service& service, const http::RequestHead& head,
                         std::string_view body, void* input) {
  const Shape& shape = *resolved.operation->input;
  TRY(decode_http_bindings(resolved, shape, head, binding_rules(service), input));
  if (resolved.operation->streaming_input) return {};
  if (const Member* payload = payload_member(shape)) {
    DecodeResult result = decode_payload(resolved.protocol, *payload, body, input);
    // No path: the document as such is broken, not what the member says.
    if (!result.has_value() && result.error().member_path.empty()) return result;
    return within(payload->name, std::move(result));
  }
  if (!has_body_members(shape)) return {};
  if (resolved.protocol == Protocol::rest_json) return decode_json(shape, body, kRestJson, input);
  return decode_xml_body(shape, body, resolved.operation->input_wire_name, input);
}

DecodeResult decode_by_protocol(const ResolvedOperation& resolved, const Service& service,
                                const http::RequestHead& head, std::string_view body, void* input) {
  const Shape& shape = *resolved.operation->input;
  switch (resolved.protocol) {
    case Protocol::rest_xml:
    case Protocol::rest_json:
      return decode_rest(resolved, service, head, body, input);
    case Protocol::json_1_0:
    case Protocol::json_1_1:
      return decode_json(shape, body, kPlainJson, input);
    case Protocol::rpc_v2_cbor:
      return decode_cbor(shape, body, input);
    case Protocol::query:
    case Protocol::ec2:
      // Parameters may stand in the query string as well as in the form.
      if (head.query().empty()) return decode_form(resolved.protocol, shape, body, input);
      if (body.empty()) return decode_form(resolved.protocol, shape, head.query(), input);
      return decode_form(resolved.protocol, shape, std::string(head.query()) + "&" + std::string(body), input);
  }
  return malformed_at({}, "an unknown protocol");
}

// --- answers ---

std::string_view content_type(Protocol protocol) {
  switch (protocol) {
    case Protocol::rest_xml:
      return "application/xml";
    case Protocol::rest_json:
      return "application/json";
    case Protocol::json_1_0:
      return "application/x-amz-json-1.0";
    case Protocol::json_1_1:
      return "application/x-amz-json-1.1";
    case Protocol::query:
      return "text/xml";
    case Protocol::ec2:
      return "text/xml;charset=UTF-8";
    case Protocol::rpc_v2_cbor:
      return "application/cbor";
  }
  return "";
}

void set_body(http::Response& response, std::string_view type, std::string body) {
  // A header member may have said it already (S3's GetObject).
  if (!body.empty() && !type.empty() && !response.headers.contains("content-type")) {
    response.headers.add("Content-Type", std::string(type));
  }
  response.body = std::move(body);
}

void add_request_id(Protocol protocol, const Service& service, const RequestId& request_id, http::Response& response) {
  if (service.s3_xml_dialect) {
    response.headers.add("x-amz-request-id", request_id.str());
    response.headers.add("x-amz-id-2", make_host_id(request_id));
    return;
  }
  response.headers.add("x-amzn-RequestId", request_id.str());
  if (protocol == Protocol::rpc_v2_cbor) response.headers.add("smithy-protocol", "rpc-v2-cbor");
}

void encode_payload(Protocol protocol, const Service& service, const Operation& operation, const Member& member,
                    const void* output, http::Response& response) {
  const void* value = value_of(member, output);
  if (value == nullptr) return;
  switch (member.shape->kind) {
    case Kind::blob:
      return set_body(response, "application/octet-stream", as<std::string>(value));
    case Kind::string:
      return set_body(response, "text/plain", as<std::string>(value));
    default:
      break;
  }
  if (protocol == Protocol::rest_xml) {
    return set_body(response, content_type(protocol), encode_xml_body(service, operation, output));
  }
  std::string body;
  append_json_value(member, value, body);
  set_body(response, content_type(protocol), std::move(body));
}

void encode_rest(Protocol protocol, const Service& service, const Operation& operation, const void* output,
                 const MixedLists* mixed, http::Response& response) {
  const Shape& shape = *operation.output;
  encode_http_bindings(shape, output, binding_rules(service), response);
  if (operation.streaming_output) {
    // S3 says itself what an object is.
    if (protocol == Protocol::rest_json) response.headers.set("Content-Type", "application/octet-stream");
    return;
  }
  if (const Member* payload = payload_member(shape)) {
    return encode_payload(protocol, service, operation, *payload, output, response);
  }
  if (protocol == Protocol::rest_xml) {
    return set_body(response, content_type(protocol), encode_xml_body(service, operation, output, mixed));
  }
  std::string body;
  append_json(shape, output, kRestJson, body);
  set_body(response, content_type(protocol), std::move(body));
}

std::string encode_rpc(Protocol protocol, const Service& service, const Operation& operation, const void* output,
                       const RequestId& request_id) {
  const bool has_output = operation.output != nullptr && output != nullptr;
  std::string body;
  switch (protocol) {
    case Protocol::query:
      return encode_query_response(service, operation, output, request_id);
    case Protocol::ec2:
      return encode_ec2_response(service, operation, output, request_id);
    case Protocol::rpc_v2_cbor:
      if (has_output) append_cbor(*operation.output, output, body);
      return body;
    case Protocol::json_1_0:
    case Protocol::json_1_1:
      if (!has_output) return "{}";
      append_json(*operation.output, output, kPlainJson, body);
      return body;
    case Protocol::rest_xml:
    case Protocol::rest_json:
      break;
  }
  return body;
}

// --- errors ---

// The text of an error, spelled and placed as its model has it.
ErrorHead error_head(const ApiError& error, std::string_view type) {
  ErrorHead head{.type = type, .message_name = "message", .message = error.message};
  if (error.shape == nullptr || error.shape->shape == nullptr) return head;
  for (const Member& member : error.shape->shape->members) {
    if (!equals_ignore_case(member.name, "message")) continue;
    head.message_name = member.wire_name;
    if (error.value != nullptr && value_of(member, error.value.get()) != nullptr) head.message = {};
  }
  return head;
}

std::string encode_error_body(Protocol protocol, const Service& service, const ApiError& error, std::string_view type,
                              const RequestId& request_id) {
  const Shape* shape = error.shape == nullptr ? nullptr : error.shape->shape;
  std::string body;
  switch (protocol) {
    case Protocol::rest_xml:
    case Protocol::query:
    case Protocol::ec2:
      return encode_xml_error(protocol, service, error, request_id);
    case Protocol::rest_json:
      append_json_error(error_head(error, ""), shape, error.value.get(), kRestJson, body);
      return body;
    case Protocol::json_1_0:
    case Protocol::json_1_1:
      append_json_error(error_head(error, type), shape, error.value.get(), kPlainJson, body);
      return body;
    case Protocol::rpc_v2_cbor:
      append_cbor_error(error_head(error, type), shape, error.value.get(), body);
      return body;
  }
  return body;
}

}  // namespace

Result<void, DecodeError> decode_request(const ResolvedOperation& resolved, const Service& service,
                                         const http::RequestHead& head, std::string_view body, void* input) {
  if (resolved.operation->input == nullptr) return {};
  TRY(decode_by_protocol(resolved, service, head, body, input));
  if (std::optional<DecodeError> breach = check_constraints(*resolved.operation->input, input)) {
    return std::unexpected(std::move(*breach));
  }
  return {};
}

http::Response encode_response(Protocol protocol, const Service& service, const Operation& operation,
                               const void* output, const RequestId& request_id, const MixedLists* mixed) {
  http::Response response;
  response.status = operation.success_status;
  add_request_id(protocol, service, request_id, response);
  if (!is_rest(protocol)) {
    set_body(response, content_type(protocol), encode_rpc(protocol, service, operation, output, request_id));
  } else if (operation.output != nullptr && output != nullptr) {
    encode_rest(protocol, service, operation, output, mixed, response);
  }
  return response;
}

http::Response encode_error(Protocol protocol, const Service& service, const ApiError& error,
                            const RequestId& request_id) {
  http::Response response;
  response.status = error.http_status;
  add_request_id(protocol, service, request_id, response);
  for (const auto& [name, value] : error.headers) response.headers.add(name, value);
  // JSON and CBOR name the shape; the code that older protocols used goes beside it where clients still look for that.
  std::string_view type = error.shape != nullptr ? error.shape->name : std::string_view(error.code);
  if (protocol == Protocol::rest_json) response.headers.set("x-amzn-errortype", std::string(type));
  if (service.query_compatible && (is_json(protocol) || protocol == Protocol::rpc_v2_cbor)) {
    response.headers.set("x-amzn-query-error", error.code + (error.sender_fault() ? ";Sender" : ";Receiver"));
  }
  if (is_rest(protocol) && error.shape != nullptr && error.shape->shape != nullptr && error.value != nullptr) {
    encode_http_bindings(*error.shape->shape, error.value.get(), binding_rules(service), response);
  }
  set_body(response, content_type(protocol), encode_error_body(protocol, service, error, type, request_id));
  return response;
}

}  // namespace aerolith::protocol
