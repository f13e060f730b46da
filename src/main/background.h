// Processes that outlive the command that started them.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "main/run_state.h"

namespace aerolith::main_program {

enum class BackgroundErrorCode { failed };
using BackgroundError = Failure<BackgroundErrorCode>;

// This very program with these arguments, in a session of its own and with / as its folder; output is added to
// log_file.
Result<pid_t, BackgroundError> start_in_background(const std::vector<std::string>& arguments,
                                                   const std::filesystem::path& log_file);
// For a child: it has ended. `status` is what waitpid says.
bool has_ended(pid_t child, int& status);
// "exited with 1", "was killed by signal 9 (Killed)".
std::string describe_end(int status);

enum class StopOutcome { stopped, still_running, not_permitted };
// SIGTERM to just that process (never to another one that got its id), and waits.
StopOutcome stop_process(const RunState& state, std::chrono::milliseconds patience);

}  // namespace aerolith::main_program
