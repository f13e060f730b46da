#include "main/version.h"

#include <fmt/format.h>

#include <cstdio>

#include "main/commands.h"

namespace aerolith::main_program {

int run_version(Output output) {
  if (output == Output::json) {
    fmt::print("{{\"name\":\"aerolith\",\"version\":\"{}\"}}\n", version());
  } else {
    fmt::print("aerolith {}\n", version());
  }
  return kSuccess;
}

int report_problem(std::string_view problem, ExitCode code) {
  fmt::print(stderr, "aerolith: {}\n", problem);
  return code;
}

}  // namespace aerolith::main_program
