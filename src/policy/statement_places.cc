#include "policy/statement_places.h"

#include <algorithm>

namespace aerolith::policy {
namespace {

size_t skip_space(std::string_view text, size_t at) {
  return std::min(text.find_first_not_of(" \t\r\n", at), text.size());
}

// Past the value that begins at `at`, of valid JSON.
size_t skip_value(std::string_view text, size_t at) {
  size_t depth = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') {
      for (++at; at < text.size() && text[at] != '"'; ++at) at += text[at] == '\\' ? 1 : 0;
      if (depth == 0) return std::min(at + 1, text.size());
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return at;
      if (--depth == 0) return at + 1;
    } else if (depth == 0 && c == ',') {
      return at;
    }
  }
  return at;
}

// Lines and columns of offsets that grow.
class PositionFinder {
 public:
  explicit PositionFinder(std::string_view text) : text_(text) {}

  Position at(size_t offset) {
    for (; offset_ < offset && offset_ < text_.size(); ++offset_) {
      ++position_.column;
      if (text_[offset_] == '\n') position_ = {position_.line + 1, 1};
    }
    return position_;
  }

 private:
  std::string_view text_;
  size_t offset_ = 0;
  Position position_{1, 1};
};

}  // namespace

std::vector<StatementPlace> find_statements(std::string_view text) {
  std::vector<StatementPlace> places;
  PositionFinder finder(text);
  size_t at = skip_space(text, 0) + 1;
  while (at < text.size()) {
    at = skip_space(text, at);
    const size_t key_end = skip_value(text, at);
    const bool is_statement = text.substr(at, key_end - at) == "\"Statement\"";
    size_t value = skip_space(text, std::min(text.find(':', key_end), text.size() - 1) + 1);
    const size_t value_end = skip_value(text, value);
    if (is_statement && value < text.size() && text[value] == '{')
      places.push_back({finder.at(value + 1), finder.at(value_end)});
    if (is_statement && value < text.size() && text[value] == '[') {
      value = skip_space(text, value + 1);
      while (value < value_end && text[value] == '{') {
        const size_t end = skip_value(text, value);
        places.push_back({finder.at(value + 1), finder.at(end)});
        value = skip_space(text, end);
        if (value < text.size() && text[value] == ',') value = skip_space(text, value + 1);
      }
    }
    at = skip_space(text, value_end);
    if (at >= text.size() || text[at] != ',') break;
    ++at;
  }
  return places;
}

}  // namespace aerolith::policy
