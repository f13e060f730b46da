#include <fmt/format.h>

#include "main/commands.h"

namespace aerolith::main_program {

int run_config(const Invocation& invocation) {
  for (const std::string& warning : invocation.loaded.warnings) report_problem(warning);
  fmt::print("{}", invocation.output == Output::json ? print_config_json(invocation.loaded)
                                                     : print_config_toml(invocation.loaded));
  return kSuccess;
}

}  // namespace aerolith::main_program
