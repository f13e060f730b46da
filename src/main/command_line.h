// From arguments to a command: `aerolith [flags] <command> [flags]`.
#pragma once

#include "main/commands.h"

namespace aerolith::main_program {

// Answers the process's exit code. `daemon` is what `serve` runs.
int run_command_line(int argc, char** argv, DaemonMain daemon);

}  // namespace aerolith::main_program
