#include "policy/pattern.h"

#include <algorithm>
#include <utility>

#include "base/encoding.h"

namespace aerolith::policy {
namespace {

char16_t symbol_of(char c) { return static_cast<uint8_t>(c); }

// The end of a variable that begins at `begin` with "${": the index of its '}', or npos. A default value may hold '}'.
size_t variable_end(std::string_view text, size_t begin) {
  const size_t close = text.find('}', begin);
  if (close == std::string_view::npos) return close;
  const size_t quote = text.find('\'', begin);
  if (quote == std::string_view::npos || quote > close) return close;
  const size_t quoted_close = text.find("'}", quote + 1);
  return quoted_close == std::string_view::npos ? quoted_close : quoted_close + 1;
}

}  // namespace

Pattern::Pattern(std::string_view text, PatternSyntax syntax) : folded_(syntax.letter_case == LetterCase::folded) {
  Parts parts;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool starts_variable = syntax.variables == Variables::allowed && text.substr(i).starts_with("${");
    const size_t end = starts_variable ? variable_end(text, i) : std::string_view::npos;
    if (end != std::string_view::npos) {
      add_variable(text.substr(i + 2, end - i - 2), parts);
      i = end;
    } else if (syntax.wildcards == Wildcards::allowed && text[i] == '*') {
      // Two in a row match what one does.
      if (!parts.symbols.ends_with(kAnyString)) parts.symbols += kAnyString;
    } else if (syntax.wildcards == Wildcards::allowed && text[i] == '?') {
      parts.symbols += kAnyCharacter;
    } else {
      parts.symbols += symbol_of(folded_ ? to_lower(text.substr(i, 1))[0] : text[i]);
    }
  }
  classify(std::move(parts));
}

void Pattern::add_variable(std::string_view content, Parts& parts) const {
  if (content == "*" || content == "?" || content == "$") {
    parts.symbols += symbol_of(content[0]);
    return;
  }
  std::optional<std::string> fallback;
  const size_t comma = content.find(',');
  std::string_view key = content.substr(0, comma);
  if (comma != std::string_view::npos) {
    std::string_view value = trim(content.substr(comma + 1));
    if (value.size() >= 2 && value.front() == '\'' && value.back() == '\'') {
      value = value.substr(1, value.size() - 2);
      fallback = folded_ ? to_lower(value) : std::string(value);
    }
  }
  parts.symbols += static_cast<char16_t>(kFirstVariable + parts.keys.size());
  parts.keys.emplace_back(trim(key));
  parts.defaults.push_back(std::move(fallback));
}

void Pattern::classify(Parts parts) {
  const Symbols& symbols = parts.symbols;
  size_t plain = 0;
  while (plain < symbols.size() && symbols[plain] < kAnyString) literal_ += static_cast<char>(symbols[plain++]);
  has_wildcards_ = symbols.find_first_of(Symbols{kAnyString, kAnyCharacter}) != Symbols::npos;
  if (plain == symbols.size()) return;
  if (plain + 1 == symbols.size() && symbols[plain] == kAnyString) {
    kind_ = literal_.empty() ? Kind::any : Kind::prefix;
    return;
  }
  kind_ = Kind::general;
  size_t tail = symbols.size();
  while (symbols[tail - 1] < kAnyString) --tail;
  for (const char16_t symbol : symbols.substr(tail)) parts.suffix += static_cast<char>(symbol);
  parts_ = std::make_shared<const Parts>(std::move(parts));
}

std::string Pattern::text() const {
  if (kind_ == Kind::any) return "*";
  if (kind_ == Kind::prefix) return literal_ + "*";
  std::string text = parts_ == nullptr ? literal_ : std::string();
  for (const char16_t symbol : parts_ == nullptr ? std::u16string_view() : std::u16string_view(parts_->symbols)) {
    if (symbol == kAnyString) {
      text += '*';
    } else if (symbol == kAnyCharacter) {
      text += '?';
    } else if (symbol >= kFirstVariable) {
      text += "${" + parts_->keys[static_cast<size_t>(symbol - kFirstVariable)].written + "}";
    } else {
      text += static_cast<char>(symbol);
    }
  }
  return text;
}

