// Query strings and forms, part by part, still encoded.
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>

namespace aerolith::http {

struct RawParameter {
  std::string_view name;
  std::optional<std::string_view> value;  // nullopt without '='
  std::string_view value_text() const { return value.value_or(std::string_view()); }
};

// Takes the first parameter off `query`; empty parts ("a&&b") are none. nullopt at the end.
inline std::optional<RawParameter> next_parameter(std::string_view& query) {
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    if (part.empty()) continue;
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos) return RawParameter{part, std::nullopt};
    return RawParameter{part.substr(0, equals), part.substr(equals + 1)};
  }
  return std::nullopt;
}

}  // namespace aerolith::http
