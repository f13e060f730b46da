// A string that is one kind of name and can't be mistaken for another.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace aerolith {

template <typename Tag>
class StrongString {
 public:
  StrongString() = default;
  explicit StrongString(std::string value) : value_(std::move(value)) {}

  const std::string& str() const { return value_; }
  std::string_view view() const { return value_; }
  bool empty() const { return value_.empty(); }
  auto operator<=>(const StrongString&) const = default;

 private:
  std::string value_;
};

// Twelve digits: https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html
using AccountId = StrongString<struct AccountIdTag>;
using Region = StrongString<struct RegionTag>;
using RequestId = StrongString<struct RequestIdTag>;

}  // namespace aerolith

template <typename Tag>
struct std::hash<aerolith::StrongString<Tag>> {
  size_t operator()(const aerolith::StrongString<Tag>& s) const noexcept { return std::hash<std::string>{}(s.str()); }
};
