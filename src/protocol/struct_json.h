// Any generated struct as JSON and back, by its table: names as in the model, as the parameters of an SDK call look.
//
// Blobs are base64, times are seconds since 1970, NaN and the infinities are strings, members that hold JSON text and
// documents are inlined.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/codec.h"
#include "protocol/schema.h"

namespace aerolith::protocol {

std::string struct_to_json(const Shape& shape, const void* value);
// Into `value`, a default-constructed struct of `shape`. Does not check constraints.
Result<void, DecodeError> struct_from_json(const Shape& shape, std::string_view json, void* value);

}  // namespace aerolith::protocol
