#include "protocol/json_document.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <cmath>
#include <system_error>
#include <utility>

#include "protocol/json_codec.h"

namespace aerolith::protocol {
namespace {

namespace json = boost::json;

// Builds the tree. Boost.JSON 1.81 rounds decimal numbers (0.3 becomes 0.30000000000000004): their text is read anew.
struct TreeBuilder {
  using Error = boost::system::error_code;
  static constexpr size_t max_object_size = static_cast<size_t>(-1);
  static constexpr size_t max_array_size = static_cast<size_t>(-1);
  static constexpr size_t max_key_size = static_cast<size_t>(-1);
  static constexpr size_t max_string_size = static_cast<size_t>(-1);

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error&) { return true; }
  bool on_array_begin(Error&) { return true; }
  bool on_object_end(size_t count, Error&) { return stack.push_object(count), true; }
  bool on_array_end(size_t count, Error&) { return stack.push_array(count), true; }
  bool on_key_part(json::string_view part, size_t, Error&) { return stack.push_chars(part), true; }
  bool on_key(json::string_view part, size_t, Error&) { return stack.push_key(part), true; }
  bool on_string_part(json::string_view part, size_t, Error&) { return stack.push_chars(part), true; }
  bool on_string(json::string_view part, size_t, Error&) { return stack.push_string(part), true; }
  bool on_number_part(json::string_view part, Error&) {
    number.append(part.data(), part.size());
    return true;
  }
  bool on_int64(int64_t value, json::string_view, Error&) {
    number.clear();
    return stack.push_int64(value), true;
  }
  bool on_uint64(uint64_t value, json::string_view, Error&) {
    number.clear();
    return stack.push_uint64(value), true;
  }
  bool on_double(double value, json::string_view part, Error& error) {
    number.append(part.data(), part.size());
    double exact = value;
    std::from_chars(number.data(), number.data() + number.size(), exact);
    number.clear();
    if (!std::isfinite(exact)) {  // 1e400
      error = json::error::exponent_overflow;
      return false;
    }
    return stack.push_double(exact), true;
  }
  bool on_bool(bool value, Error&) { return stack.push_bool(value), true; }
  bool on_null(Error&) { return stack.push_null(), true; }
  bool on_comment_part(json::string_view, Error&) { return true; }
  bool on_comment(json::string_view, Error&) { return true; }

  json::value_stack stack;
  std::string number;
};

void append_number(double value, std::string& out) {
  char buffer[32];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof(buffer), value);
  out.append(buffer, end);
}

}  // namespace

Result<json::value, JsonError> parse_json(std::string_view text, json::storage_ptr memory) {
  json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  json::basic_parser<TreeBuilder> parser(options);
  parser.handler().stack.reset(std::move(memory));
  boost::system::error_code error;
  size_t used = parser.write_some(false, text.data(), text.size(), error);
  if (!error && used < text.size()) error = json::error::extra_data;
  if (error) return fail(JsonErrorCode::malformed, error.message());
  return parser.handler().stack.release();
}

void append_json_tree(const json::value& value, std::string& out) {
  switch (value.kind()) {
    case json::kind::null:
      out += "null";
      return;
    case json::kind::bool_:
      out += value.get_bool() ? "true" : "false";
      return;
    case json::kind::int64:
      out += std::to_string(value.get_int64());
      return;
    case json::kind::uint64:
      out += std::to_string(value.get_uint64());
      return;
    case json::kind::double_:
      return append_number(value.get_double(), out);
    case json::kind::string:
      return append_json_string(value.get_string(), out);
    case json::kind::array: {
      out += '[';
      bool first = true;
      for (const json::value& item : value.get_array()) {
        if (!std::exchange(first, false)) out += ',';
        append_json_tree(item, out);
      }
      out += ']';
      return;
    }
    case json::kind::object: {
      out += '{';
      bool first = true;
      for (const auto& [key, item] : value.get_object()) {
        if (!std::exchange(first, false)) out += ',';
        append_json_string(key, out);
        out += ':';
        append_json_tree(item, out);
      }
      out += '}';
      return;
    }
  }
}

}  // namespace aerolith::protocol
