// XML bodies: rest-xml requests and answers, the answers of the query and ec2 protocols, and their errors.
// What stands in headers, labels and query strings is http_bindings.h's; forms are form_codec.h's.
//
// https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html, .../aws-query-protocol.html,
// .../aws-ec2-query-protocol.html
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/strong_string.h"
#include "protocol/codec.h"
#include "protocol/schema.h"
#include "protocol/service_model.h"

namespace aerolith::protocol {

// Decodes a document into `out`, a default-constructed struct of `shape`: an operation's input (only members whose
// location is the body) or a payload member's structure. An empty body sets nothing and succeeds.
// `expected_root` is the member's or the operation's wire name; the shape's own names do as well, and any root does
// where it is empty. Namespaces, unknown elements and unknown attributes are ignored, as is the order of elements;
// an element given twice that isn't a flattened list or map is malformed. Does not check constraints.
// Paths in errors are relative to `shape`: "Objects[3].Key", counted from 0. Limits: see xml_reader.h.
Result<void, DecodeError> decode_xml_body(const Shape& shape, std::string_view body, std::string_view expected_root,
                                          void* out);

// The body of a rest-xml answer; `output` may be null. Empty where nothing of the output belongs into a document (no
// body members, or the payload member is absent). Not for payloads that are a blob or a string. The root is
// Operation::output_wire_name, else the payload's or shape's name.
std::string encode_xml_body(const Service& service, const Operation& operation, const void* output,
                            const MixedLists* mixed = nullptr);

// <OperationResponse><OperationResult>...</OperationResult><ResponseMetadata><RequestId>...
std::string encode_query_response(const Service& service, const Operation& operation, const void* output,
                                  const RequestId& request_id);
// <OperationResponse><requestId>...</requestId>... and <return>true</return> where the operation has no output.
std::string encode_ec2_response(const Service& service, const Operation& operation, const void* output,
                                const RequestId& request_id);

// The body of an error for rest_xml, query and ec2.
//   S3         <Error><Code/><Message/>fields<RequestId/><HostId/></Error>
//   rest-xml,
//   query      <ErrorResponse><Error><Type/><Code/><Message/>fields</Error><RequestId/></ErrorResponse>
//   ec2        <Response><Errors><Error><Code/><Message/>fields</Error></Errors><RequestID/></Response>
// `fields` are ApiError::fields, then the body members of the modelled exception.
std::string encode_xml_error(Protocol protocol, const Service& service, const ApiError& error,
                             const RequestId& request_id);

// S3's second request id: x-amz-id-2, and HostId in its errors. The same for the same request.
std::string make_host_id(const RequestId& request_id);

}  // namespace aerolith::protocol
