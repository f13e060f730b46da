// Checks a decoded struct against its model: required, length, range, pattern, enum, exactly one member of a union.
#pragma once

#include <optional>
#include <string_view>

#include "protocol/codec.h"
#include "protocol/schema.h"

namespace aerolith::protocol {

// All breaches in one error, worded as AWS does:
//   2 validation errors detected: Value null at 'userName' failed to satisfy constraint: Member must not be null;
//   Value '0' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1
// The code and the path are the first breach's. Patterns match the whole text, as they do at AWS.
std::optional<DecodeError> check_constraints(const Shape& shape, const void* value);

// False where RE2 can't compile the pattern; such a constraint isn't checked (tests see to it that there is none).
bool pattern_is_supported(std::string_view pattern);

}  // namespace aerolith::protocol
