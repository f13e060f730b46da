#include "policy/json_tree.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>

namespace aerolith::policy {
namespace {

namespace json = boost::json;

struct Builder {
  using Error = boost::system::error_code;
  static constexpr size_t max_object_size = static_cast<size_t>(-1);
  static constexpr size_t max_array_size = static_cast<size_t>(-1);
  static constexpr size_t max_key_size = static_cast<size_t>(-1);
  static constexpr size_t max_string_size = static_cast<size_t>(-1);

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error&) { return open(JsonKind::object); }
  bool on_array_begin(Error&) { return open(JsonKind::array); }
  bool on_object_end(size_t, Error& error) {
    if (has_member_twice(open_nodes.back())) {
      error = json::error::syntax;
      return false;
    }
    return close();
  }
  bool on_array_end(size_t, Error&) { return close(); }
  bool on_key_part(json::string_view part, size_t, Error&) { return gather(part); }
  bool on_key(json::string_view part, size_t, Error&) {
    gather(part);
    keys.push_back(std::move(text));
    text.clear();
    return true;
  }
  bool on_string_part(json::string_view part, size_t, Error&) { return gather(part); }
  bool on_string(json::string_view part, size_t, Error&) { return gather(part) && add_scalar(JsonKind::string); }
  bool on_number_part(json::string_view part, Error&) { return gather(part); }
  bool on_int64(int64_t, json::string_view part, Error&) { return gather(part) && add_scalar(JsonKind::number); }
  bool on_uint64(uint64_t, json::string_view part, Error&) { return gather(part) && add_scalar(JsonKind::number); }
  bool on_double(double, json::string_view part, Error&) { return gather(part) && add_scalar(JsonKind::number); }
  bool on_bool(bool value, Error&) { return gather(value ? "true" : "false") && add_scalar(JsonKind::boolean); }
  bool on_null(Error&) { return add_scalar(JsonKind::null); }
  bool on_comment_part(json::string_view, Error&) { return true; }
  bool on_comment(json::string_view, Error&) { return true; }

  bool gather(json::string_view part) {
    text.append(part.data(), part.size());
    return true;
  }
  bool open(JsonKind kind) {
    open_nodes.emplace_back().kind = kind;
    return true;
  }
  bool close() {
    JsonNode node = std::move(open_nodes.back());
    open_nodes.pop_back();
    return add(std::move(node));
  }
  bool add_scalar(JsonKind kind) {
    JsonNode node;
    node.kind = kind;
    node.text = std::move(text);
    text.clear();
    return add(std::move(node));
  }
  bool add(JsonNode node) {
    if (open_nodes.empty()) {
      root = std::move(node);
      return true;
    }
    if (open_nodes.back().is_object()) {
      node.name = std::move(keys.back());
      keys.pop_back();
    }
    open_nodes.back().items.push_back(std::move(node));
    return true;
  }
  static bool has_member_twice(const JsonNode& object) {
    std::vector<std::string_view> names;
    names.reserve(object.items.size());
    for (const JsonNode& member : object.items) names.push_back(member.name);
    std::sort(names.begin(), names.end());
    return std::adjacent_find(names.begin(), names.end()) != names.end();
  }

  JsonNode root;
  std::vector<JsonNode> open_nodes;
  std::vector<std::string> keys;
  std::string text;
};

}  // namespace

const JsonNode* JsonNode::find(std::string_view wanted) const {
  for (const JsonNode& item : items) {
    if (is_object() && item.name == wanted) return &item;
  }
  return nullptr;
}

Result<JsonNode, size_t> parse_json_tree(std::string_view text) {
  json::parse_options options;
  options.max_depth = kMaxPolicyDepth;
  json::basic_parser<Builder> parser(options);
  boost::system::error_code error;
  const size_t used = parser.write_some(false, text.data(), text.size(), error);
  if (error || used < text.size()) return std::unexpected(used);
  return std::move(parser.handler().root);
}

}  // namespace aerolith::policy
