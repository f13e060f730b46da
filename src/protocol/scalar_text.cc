#include "protocol/scalar_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <optional>
#include <system_error>

#include "base/encoding.h"
#include "base/white_space.h"

namespace aerolith::protocol {
namespace {

template <typename T>
bool parse_integer(std::string_view text, void* value) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return false;
  }
  T number{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return false;
  *static_cast<T*>(value) = number;
  return true;
}

// from_chars also takes "inf", "nan(...)" in any case; the protocols name exactly three special values.
template <typename T>
bool parse_floating(std::string_view text, void* value) {
  T number{};
  if (text == "NaN") {
    number = std::numeric_limits<T>::quiet_NaN();
  } else if (text == "Infinity" || text == "INF") {
    number = std::numeric_limits<T>::infinity();
  } else if (text == "-Infinity" || text == "-INF") {
    number = -std::numeric_limits<T>::infinity();
  } else {
    if (text.starts_with("+-")) return false;
    if (text.starts_with('+')) text.remove_prefix(1);
    if (text.find_first_not_of("0123456789.eE+-") != std::string_view::npos || text.starts_with('+')) return false;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return false;
  }
  *static_cast<T*>(value) = number;
  return true;
}

template <typename T>
void append_floating(const void* value, std::string& out) {
  T number = *static_cast<const T*>(value);
  if (std::isnan(number)) {
    out += "NaN";
  } else if (std::isinf(number)) {
    out += number > 0 ? "Infinity" : "-Infinity";
  } else {
    char buffer[64];
    auto [end, error] = std::to_chars(buffer, buffer + sizeof(buffer), number);
    out.append(buffer, end);
  }
}

bool parse_boolean(std::string_view text, void* value) {
  bool is_true = text == "1" || equals_ignore_case(text, "true");
  if (!is_true && text != "0" && !equals_ignore_case(text, "false")) return false;
  *static_cast<bool*>(value) = is_true;
  return true;
}

bool parse_blob(std::string_view text, void* value) {
  // Encoders may break lines (RFC 2045).
  std::string compact;
  if (text.find_first_of(kWhiteSpace) != std::string_view::npos) {
    for (char c : text) {
      if (kWhiteSpace.find(c) == std::string_view::npos) compact += c;
    }
    text = compact;
  }
  std::optional<std::string> bytes = base64_decode(text);
  if (!bytes) return false;
  *static_cast<std::string*>(value) = std::move(*bytes);
  return true;
}

// RFC 9110, 5.6.7: the two obsolete forms of a date in today's; empty where it is neither.
//   Sunday, 06-Nov-94 08:49:37 GMT
//   Sun Nov  6 08:49:37 1994
std::string modern_http_date(std::string_view text) {
  auto spaced = [](std::string_view t, char c, std::initializer_list<size_t> places) {
    return std::all_of(places.begin(), places.end(), [&](size_t at) { return t[at] == c; });
  };
  if (text.size() == 24 && spaced(text, ' ', {3, 7, 10, 19})) {
    return fmt::format("{}, {}{} {} {} {} GMT", text.substr(0, 3), text[8] == ' ' ? '0' : text[8], text[9],
                       text.substr(4, 3), text.substr(20), text.substr(11, 8));
  }
  const size_t comma = text.find(", ");
  if (comma == std::string_view::npos || comma < 3) return {};
  const std::string_view date = text.substr(comma + 2);
  if (date.size() != 22 || !spaced(date, '-', {2, 6}) || date[9] != ' ') return {};
  // POSIX's century, for the RFC's "at most fifty years from now".
  const std::string_view year = date.substr(7, 2);
  return fmt::format("{}, {} {} {}{} {}", text.substr(0, 3), date.substr(0, 2), date.substr(3, 3),
                     year < "69" ? "20" : "19", year, date.substr(10));
}

std::optional<Timestamp> parse_date(std::string_view text) {
  const std::optional<Timestamp> time = parse_http_date(text);
  return time ? time : parse_http_date(modern_http_date(text));
}

std::optional<Timestamp> parse_time(TimestampFormat format, std::string_view text) {
  switch (format) {
    case TimestampFormat::by_protocol:
    case TimestampFormat::iso8601:
      return parse_iso8601(text);
    case TimestampFormat::rfc822:
      return parse_date(text);
    case TimestampFormat::epoch_seconds:
      return parse_epoch_seconds(text);
  }
  return std::nullopt;
}

bool parse_timestamp(TimestampFormat format, std::string_view text, void* value) {
  std::optional<Timestamp> time = parse_time(format, text);
  for (TimestampFormat other : {TimestampFormat::iso8601, TimestampFormat::rfc822, TimestampFormat::epoch_seconds}) {
    if (!time && other != format) time = parse_time(other, text);
  }
  if (!time && text.size() == std::string_view("2015-08-30").size())
    time = parse_iso8601(std::string(text) + "T00:00:00Z");
  if (!time) return false;
  *static_cast<Timestamp*>(value) = *time;
  return true;
}

std::string format_time(TimestampFormat format, Iso8601Style style, Timestamp time) {
  switch (format) {
    case TimestampFormat::by_protocol:
    case TimestampFormat::iso8601:
      break;
    case TimestampFormat::rfc822:
      return format_http_date(time);
    case TimestampFormat::epoch_seconds:
      return format_epoch_seconds(time);
  }
  return style == Iso8601Style::always_millis ? format_iso8601_millis(time) : format_iso8601(time);
}

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::boolean:
      return "a Boolean";
    case Kind::integer:
      return "an Integer";
    case Kind::long_integer:
      return "a Long";
    case Kind::float_number:
      return "a Float";
    case Kind::double_number:
      return "a Double";
    case Kind::blob:
      return "a Blob";
    case Kind::timestamp:
      return "a Timestamp";
    case Kind::string:
    case Kind::document:
    case Kind::list:
    case Kind::map:
    case Kind::structure:
      break;
  }
  return "a value of its type";
}

}  // namespace

