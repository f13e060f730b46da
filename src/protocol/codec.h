// The codecs' one door: a request to a struct, a struct or an error to a response.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/strong_string.h"
#include "http/message.h"
#include "protocol/service_model.h"

namespace aerolith::protocol {

// A request that was matched to an operation; views into the request's head.
struct ResolvedOperation {
  Protocol protocol;
  const Operation* operation = nullptr;
  // REST: labels of the URI template, percent-decoded ("Bucket" -> "my-bucket", "Key" -> "a/b c").
  std::vector<std::pair<std::string_view, std::string>> labels;
};

enum class ResolveErrorCode {
  unknown_operation,  // for form protocols the detail is its name alone
  unknown_protocol,
  missing_action,  // form protocols
  method_not_allowed,
  bad_uri,
};
using ResolveError = Failure<ResolveErrorCode>;

// Which operation of `service` this is. For form protocols the Action may stand in the query string or in `body`
// (the caller reads the body first for POST forms). `path` is the percent-encoded path to match: for S3 the gateway has
// put a virtual-hosted bucket in front already.
Result<ResolvedOperation, ResolveError> resolve_operation(const Service& service, const http::RequestHead& head,
                                                          std::string_view path, std::string_view body);
// True where the operation can only be known from the body (query and ec2 sent as a POST form).
bool resolution_needs_body(const Service& service, const http::RequestHead& head);

// Where and how the input breaks its model.
enum class DecodeErrorCode {
  malformed,  // not JSON, XML, CBOR or a form at all; or a wrong type for a member
  missing,    // a required member is absent
  invalid,    // a length, range, pattern or enum is broken
};
struct DecodeError {
  DecodeErrorCode code;
  std::string member_path;  // "Delete.Objects[3].Key"
  std::string detail;       // the sentence AWS uses where we know it
  // Where the outermost member of the path stands: REST services answer otherwise for what isn't in the body.
  Location location = Location::body;
  // What that member is called there: "max-keys", "x-amz-metadata-directive".
  std::string_view wire_name = {};
  // The model's pattern, where not matching it is all that is wrong: IAM has other words for that.
  std::string_view pattern = {};
};

// Decodes into `input`, a default-constructed struct of operation.input, then checks the model's constraints.
// `body` is empty for streaming input. All breaches are collected as AWS does ("2 validation errors detected: ...")
Result<void, DecodeError> decode_request(const ResolvedOperation& resolved, const Service& service,
                                         const http::RequestHead& head, std::string_view body, void* input);

// Two flattened lists of an output that AWS writes as one (S3's versions and delete markers): their common order, which
// no struct of the model can tell. rest-xml only.
struct MixedLists {
  std::string_view first;  // the members' names; all of it stands where `first` does
  std::string_view second;
  std::vector<bool> is_of_second;  // for each element in the answer
};

// `output` is a struct of operation.output (null where it has none). For streaming output the caller sets
// Response::body afterwards. Adds the content type and the protocol's request id.
http::Response encode_response(Protocol protocol, const Service& service, const Operation& operation,
                               const void* output, const RequestId& request_id, const MixedLists* mixed = nullptr);
http::Response encode_error(Protocol protocol, const Service& service, const ApiError& error,
                            const RequestId& request_id);

// The error a decode failure becomes: AWS's code for that protocol and service (S3: MalformedXML, InvalidArgument...;
// json: SerializationException, ValidationException; query: MalformedQueryString, ValidationError; ec2:
// MissingParameter ...).
ApiError to_api_error(const DecodeError& error, Protocol protocol, const Service& service);

}  // namespace aerolith::protocol
