// The canonical request of Signature Version 4: the text that both sides hash.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#create-canonical-request
//
//   METHOD \n path \n query \n (name ':' value \n)* \n signed-headers \n payload-hash
//
// Pure functions over the bytes of the wire: any input gives some text, none fails.
#pragma once

#include <string>
#include <string_view>

#include "http/message.h"

namespace aerolith::auth {

enum class PathRule {
  // S3: the path as sent; only its encoding is normalised (hex in upper case, unreserved characters plain, all
  // others escaped). "//", "." and ".." and "%2F" are parts of keys and stay.
  as_sent,
  // All other services: empty and dot segments removed, then every byte escaped once more ('%' becomes "%25").
  normalised,
};

std::string canonical_path(std::string_view wire_path, PathRule rule);

// Parameters sorted by escaped name, then value; a name without '=' gets an empty value. '+' counts as a space.
// The parameter named `except` (X-Amz-Signature of a presigned request) is left out; "" leaves none out.
std::string canonical_query(std::string_view wire_query, std::string_view except = {});

// Trimmed; runs of blanks inside become one space, also inside quotes, also across folded lines.
std::string canonical_header_value(std::string_view value);

struct CanonicalInput {
  std::string_view method;
  std::string_view path;   // as on the wire
  std::string_view query;  // as on the wire, without '?'
  const http::Headers& headers;
  std::string_view signed_headers;  // "host;x-amz-date", in the signer's order
  std::string_view payload_hash;    // the last line: hex, or UNSIGNED-PAYLOAD and the like
  PathRule path_rule;
  std::string_view except_parameter;  // see canonical_query
};

std::string canonical_request(const CanonicalInput& input);

// Whether the list "a;b;c" holds the name; without case.
bool lists_header(std::string_view signed_headers, std::string_view name);

}  // namespace aerolith::auth
