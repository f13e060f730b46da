#include <boost/json/monotonic_resource.hpp>
#include <boost/json/value.hpp>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/encoding.h"
#include "base/time.h"
#include "protocol/json_codec.h"
#include "protocol/json_document.h"
#include "protocol/scalar_text.h"
#include "protocol/walk.h"

namespace aerolith::protocol {
namespace {

namespace json = boost::json;

// Coral's words: "NUMBER_VALUE can not be converted to a String".
std::string_view token_name(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "VALUE_NULL";
    case json::kind::bool_:
      return value.get_bool() ? "TRUE_VALUE" : "FALSE_VALUE";
    case json::kind::int64:
    case json::kind::uint64:
      return "NUMBER_VALUE";
    case json::kind::double_:
      return "DECIMAL_VALUE";
    case json::kind::string:
      return "STRING_VALUE";
    case json::kind::array:
      return "START_ARRAY";
    case json::kind::object:
      return "START_OBJECT";
  }
  return "";
}

std::unexpected<DecodeError> wrong_type(const json::value& value, std::string_view wanted) {
  return malformed_at({}, std::string(token_name(value)) + " can not be converted to " + std::string(wanted));
}

// The parser has limited the depth: recursion here goes no deeper.
class JsonDecoder {
 public:
  explicit JsonDecoder(const JsonForm& form) : form_(form) {}

  DecodeResult structure(const Shape& shape, const json::value& from, bool outermost, void* out) const {
    const json::object* object = from.if_object();
    if (object == nullptr) return wrong_type(from, "an Object");
    for (const Member& member : shape.members) {
      if (outermost && form_.body_members_only && (member.location != Location::body || member.payload)) continue;
      const json::value* found = object->if_contains(form_.canonical ? member.name : member.wire_name);
      if (found == nullptr || found->is_null()) continue;
      TRY(within(member.name, value(member, *found, member.ops->emplace(field_of(member, out)))));
    }
    return {};
  }

  DecodeResult value(const Member& member, const json::value& from, void* out) const {
    switch (member.shape->kind) {
      case Kind::structure:
        return structure(*member.shape, from, false, out);
      case Kind::list:
        return list(*member.shape, from, out);
      case Kind::map:
        return map(*member.shape, from, out);
      case Kind::document:
        append_json_tree(from, as<Document>(out).json);
        return {};
      case Kind::timestamp:
        return timestamp(member, from, out);
      case Kind::string:
        return string(member, from, out);
      case Kind::blob:
        return blob(from, out);
      case Kind::boolean:
        if (!from.is_bool()) return wrong_type(from, "a Boolean");
        as<bool>(out) = from.get_bool();
        return {};
      case Kind::integer:
        return integer<int32_t>(from, "an Integer", out);
      case Kind::long_integer:
        return integer<int64_t>(from, "a Long", out);
      case Kind::float_number:
        return floating<float>(member, from, "a Float", out);
      case Kind::double_number:
        return floating<double>(member, from, "a Double", out);
    }
    return malformed_at({}, "an unknown kind");
  }

 private:
  DecodeResult list(const Shape& shape, const json::value& from, void* out) const {
    const json::array* array = from.if_array();
    if (array == nullptr) return wrong_type(from, "a List");
    size_t index = 0;
    for (const json::value& item : *array) {
      std::string part = "[" + std::to_string(index++) + "]";
      if (!item.is_null()) {
        TRY(within(part, value(*shape.element, item, shape.list_ops->append(out))));
      } else if (shape.list_ops->append_null != nullptr) {
        shape.list_ops->append_null(out);
      }
    }
    return {};
  }

  DecodeResult map(const Shape& shape, const json::value& from, void* out) const {
    const json::object* object = from.if_object();
    if (object == nullptr) return wrong_type(from, "a Map");
    for (const auto& [key, item] : *object) {
      if (!item.is_null()) {
        TRY(within(key, value(*shape.element, item, shape.map_ops->insert(out, key))));
      } else if (shape.map_ops->insert_null != nullptr) {
        shape.map_ops->insert_null(out, key);
      }
    }
    return {};
  }

  DecodeResult string(const Member& member, const json::value& from, void* out) const {
    if (form_.canonical && member.json_value) {
      append_json_tree(from, as<std::string>(out));
      return {};
    }
    const json::string* text = from.if_string();
    if (text == nullptr) return wrong_type(from, "a String");
    as<std::string>(out).assign(text->data(), text->size());
    return {};
  }

  static DecodeResult blob(const json::value& from, void* out) {
    const json::string* text = from.if_string();
    if (text == nullptr) return wrong_type(from, "a Blob");
    std::optional<std::string> bytes = base64_decode(*text);
    if (!bytes) return malformed_at({}, "not base64");
    as<std::string>(out) = std::move(*bytes);
    return {};
  }

  template <typename T>
  static DecodeResult integer(const json::value& from, std::string_view wanted, void* out) {
    boost::system::error_code error;
    // Exact conversions only: 1.0 is an integer, 1.5 and 2^40 are not int32.
    T number = from.to_number<T>(error);
    if (error) return wrong_type(from, wanted);
    as<T>(out) = number;
    return {};
  }

  template <typename T>
  static DecodeResult floating(const Member& member, const json::value& from, std::string_view wanted, void* out) {
    if (const json::string* text = from.if_string()) {
      // Only what JSON can't write as a number.
      if (*text != "NaN" && *text != "Infinity" && *text != "-Infinity") return wrong_type(from, wanted);
      parse_scalar(member.shape->kind, TimestampFormat::by_protocol, *text, out);
      return {};
    }
    if (!from.is_number()) return wrong_type(from, wanted);
    boost::system::error_code error;
    double number = from.to_number<double>(error);
    if (error || std::abs(number) > static_cast<double>(std::numeric_limits<T>::max())) return wrong_type(from, wanted);
    as<T>(out) = static_cast<T>(number);
    return {};
  }

  static DecodeResult timestamp(const Member& member, const json::value& from, void* out) {
    if (const json::string* text = from.if_string()) {
      TimestampFormat format = timestamp_format_of(member, TimestampFormat::iso8601);
      if (!parse_scalar(Kind::timestamp, format, *text, out)) return wrong_type(from, "a Timestamp");
      return {};
    }
    if (!from.is_number()) return wrong_type(from, "a Timestamp");
    std::optional<Timestamp> time = from_epoch_seconds(from.to_number<double>());
    if (!time) return wrong_type(from, "a Timestamp");
    as<Timestamp>(out) = *time;
    return {};
  }

  JsonForm form_;
};

// Calls use(value) with the document while its memory lives.
template <typename Use>
DecodeResult with_document(std::string_view text, Use use) {
  json::monotonic_resource memory;
  auto document = parse_json(text, &memory);
  if (!document.has_value()) return malformed_at({}, "not JSON: " + document.error().detail);
  return use(*document);
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

}  // namespace

Result<void, DecodeError> decode_json(const Shape& shape, std::string_view text, const JsonForm& form, void* out) {
  if (is_blank(text)) return {};
  return with_document(
      text, [&](const json::value& document) { return JsonDecoder(form).structure(shape, document, true, out); });
}

Result<void, DecodeError> decode_json_value(const Member& member, std::string_view text, void* value) {
  return with_document(
      text, [&](const json::value& document) { return JsonDecoder(JsonForm{}).value(member, document, value); });
}

}  // namespace aerolith::protocol
