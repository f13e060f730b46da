#include <fmt/format.h>

#include "main/background.h"
#include "main/commands.h"
#include "main/host.h"
#include "main/run_state.h"

namespace aerolith::main_program {

namespace {

int end_instances(const Invocation& invocation) {
  const auto installation = open_installation(invocation.folder().root);
  if (!installation.has_value()) return report_problem(installation.error().detail);
  const auto left = leave_host(invocation.config(), *installation);
  if (!left.has_value()) return report_problem(left.error());
  if (!left->unseen.empty()) fmt::print("{}\n", left->unseen);
  fmt::print(
      "Its instances have ended and its networks are off this host; those that ran come back at the next start.\n");
  return kSuccess;
}

}  // namespace

int run_down(const Invocation& invocation, std::chrono::milliseconds patience, bool ends_instances) {
  const auto state = find_running(invocation.folder());
  if (!state) {
    fmt::print("Aerolith isn't running on {}.\n", invocation.folder().root.string());
    return ends_instances ? end_instances(invocation) : kSuccess;
  }
  switch (stop_process(*state, patience)) {
    case StopOutcome::stopped:
      fmt::print("Aerolith has stopped (pid {}).\n", state->pid);
      return ends_instances ? end_instances(invocation) : kSuccess;
    case StopOutcome::still_running:
      return report_problem(
          fmt::format("still finishing its requests (pid {}); wait, or run: kill -9 {}", state->pid, state->pid));
    case StopOutcome::not_permitted:
      return report_problem(fmt::format("may not stop pid {}: it belongs to another user", state->pid));
  }
  return kFailed;
}

}  // namespace aerolith::main_program
