// The Describe calls of what can't be made here. That there is none is the truth: their lists are empty, and an id that
// is asked for is of nothing.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <string_view>
#include <vector>

#include "services/ec2/call.h"

namespace aerolith::ec2 {

// The error of ids: its code, and its text with {} for them.
struct Absence {
  std::string_view code;
  std::string_view text;
};

template <typename Member>
struct MemberOf;
template <typename Struct, typename Value>
struct MemberOf<Value Struct::*> {
  using Owner = Struct;
};

// `list` is the output's member that stays empty.
template <typename Input, auto list>
Result<typename MemberOf<decltype(list)>::Owner> none(Call& /*call*/, const Input& /*input*/) {
  typename MemberOf<decltype(list)>::Owner output;
  (output.*list).emplace();
  return output;
}

// `ids` is the input's member that names some.
template <const Absence& absence, auto ids, auto list>
Result<typename MemberOf<decltype(list)>::Owner> none_of(Call& call,
                                                         const typename MemberOf<decltype(ids)>::Owner& input) {
  if (const auto& asked = input.*ids; asked && !asked->empty()) {
    return errors::of(absence.code, fmt::format(fmt::runtime(absence.text), fmt::join(*asked, ", ")));
  }
  return none<typename MemberOf<decltype(ids)>::Owner, list>(call, input);
}

}  // namespace aerolith::ec2
