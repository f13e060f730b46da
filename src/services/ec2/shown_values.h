// What filters see of what an answer shows: the values at a path of member names, of any shape of the model. For
// filters that are named after a member of the answer, as most are.
#pragma once

#include <algorithm>
#include <string_view>

#include "protocol/schema.h"
#include "services/ec2/filters.h"

namespace aerolith::ec2 {

// "Placement.AvailabilityZone"; a list on the way gives the values of all its elements. What isn't set has none. A
// member that the shape lacks is a bug.
Strings values_at(const protocol::Shape& shape, const void* value, std::string_view path);

// A path as a template's argument.
template <size_t size>
struct Path {
  char text[size]{};
  consteval Path(const char (&given)[size]) { std::copy_n(given, size, text); }  // NOLINT: a literal is meant
  constexpr std::string_view view() const { return {text, size - 1}; }
};

}  // namespace aerolith::ec2
