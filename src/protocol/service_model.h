// What the generator writes about a service: its protocols, its operations, its errors.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/schema.h"

namespace aerolith::protocol {

enum class Protocol : uint8_t { rest_xml, rest_json, json_1_0, json_1_1, query, ec2, rpc_v2_cbor };

struct ErrorShape {
  std::string_view name = {};    // the exception's shape name
  std::string_view code = {};    // error.code of the model, else the name
  int http_status = 0;           // error.httpStatusCode, else 400 (500 for a fault)
  const Shape* shape = nullptr;  // its members, where an implemented operation names it
};

// One operation of the model, implemented or not.
struct Operation {
  std::string_view name = {};
  int success_status = 200;
  bool implemented = false;  // listed in operations.toml
  // Null where the operation isn't implemented, or has no such shape.
  const Shape* input = nullptr;
  const Shape* output = nullptr;
  std::string_view input_wire_name = {};  // XML root of the request body (input.locationName)
  std::string_view output_wrapper = {};   // query: resultWrapper
  std::span<const ErrorShape* const> errors = {};
  bool streaming_input = false;   // the handler reads the body itself
  bool streaming_output = false;  // the handler gives a http::ResponseBody
  bool unsigned_payload = false;  // clients may leave the body out of the signature without saying so
  uint16_t id = 0;                // index into Service::operations; equals the generated OperationId
  // rest-xml, where the model of botocore lacks what AWS sends (tools/codegen/overrides.toml has it): the root of the
  // answer's body
  // ("ListBucketResult"; empty: the shape's name), and whether the only body member is the root's text
  // (GetBucketLocation).
  std::string_view output_wire_name = {};
  bool unwrapped_output = false;
};

// One piece of a REST path template.
struct PathSegment {
  enum class Kind : uint8_t { literal, label, greedy };
  Kind kind = Kind::literal;
  std::string_view text = {};  // the literal, or the label's name
};

struct RouteQuery {
  std::string_view name = {};
  std::string_view value = {};
  bool any_value = false;  // the key's presence is enough
};

// How a REST request is told to be of one operation. The generator sorts routes from the most specific to the least,
// so that the first that matches is the one.
struct Route {
  std::string_view method = {};
  std::span<const PathSegment> path = {};
  std::span<const RouteQuery> query = {};  // all of these; the template's own
  // Where operations share method, path and query (S3's PutObject, UploadPart, CopyObject ...) their required
  // parameters tell them apart: one of these query keys is there, and all of these headers.
  std::span<const std::string_view> any_query_key = {};
  std::span<const std::string_view> headers = {};
  uint16_t operation = 0;
};

struct Service {
  std::string_view name = {};                  // our name and the room's: "s3"
  std::string_view service_id = {};            // "S3"
  std::string_view signing_name = {};          // "s3"
  std::string_view endpoint_prefix = {};       // first label of its host names
  std::string_view target_prefix = {};         // X-Amz-Target before the dot; json only
  std::string_view xml_namespace = {};         // of the service, may be empty
  std::span<const Protocol> protocols = {};    // the model's preferred one first
  std::span<const Operation> operations = {};  // sorted by name, in byte order
  std::span<const Route> routes = {};          // REST protocols only
  bool query_compatible = false;               // awsQueryCompatible: answers x-amzn-query-error
  // S3's dialect of rest-xml: <Error> without a wrapper and with a HostId, times always with milliseconds.
  bool s3_xml_dialect = false;
};

// What a handler or the pipeline answers instead of an output. Made by named factories, written by one
// formatter per protocol.
struct ApiError {
  std::string code = {};
  int http_status = 400;
  std::string message = {};
  // Further elements of the error body, in order ("BucketName" of S3's errors), and headers of the answer.
  std::vector<std::pair<std::string, std::string>> fields = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  // The exception of the model that this is, and its struct where it has members beside the message; may be null.
  const ErrorShape* shape = nullptr;
  std::shared_ptr<const void> value = nullptr;
  bool sender_fault() const { return http_status < 500; }
};

}  // namespace aerolith::protocol