TimestampFormat timestamp_format_of(const Member& member, TimestampFormat protocol_default) {
  if (member.timestamp_format != TimestampFormat::by_protocol) return member.timestamp_format;
  if (member.shape->timestamp_format != TimestampFormat::by_protocol) return member.shape->timestamp_format;
  return protocol_default;
}

bool parse_scalar(Kind kind, TimestampFormat format, std::string_view text, void* value) {
  switch (kind) {
    case Kind::boolean:
      return parse_boolean(trim_white_space(text), value);
    case Kind::integer:
      return parse_integer<int32_t>(trim_white_space(text), value);
    case Kind::long_integer:
      return parse_integer<int64_t>(trim_white_space(text), value);
    case Kind::float_number:
      return parse_floating<float>(trim_white_space(text), value);
    case Kind::double_number:
      return parse_floating<double>(trim_white_space(text), value);
    case Kind::string:
      static_cast<std::string*>(value)->assign(text);
      return true;
    case Kind::blob:
      return parse_blob(trim_white_space(text), value);
    case Kind::timestamp:
      return parse_timestamp(format, trim_white_space(text), value);
    case Kind::document:
    case Kind::list:
    case Kind::map:
    case Kind::structure:
      break;
  }
  return false;
}

void append_scalar(Kind kind, TimestampFormat format, Iso8601Style style, const void* value, std::string& out) {
  switch (kind) {
    case Kind::boolean:
      out += *static_cast<const bool*>(value) ? "true" : "false";
      return;
    case Kind::integer:
      out += std::to_string(*static_cast<const int32_t*>(value));
      return;
    case Kind::long_integer:
      out += std::to_string(*static_cast<const int64_t*>(value));
      return;
    case Kind::float_number:
      append_floating<float>(value, out);
      return;
    case Kind::double_number:
      append_floating<double>(value, out);
      return;
    case Kind::string:
      out += *static_cast<const std::string*>(value);
      return;
    case Kind::blob:
      out += base64_encode(*static_cast<const std::string*>(value));
      return;
    case Kind::timestamp:
      out += format_time(format, style, *static_cast<const Timestamp*>(value));
      return;
    case Kind::document:
      out += static_cast<const Document*>(value)->json;
      return;
    case Kind::list:
    case Kind::map:
    case Kind::structure:
      break;
  }
  std::abort();  // the tables call a container a scalar: a bug of the generator
}

size_t utf8_character_size(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return size <= text.size() && is_valid_utf8(text.substr(0, size)) ? size : 0;
}

std::string conversion_failure(Kind kind, std::string_view text) {
  constexpr size_t kShown = 64;
  std::string shown(text.substr(0, kShown));
  // A cut may fall into a character.
  while (!shown.empty() && text.size() > kShown && !is_valid_utf8(shown)) shown.pop_back();
  return fmt::format("'{}{}' can not be converted to {}", shown, text.size() > kShown ? "..." : "", kind_name(kind));
}

}  // namespace aerolith::protocol
