// White space as XML and PEM have it.
#pragma once

#include <string_view>

namespace aerolith {

inline constexpr std::string_view kWhiteSpace = " \t\r\n";

// Without what of it stands around the text; a view into that.
inline std::string_view trim_white_space(std::string_view text) {
  const size_t begin = text.find_first_not_of(kWhiteSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kWhiteSpace) + 1 - begin);
}

}  // namespace aerolith
