#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "main/checks.h"
#include "main/commands.h"

namespace aerolith::main_program {
namespace {

std::string_view name_of(CheckState state) {
  switch (state) {
    case CheckState::good:
      return "ok";
    case CheckState::warning:
      return "warning";
    case CheckState::failed:
      return "failed";
  }
  return "";
}

}  // namespace

int run_doctor(const Invocation& invocation) {
  const std::vector<Check> checks = check_machine(invocation);
  const bool fit =
      std::none_of(checks.begin(), checks.end(), [](const Check& check) { return check.state == CheckState::failed; });
  if (invocation.output == Output::json) {
    boost::json::array list;
    for (const Check& check : checks) {
      list.push_back(boost::json::object{
          {"name", check.name}, {"state", name_of(check.state)}, {"detail", check.detail}, {"remedy", check.remedy}});
    }
    fmt::print("{}\n", boost::json::serialize(boost::json::object{{"fit", fit}, {"checks", std::move(list)}}));
    return fit ? kSuccess : kFailed;
  }
  for (const Check& check : checks) {
    fmt::print("{:<8} {:<22} {}\n", name_of(check.state), check.name, check.detail);
    if (!check.remedy.empty()) fmt::print("{:<31} mend it: {}\n", "", check.remedy);
  }
  fmt::print("{}\n", fit ? "This machine can run Aerolith." : "This machine can't run Aerolith like this.");
  return fit ? kSuccess : kFailed;
}

}  // namespace aerolith::main_program
