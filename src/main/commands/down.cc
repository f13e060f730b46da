#include <fmt/format.h>

#include "main/background.h"
#include "main/commands.h"
#include "main/run_state.h"

namespace aerolith::main_program {

int run_down(const Invocation& invocation, std::chrono::milliseconds patience) {
  const auto state = find_running(invocation.folder());
  if (!state) {
    fmt::print("Aerolith isn't running on {}.\n", invocation.folder().root.string());
    return kSuccess;
  }
  switch (stop_process(*state, patience)) {
    case StopOutcome::stopped:
      fmt::print("Aerolith has stopped (pid {}).\n", state->pid);
      return kSuccess;
    case StopOutcome::still_running:
      return report_problem(
          fmt::format("still finishing its requests (pid {}); wait, or run: kill -9 {}", state->pid, state->pid));
    case StopOutcome::not_permitted:
      return report_problem(fmt::format("may not stop pid {}: it belongs to another user", state->pid));
  }
  return kFailed;
}

}  // namespace aerolith::main_program
