// Between a setting's text and its value.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "main/config.h"
#include "main/quantity.h"

namespace aerolith::main_program {
namespace {

std::unexpected<ConfigError> bad(const Setting& setting, std::string_view text, std::string_view expected) {
  return fail(ConfigErrorCode::bad_value, fmt::format("`{}`: \"{}\" {}", setting.dotted(), text, expected));
}

std::string describe_number(const Setting& setting, uint64_t number) {
  if (setting.kind == SettingKind::size) return format_size(number);
  if (setting.kind == SettingKind::duration) {
    return format_duration(std::chrono::milliseconds(static_cast<int64_t>(number)));
  }
  return fmt::format("{}", number);
}

Result<SettingValue, ConfigError> in_range(const Setting& setting, std::string_view text, uint64_t number) {
  if (number >= setting.min && number <= setting.max) return SettingValue{.number = number};
  return bad(setting, text,
             fmt::format("is out of range: from {} to {}", describe_number(setting, setting.min),
                         describe_number(setting, setting.max)));
}

Result<SettingValue, ConfigError> parse_boolean(const Setting& setting, std::string_view text) {
  const std::string word = to_lower(text);
  if (word == "true" || word == "yes" || word == "on" || word == "1") return SettingValue{.truth = true};
  if (word == "false" || word == "no" || word == "off" || word == "0") return SettingValue{.truth = false};
  return bad(setting, text, "is neither true nor false");
}

Result<SettingValue, ConfigError> parse_count(const Setting& setting, std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  const bool all_digits = !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos;
  if (!all_digits) return bad(setting, text, "is not a whole number");
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || digits.size() != text.size()) {
    return bad(setting, text, fmt::format("is out of range: from {} to {}", setting.min, setting.max));
  }
  return in_range(setting, text, number);
}

Result<SettingValue, ConfigError> parse_list(const Setting& setting, std::string_view text) {
  std::vector<std::string> elements;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    std::string item(trim(text.substr(0, comma)));
    if (!item.empty()) elements.push_back(std::move(item));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return parse_elements(setting, std::move(elements));
}

Result<SettingValue, ConfigError> parse_text(const Setting& setting, std::string_view text) {
  std::string value(text);
  if (!setting.choices.empty() &&
      std::find(setting.choices.begin(), setting.choices.end(), value) == setting.choices.end()) {
    return bad(setting, text, fmt::format("is not one of: {}", fmt::join(setting.choices, ", ")));
  }
  const std::string wrong = setting.check == nullptr ? "" : setting.check(value);
  if (!wrong.empty()) return bad(setting, text, wrong);
  return SettingValue{.text = std::move(value)};
}

}  // namespace

Result<SettingValue, ConfigError> parse_elements(const Setting& setting, std::vector<std::string> elements) {
  for (const std::string& element : elements) {
    const std::string wrong = setting.check == nullptr ? "" : setting.check(element);
    if (!wrong.empty()) return bad(setting, element, wrong);
  }
  if (elements.size() < setting.min) {
    return fail(ConfigErrorCode::bad_value, fmt::format("`{}` is empty: it needs at least {}, such as {}",
                                                        setting.dotted(), setting.min, setting.default_text));
  }
  return SettingValue{.list = std::move(elements)};
}

Result<SettingValue, ConfigError> parse_setting(const Setting& setting, std::string_view text) {
  switch (setting.kind) {
    case SettingKind::boolean:
      return parse_boolean(setting, trim(text));
    case SettingKind::count:
      return parse_count(setting, trim(text));
    case SettingKind::size: {
      const auto bytes = parse_size(text);
      if (!bytes) return bad(setting, text, "is not a size, such as 64KiB");
      return in_range(setting, text, *bytes);
    }
    case SettingKind::duration: {
      const auto duration = parse_duration(text);
      if (!duration) return bad(setting, text, "is not a duration with its unit, such as 30s or 500ms");
      return in_range(setting, text, static_cast<uint64_t>(duration->count()));
    }
    case SettingKind::text_list:
      return parse_list(setting, text);
    case SettingKind::text:
    case SettingKind::path:
    case SettingKind::choice:
      return parse_text(setting, text);
  }
  return bad(setting, text, "has no kind");
}

std::string format_setting(const Setting& setting, const SettingValue& value) {
  switch (setting.kind) {
    case SettingKind::boolean:
      return value.truth ? "true" : "false";
    case SettingKind::count:
    case SettingKind::size:
    case SettingKind::duration:
      return describe_number(setting, value.number);
    case SettingKind::text:
    case SettingKind::path:
    case SettingKind::choice:
      return value.text;
    case SettingKind::text_list:
      return fmt::format("{}", fmt::join(value.list, ","));
  }
  return "";
}

}  // namespace aerolith::main_program
