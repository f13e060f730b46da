// The JSON text of a policy as a tree that keeps what a policy parser must see: members given twice, and numbers as
// they were written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aerolith::policy {

enum class JsonKind : uint8_t { null, boolean, number, string, array, object };

struct JsonNode {
  JsonKind kind = JsonKind::null;
  std::string name;             // of a member of an object
  std::string text;             // of a string; a number or boolean as written
  std::vector<JsonNode> items;  // of an array; members of an object

  bool is_string() const { return kind == JsonKind::string; }
  bool is_array() const { return kind == JsonKind::array; }
  bool is_object() const { return kind == JsonKind::object; }
  const JsonNode* find(std::string_view wanted) const;  // a member
};

// Levels of nesting; a policy needs six.
inline constexpr size_t kMaxPolicyDepth = 16;

// Strict JSON in UTF-8, kMaxPolicyDepth levels at most, and no object that has a member twice ("Individual elements
// must not contain multiple instances of the same key").
// Else the offset of the byte at which it stops to be that.
Result<JsonNode, size_t> parse_json_tree(std::string_view text);

}  // namespace aerolith::policy
