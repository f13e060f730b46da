// Shell completion, from a plain description of the command line.
#pragma once

#include <string>
#include <vector>

#include "main/commands.h"

namespace aerolith::main_program {

struct OptionDescription {
  std::vector<std::string> names;  // "--json", "-n"
  std::string help;
  bool takes_value = false;
  std::vector<std::string> choices;  // of the value; empty: a file name is as good a guess as any
};

struct CommandDescription {
  std::string name;
  std::string help;
  std::vector<OptionDescription> options;
  std::vector<std::string> arguments;  // choices of its positional argument
  std::vector<CommandDescription> commands;
};

// The script that the shell evaluates.
std::string write_completion(const CommandDescription& program, Shell shell);

}  // namespace aerolith::main_program
