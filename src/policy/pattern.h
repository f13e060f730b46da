// One string of a policy that a request is held against: wildcards (* and ?) and policy variables.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html#reference_policies_elements_resource_wildcards
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/context.h"

namespace aerolith::policy {

enum class Wildcards : uint8_t { literal, allowed };
enum class Variables : uint8_t { literal, allowed };
enum class LetterCase : uint8_t { exact, folded };

struct PatternSyntax {
  Wildcards wildcards = Wildcards::literal;
  Variables variables = Variables::literal;
  LetterCase letter_case = LetterCase::exact;
};

// Immutable; matching allocates nothing unless there are variables in it.
class Pattern {
 public:
  Pattern(std::string_view text, PatternSyntax syntax);

  // Of a folded pattern, `value` must be in lower case. '?' is one character of UTF-8. A variable without a value makes
  // it false; wildcards in a variable's value are plain characters.
  bool matches(std::string_view value, const Context& context) const {
    switch (kind_) {
      case Kind::any:
        return true;
      case Kind::exact:
        return value == literal_;
      case Kind::prefix:
        return value.starts_with(literal_);
      case Kind::general:
        break;
    }
    return matches_general(value, context);
  }

  // Of a folded pattern, whatever the case of `value`.
  bool matches_in_any_case(std::string_view value, const Context& context) const;

  // Whether a variable of it has neither value nor default.
  bool lacks_value(const Context& context) const;
  bool has_wildcards() const { return has_wildcards_; }
  // As a policy has it, but for defaults of variables; a folded one in lower case.
  std::string text() const;
  // What every value that it matches starts with.
  std::string_view literal_prefix() const { return literal_; }
  bool has_variables() const { return kind_ == Kind::general && !parts_->keys.empty(); }
  // The keys of its variables.
  const std::vector<ContextKey>& variables() const;

 private:
  enum class Kind : uint8_t { any, exact, prefix, general };
  // A byte, a wildcard, or kFirstVariable + the index of a variable.
  using Symbols = std::u16string;
  static constexpr char16_t kAnyString = 0x100;
  static constexpr char16_t kAnyCharacter = 0x101;
  static constexpr char16_t kFirstVariable = 0x200;
  struct Parts {
    Symbols symbols;
    std::string suffix;  // what every value ends with, after the literal
    std::vector<ContextKey> keys;
    std::vector<std::optional<std::string>> defaults;  // of each key
  };

  void add_variable(std::string_view content, Parts& parts) const;
  void classify(Parts parts);
  bool matches_general(std::string_view value, const Context& context) const;
  static bool glob(std::u16string_view pattern, std::string_view value);

  Kind kind_ = Kind::exact;
  bool has_wildcards_ = false;
  bool folded_ = false;
  std::string literal_;  // all of it, or what every value begins with
  std::shared_ptr<const Parts> parts_;
};

// The six parts of an ARN, each matched by itself, as the Arn operators do.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
class ArnPattern {
 public:
  ArnPattern(std::string_view text, Variables variables);
  bool matches(std::string_view arn, const Context& context) const;
  const std::vector<Pattern>& parts() const { return parts_; }

 private:
  std::vector<Pattern> parts_;  // not six: matches nothing
};

// Cuts at the first five colons, those within ${...} left out where variables are allowed. False: there are fewer.
bool split_arn(std::string_view text, Variables variables, std::array<std::string_view, 6>& parts);

}  // namespace aerolith::policy
