// Programs of others: run to their end, or started to outlive this process.
//
// A program inherits no descriptor of ours but those that it is given, no signal mask and no ignored signal.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "os/file_system.h"

namespace aerolith::os {

// Our descriptor, and the number (3 to 63) by which the program knows it. Stays open here.
struct GivenDescriptor {
  int ours;
  int theirs;
};

struct Program {
  std::vector<std::string> arguments;  // the program first: a path, or a name that PATH finds
  std::string input;                   // what it reads from its standard input
  std::chrono::milliseconds patience = std::chrono::seconds(60);
  std::vector<GivenDescriptor> descriptors;
  std::vector<std::pair<std::string, std::string>> environment;  // added to ours
  // run_program asks a few times a second, with what the program has said so far on its standard output; on false it is
  // killed. Empty: it may run to its end.
  std::function<bool(std::string_view output)> may_go_on{};
};
struct ProgramEnd {
  int exit_code = 0;   // 128 + n after signal n
  std::string output;  // the last 16 MiB at most
  std::string errors;
};

// `not_found` where there is no such program; `busy` when patience ended, or may_go_on said no (it is killed then).
// Safe from any thread.
Result<ProgramEnd> run_program(const Program& program);

// The same, where any exit code but 0 is an error too (`io`), whose detail has the command and what it said.
Result<std::string> run_checked(const Program& program);

// In a session of its own, with what it says appended to `log_path` and an empty standard input (`input`, `patience`
// and `may_go_on` don't count). Its end is collected by is_alive() and those that use it (os/process.h).
Result<pid_t> start_program(const Program& program, const std::string& log_path);

// Empty where PATH (and the folders of root's programs, which a user's PATH may lack) doesn't find it.
std::string find_program(const std::string& name);

}  // namespace aerolith::os
