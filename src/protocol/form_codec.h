// Requests of the query and ec2 protocols: application/x-www-form-urlencoded, with dotted names for what is nested.
//
//   query  List.member.1=a  Flat.1=a  Map.entry.1.key=k  Map.entry.1.value=v  Struct.Field=x  EmptyList=
//   ec2    List.1=a  Struct.Field=x  with the capitalised names of Member::query_name; every list is flat
//
// https://smithy.io/2.0/aws/protocols/aws-query-protocol.html, .../aws-ec2-query-protocol.html
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "protocol/codec.h"
#include "protocol/schema.h"
#include "protocol/service_model.h"

namespace aerolith::protocol {

inline constexpr size_t kMaxFormParameters = 100'000;
inline constexpr size_t kMaxFormDepth = 64;  // parts of a name

// Decodes `form` into `input`, a default-constructed struct of `shape`. Parameters may come in any order; the numbers
// of a list only give its order, so gaps close up and a huge number costs nothing. Parameters that the shape doesn't
// know (Action, Version, those of a signature) are ignored. Malformed: a bad percent escape, text that isn't UTF-8, a
// parameter given twice, a list number that isn't one, a value for a structure, more than kMaxFormParameters.
// Does not check constraints. Paths in errors are relative to `shape`.
Result<void, DecodeError> decode_form(Protocol protocol, const Shape& shape, std::string_view form, void* input);

}  // namespace aerolith::protocol
