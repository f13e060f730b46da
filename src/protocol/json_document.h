// JSON text to a tree and back. Boost.JSON's parser, with numbers that are read and written exactly.
#pragma once

#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace aerolith::protocol {

inline constexpr size_t kMaxJsonDepth = 100;

enum class JsonErrorCode { malformed };
using JsonError = Failure<JsonErrorCode>;

// One strict JSON text in UTF-8 and nothing after it. The tree's memory comes from `memory`.
Result<boost::json::value, JsonError> parse_json(std::string_view text, boost::json::storage_ptr memory);

// Numbers in their shortest form, members in their order.
void append_json_tree(const boost::json::value& value, std::string& out);

}  // namespace aerolith::protocol
