#include <cmath>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "protocol/json_codec.h"
#include "protocol/scalar_text.h"
#include "protocol/walk.h"

namespace aerolith::protocol {
namespace {

void append_escaped(char c, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"':
    case '\\':
      out += '\\';
      out += c;
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
  }
}

bool needs_escape(char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

class JsonEncoder {
 public:
  JsonEncoder(const JsonForm& form, std::string& out) : form_(form), out_(out) {}

  void structure(const Shape& shape, const void* from, bool outermost) {
    out_ += '{';
    members(shape, from, outermost, true);
    out_ += '}';
  }

  void error(const ErrorHead& head, const Shape* shape, const void* from) {
    out_ += '{';
    bool first = true;
    if (!head.type.empty()) {
      name("__type", first);
      append_json_string(head.type, out_);
      first = false;
    }
    if (!head.message.empty()) {
      name(head.message_name, first);
      append_json_string(head.message, out_);
      first = false;
    }
    if (shape != nullptr && from != nullptr) members(*shape, from, true, first);
    out_ += '}';
  }

  void value(const Member& member, const void* from) {
    switch (member.shape->kind) {
      case Kind::structure:
        return structure(*member.shape, from, false);
      case Kind::list:
        return list(*member.shape, from);
      case Kind::map:
        return map(*member.shape, from);
      case Kind::document:
        out_ += as<Document>(from).json.empty() ? "null" : as<Document>(from).json;
        return;
      case Kind::timestamp:
        return timestamp(member, from);
      case Kind::string:
        if (form_.canonical && member.json_value) {
          out_ += as<std::string>(from);
          return;
        }
        return append_json_string(as<std::string>(from), out_);
      case Kind::blob:
        out_ += '"' + base64_encode(as<std::string>(from)) + '"';
        return;
      case Kind::float_number:
        return number(member, from, std::isfinite(as<float>(from)));
      case Kind::double_number:
        return number(member, from, std::isfinite(as<double>(from)));
      case Kind::boolean:
      case Kind::integer:
      case Kind::long_integer:
        return number(member, from, true);
    }
  }

 private:
  void name(std::string_view text, bool first) {
    if (!first) out_ += ',';
    append_json_string(text, out_);
    out_ += ':';
  }

  void members(const Shape& shape, const void* from, bool outermost, bool first) {
    for (const Member& member : shape.members) {
      if (outermost && form_.body_members_only && (!is_in_answer_body(member) || member.payload)) continue;
      const void* present = value_of(member, from);
      if (present == nullptr) continue;
      name(form_.canonical ? member.name : member.wire_name, first);
      first = false;
      value(member, present);
    }
  }

  void number(const Member& member, const void* from, bool finite) {
    if (!finite) out_ += '"';
    append_scalar(member.shape->kind, TimestampFormat::epoch_seconds, Iso8601Style::shortest, from, out_);
    if (!finite) out_ += '"';
  }

  void timestamp(const Member& member, const void* from) {
    TimestampFormat format =
        form_.canonical ? TimestampFormat::epoch_seconds : timestamp_format_of(member, TimestampFormat::epoch_seconds);
    const bool quoted = format != TimestampFormat::epoch_seconds;
    if (quoted) out_ += '"';
    append_scalar(Kind::timestamp, format, Iso8601Style::shortest, from, out_);
    if (quoted) out_ += '"';
  }

  void list(const Shape& shape, const void* from) {
    out_ += '[';
    for (size_t i = 0; i < shape.list_ops->size(from); ++i) {
      if (i > 0) out_ += ',';
      const void* item = shape.list_ops->at(from, i);
      if (item != nullptr) {
        value(*shape.element, item);
      } else {
        out_ += "null";
      }
    }
    out_ += ']';
  }

  void map(const Shape& shape, const void* from) {
    struct Context {
      JsonEncoder& encoder;
      const Shape& shape;
      bool first = true;
    } context{*this, shape};
    out_ += '{';
    shape.map_ops->for_each(from, &context, [](void* raw, const std::string& key, const void* item) {
      auto& c = as<Context>(raw);
      if (!c.first) c.encoder.out_ += ',';
      c.first = false;
      append_json_string(key, c.encoder.out_);
      c.encoder.out_ += ':';
      if (item != nullptr) {
        c.encoder.value(*c.shape.element, item);
      } else {
        c.encoder.out_ += "null";
      }
    });
    out_ += '}';
  }

  JsonForm form_;
  std::string& out_;
};

}  // namespace

void append_json_string(std::string_view text, std::string& out) {
  const bool valid = is_valid_utf8(text);
  out += '"';
  while (!text.empty()) {
    size_t plain = 0;
    while (plain < text.size() && !needs_escape(text[plain]) && (valid || static_cast<signed char>(text[plain]) >= 0)) {
      ++plain;
    }
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    if (needs_escape(text[0])) {
      append_escaped(text[0], out);
      text.remove_prefix(1);
      continue;
    }
    const size_t length = utf8_character_size(text);
    out.append(length > 0 ? text.substr(0, length) : std::string_view("\xef\xbf\xbd"));
    text.remove_prefix(length > 0 ? length : 1);
  }
  out += '"';
}

void append_json(const Shape& shape, const void* value, const JsonForm& form, std::string& out) {
  JsonEncoder(form, out).structure(shape, value, true);
}

void append_json_error(const ErrorHead& head, const Shape* shape, const void* value, const JsonForm& form,
                       std::string& out) {
  JsonEncoder(form, out).error(head, shape, value);
}

void append_json_value(const Member& member, const void* value, std::string& out) {
  JsonEncoder(JsonForm{}, out).value(member, value);
}

}  // namespace aerolith::protocol
