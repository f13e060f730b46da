// What rest-xml and rest-json put outside of the body: URI labels, query string, headers, status code.
// https://smithy.io/2.0/spec/http-bindings.html
#pragma once

#include "base/result.h"
#include "http/message.h"
#include "protocol/codec.h"
#include "protocol/scalar_text.h"
#include "protocol/schema.h"

namespace aerolith::protocol {

struct BindingRules {
  Iso8601Style iso8601 = Iso8601Style::shortest;
  bool lower_case_prefix_headers = false;  // S3 keeps the names of user metadata in lower case
};
BindingRules binding_rules(const Service& service);

// Members of `shape` whose location isn't the body, into `input`. Headers may hold any bytes, the others UTF-8. A
// condition's date that can't be read counts as absent. An error without a path is the query string's.
Result<void, DecodeError> decode_http_bindings(const ResolvedOperation& resolved, const Shape& shape,
                                               const http::RequestHead& head, const BindingRules& rules, void* input);

// The inverse for answers: headers and the status. Values stay as they are: what would end a header line is seen to
// where the line is written (http/response_head.h).
void encode_http_bindings(const Shape& shape, const void* output, const BindingRules& rules, http::Response& response);

}  // namespace aerolith::protocol