const std::vector<ContextKey>& Pattern::variables() const {
  static const std::vector<ContextKey> kNoKeys;
  return parts_ == nullptr ? kNoKeys : parts_->keys;
}

bool Pattern::matches_in_any_case(std::string_view value, const Context& context) const {
  return kind_ == Kind::exact ? equals_ignore_case(value, literal_) : matches(to_lower(value), context);
}

bool Pattern::lacks_value(const Context& context) const {
  if (!has_variables()) return false;
  std::string_view text;
  for (size_t i = 0; i < parts_->keys.size(); ++i) {
    if (!parts_->defaults[i] && !context.find_single(parts_->keys[i], text)) return true;
  }
  return false;
}

bool Pattern::matches_general(std::string_view value, const Context& context) const {
  if (!value.starts_with(literal_) || !value.substr(literal_.size()).ends_with(parts_->suffix)) return false;
  if (parts_->keys.empty()) {
    return glob(std::u16string_view(parts_->symbols).substr(literal_.size()), value.substr(literal_.size()));
  }
  // Kept, so that its memory is.
  static thread_local Symbols expanded;
  expanded.clear();
  for (const char16_t symbol : std::u16string_view(parts_->symbols).substr(literal_.size())) {
    if (symbol < kFirstVariable) {
      expanded += symbol;
      continue;
    }
    const size_t index = static_cast<size_t>(symbol - kFirstVariable);
    std::string_view text;
    if (!context.find_single(parts_->keys[index], text)) {
      if (!parts_->defaults[index]) return false;
      text = *parts_->defaults[index];
    }
    const std::string lower_text = folded_ ? to_lower(text) : std::string();
    for (const char c : folded_ ? std::string_view(lower_text) : text) expanded += symbol_of(c);
  }
  return glob(expanded, value.substr(literal_.size()));
}

// Goes back to the last '*' only: at most pattern times value steps.
bool Pattern::glob(std::u16string_view pattern, std::string_view value) {
  size_t p = 0, v = 0;
  size_t star = std::u16string_view::npos, resume = 0;
  while (v < value.size()) {
    if (p < pattern.size() && pattern[p] == kAnyString) {
      star = p++;
      resume = v;
      if (p == pattern.size()) return true;
    } else if (p < pattern.size() && pattern[p] == kAnyCharacter) {
      ++p;
      ++v;
      while (v < value.size() && (static_cast<uint8_t>(value[v]) & 0xC0) == 0x80) ++v;
    } else if (p < pattern.size() && pattern[p] == symbol_of(value[v])) {
      ++p;
      ++v;
    } else if (star != std::u16string_view::npos) {
      // On to where the text after the '*' may begin.
      p = star + 1;
      ++resume;
      if (pattern[p] < kAnyString) resume = std::min(value.find(static_cast<char>(pattern[p]), resume), value.size());
      v = resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == kAnyString) ++p;
  return p == pattern.size();
}

bool split_arn(std::string_view text, Variables variables, std::array<std::string_view, 6>& parts) {
  size_t begin = 0, part = 0;
  for (size_t i = 0; i < text.size() && part < 5; ++i) {
    if (variables == Variables::allowed && text.substr(i).starts_with("${")) {
      const size_t end = variable_end(text, i);
      if (end != std::string_view::npos) i = end;
    } else if (text[i] == ':') {
      parts[part++] = text.substr(begin, i - begin);
      begin = i + 1;
    }
  }
  parts[part] = text.substr(begin);
  return part == 5;
}

ArnPattern::ArnPattern(std::string_view text, Variables variables) {
  std::array<std::string_view, 6> parts;
  if (!split_arn(text, variables, parts)) return;
  parts_.reserve(parts.size());
  for (const std::string_view part : parts) {
    parts_.emplace_back(part, PatternSyntax{.wildcards = Wildcards::allowed, .variables = variables});
  }
}

bool ArnPattern::matches(std::string_view arn, const Context& context) const {
  std::array<std::string_view, 6> parts;
  if (parts_.size() != parts.size() || !split_arn(arn, Variables::literal, parts)) return false;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!parts_[i].matches(parts[i], context)) return false;
  }
  return true;
}

}  // namespace aerolith::policy
