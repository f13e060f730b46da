#include "protocol/http_bindings.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "http/query.h"
#include "protocol/walk.h"

namespace aerolith::protocol {
namespace {

// `location` is the outermost member's: elements of its list or map have none of their own.
DecodeResult decode_scalar(const Member& member, Location location, std::string_view text, void* value) {
  const Kind kind = member.shape->kind;
  const bool in_header = location == Location::header || location == Location::prefix_headers;
  if (kind == Kind::string) {
    // Whether a header is Latin-1 or UTF-8 only its service knows.
    if (!in_header && !is_valid_utf8(text)) return malformed_at({}, "not UTF-8");
    as<std::string>(value) = text;
    return {};
  }
  const TimestampFormat times = in_header ? TimestampFormat::rfc822 : TimestampFormat::iso8601;
  if (!parse_scalar(kind, timestamp_format_of(member, times), text, value)) {
    return malformed_at({}, conversion_failure(kind, text));
  }
  return {};
}

// Elements of a header that holds a list: separated by commas, quoted where they contain one. HTTP dates are not
// quoted and contain one comma each.
std::vector<std::string> split_header_list(std::string_view text, bool http_dates) {
  std::vector<std::string> items;
  std::string item;
  bool quoted = false, was_quoted = false, past_date_comma = false;
  auto finish = [&] {
    items.emplace_back(was_quoted ? item : trim(item));
    item.clear();
    was_quoted = past_date_comma = false;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (quoted) {
      if (c == '\\' && i + 1 < text.size()) {
        item += text[++i];
      } else if (c == '"') {
        quoted = false;
      } else {
        item += c;
      }
    } else if (c == '"' && trim(item).empty()) {
      quoted = was_quoted = true;
      item.clear();
    } else if (c == ',' && (!http_dates || past_date_comma)) {
      finish();
    } else if (!was_quoted || (c != ' ' && c != '\t')) {
      past_date_comma = past_date_comma || c == ',';
      item += c;
    }
  }
  if (!items.empty() || was_quoted || !trim(item).empty()) finish();
  return items;
}

DecodeResult decode_list_items(const Shape& list, Location location, const std::vector<std::string>& items,
                               void* container) {
  for (const std::string& item : items) {
    std::string part = "[" + std::to_string(list.list_ops->size(container)) + "]";
    TRY(within(part, decode_scalar(*list.element, location, item, list.list_ops->append(container))));
  }
  return {};
}

// All values of a header, as one: RFC 9110, 5.3.
std::optional<std::string> joined_header(const http::Headers& headers, std::string_view name) {
  std::optional<std::string> joined;
  for (const auto& [field, value] : headers.fields()) {
    if (!equals_ignore_case(field, name)) continue;
    if (joined) {
      *joined += "," + value;
    } else {
      joined = value;
    }
  }
  return joined;
}

// RFC 9110, 13.1.3: who can't read the date ignores the condition. Not so for S3's x-amz-if-match-last-modified-time,
// without which an object would be deleted that the caller wanted kept.
bool is_unreadable_condition(const Member& member, std::string_view text) {
  constexpr std::string_view kSince = "modified-since";
  if (member.shape->kind != Kind::timestamp || member.wire_name.size() < kSince.size()) return false;
  if (!equals_ignore_case(member.wire_name.substr(member.wire_name.size() - kSince.size()), kSince)) return false;
  Timestamp ignored;
  return !parse_scalar(Kind::timestamp, timestamp_format_of(member, TimestampFormat::rfc822), text, &ignored);
}

DecodeResult decode_header(const Member& member, const http::RequestHead& head, void* input) {
  std::optional<std::string> text = joined_header(head.headers, member.wire_name);
  if (!text || is_unreadable_condition(member, *text)) return {};
  void* value = member.ops->emplace(field_of(member, input));
  if (member.json_value) {
    std::optional<std::string> json = base64_decode(*text);
    if (!json) return malformed_at({}, "not base64");
    as<std::string>(value) = std::move(*json);
    return {};
  }
  if (member.shape->kind != Kind::list) return decode_scalar(member, Location::header, *text, value);
  const Member& element = *member.shape->element;
  bool http_dates = element.shape->kind == Kind::timestamp &&
                    timestamp_format_of(element, TimestampFormat::rfc822) == TimestampFormat::rfc822;
  return decode_list_items(*member.shape, Location::header, split_header_list(*text, http_dates), value);
}

DecodeResult decode_prefix_headers(const Member& member, const http::RequestHead& head, bool lower_case, void* input) {
  // A name given twice keeps both values, as any header does.
  std::map<std::string, std::string> found;
  for (const auto& [field, text] : head.headers.fields()) {
    if (field.size() < member.wire_name.size() ||
        !equals_ignore_case(std::string_view(field).substr(0, member.wire_name.size()), member.wire_name)) {
      continue;
    }
    std::string key = field.substr(member.wire_name.size());
    auto [entry, is_new] = found.try_emplace(lower_case ? to_lower(key) : std::move(key), text);
    if (!is_new) entry->second += "," + text;
  }
  if (found.empty()) return {};
  void* map = member.ops->emplace(field_of(member, input));
  for (const auto& [key, text] : found) {
    TRY(within(key, decode_scalar(*member.shape->element, Location::prefix_headers, text,
                                  member.shape->map_ops->insert(map, key))));
  }
  return {};
}

using Parameters = std::vector<std::pair<std::string, std::string>>;

Result<Parameters, DecodeError> parse_query(std::string_view query) {
  Parameters parameters;
  while (const std::optional<http::RawParameter> raw = http::next_parameter(query)) {
    std::optional<std::string> name = form_decode(raw->name);
    std::optional<std::string> value = form_decode(raw->value_text());
    if (!name || !value || !is_valid_utf8(*name)) {
      return malformed_at({}, "a bad percent escape in the query string", Location::query_string);
    }
    parameters.emplace_back(std::move(*name), std::move(*value));
  }
  return parameters;
}

DecodeResult decode_query_member(const Member& member, const Parameters& parameters, void* input) {
  void* value = nullptr;
  for (const auto& [name, text] : parameters) {
    if (name != member.wire_name) continue;
    const bool first = value == nullptr;
    if (first) value = member.ops->emplace(field_of(member, input));
    if (member.shape->kind == Kind::list) {
      TRY(decode_list_items(*member.shape, Location::query_string, {text}, value));
    } else if (first) {
      TRY(decode_scalar(member, Location::query_string, text, value));
    }
  }
  return {};
}

// A map takes every parameter, also those that are bound to members of their own: so Smithy has it for servers
// (protocol test RestJsonServersPutAllQueryParamsInMap).
DecodeResult decode_query_map(const Member& member, const Parameters& parameters, void* input) {
  std::map<std::string_view, std::vector<std::string>> values;
  for (const auto& [name, text] : parameters) values[name].push_back(text);
  if (values.empty()) return {};
  void* map = member.ops->emplace(field_of(member, input));
  const Member& element = *member.shape->element;
  for (const auto& [name, texts] : values) {
    void* value = member.shape->map_ops->insert(map, std::string(name));
    TRY(within(name, element.shape->kind == Kind::list
                         ? decode_list_items(*element.shape, Location::query_string, texts, value)
                         : decode_scalar(element, Location::query_string, texts.front(), value)));
  }
  return {};
}

DecodeResult decode_label(const Member& member, const ResolvedOperation& resolved, void* input) {
  for (const auto& [name, text] : resolved.labels) {
    if (name != member.wire_name && name != member.name) continue;
    return decode_scalar(member, Location::uri, text, member.ops->emplace(field_of(member, input)));
  }
  return {};
}

std::string header_text(const Member& member, Iso8601Style style, const void* value) {
  std::string text;
  if (member.json_value) return base64_encode(as<std::string>(value));
  append_scalar(member.shape->kind, timestamp_format_of(member, TimestampFormat::rfc822), style, value, text);
  return text;
}

std::string quoted_item(std::string text) {
  if (text.find_first_of(",\"") == std::string::npos && trim(text) == text && !text.empty()) return text;
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

void encode_header(const Member& member, Iso8601Style style, const void* value, http::Response& response) {
  if (member.shape->kind != Kind::list) {
    response.headers.add(std::string(member.wire_name), header_text(member, style, value));
    return;
  }
  const ListOps& list = *member.shape->list_ops;
  const Member& element = *member.shape->element;
  std::string text;
  for (size_t i = 0; i < list.size(value); ++i) {
    const void* item = list.at(value, i);
    if (item == nullptr) continue;
    if (!text.empty()) text += ", ";
    std::string item_text = header_text(element, style, item);
    text += element.shape->kind == Kind::string ? quoted_item(std::move(item_text)) : item_text;
  }
  if (list.size(value) > 0) response.headers.add(std::string(member.wire_name), std::move(text));
}

void encode_prefix_headers(const Member& member, Iso8601Style style, const void* map, http::Response& response) {
  struct Context {
    const Member& member;
    Iso8601Style style;
    http::Response& response;
  } context{member, style, response};
  member.shape->map_ops->for_each(map, &context, [](void* raw, const std::string& key, const void* value) {
    auto& c = as<Context>(raw);
    if (value == nullptr) return;
    c.response.headers.add(std::string(c.member.wire_name) + key,
                           header_text(*c.member.shape->element, c.style, value));
  });
}

}  // namespace

BindingRules binding_rules(const Service& service) {
  return {service.s3_xml_dialect ? Iso8601Style::always_millis : Iso8601Style::shortest, service.s3_xml_dialect};
}

Result<void, DecodeError> decode_http_bindings(const ResolvedOperation& resolved, const Shape& shape,
                                               const http::RequestHead& head, const BindingRules& rules, void* input) {
  const Parameters parameters = TRY(parse_query(head.query()));
  for (const Member& member : shape.members) {
    DecodeResult result;
    switch (member.location) {
      case Location::header:
        result = decode_header(member, head, input);
        break;
      case Location::prefix_headers:
        result = decode_prefix_headers(member, head, rules.lower_case_prefix_headers, input);
        break;
      case Location::query_string:
        result = member.shape->kind == Kind::map ? decode_query_map(member, parameters, input)
                                                 : decode_query_member(member, parameters, input);
        break;
      case Location::uri:
        result = decode_label(member, resolved, input);
        break;
      case Location::status_code:
      case Location::body:
        break;
    }
    if (result.has_value()) continue;
    result.error().location = member.location;
    result.error().wire_name = member.wire_name;
    return within(member.name, std::move(result));
  }
  return {};
}

void encode_http_bindings(const Shape& shape, const void* output, const BindingRules& rules, http::Response& response) {
  for (const Member& member : shape.members) {
    const void* value = value_of(member, output);
    if (value == nullptr) continue;
    if (member.location == Location::header && equals_ignore_case(member.wire_name, "content-length")) {
      // The edge writes this header, from the body: only an answer to HEAD has to be told.
      const bool is_long = member.shape->kind == Kind::long_integer;
      const int64_t length = is_long ? as<int64_t>(value) : as<int32_t>(value);
      response.head_content_length = static_cast<uint64_t>(std::max<int64_t>(0, length));
    } else if (member.location == Location::header) {
      encode_header(member, rules.iso8601, value, response);
    } else if (member.location == Location::prefix_headers) {
      encode_prefix_headers(member, rules.iso8601, value, response);
    } else if (member.location == Location::status_code) {
      response.status = as<int32_t>(value);
    }
  }
}

}  // namespace aerolith::protocol
