#include "main/completion.h"

#include <fmt/format.h>

#include <algorithm>

namespace aerolith::main_program {
namespace {

// Inside single quotes, for all three shells (no help text holds a backslash).
std::string quote_for_shell(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string first_line(const std::string& help) { return help.substr(0, help.find('\n')); }

std::string join(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, " ")); }

std::vector<std::string> command_names(const CommandDescription& program) {
  std::vector<std::string> names;
  for (const CommandDescription& command : program.commands) names.push_back(command.name);
  return names;
}

std::vector<std::string> option_names(const CommandDescription& command) {
  std::vector<std::string> names;
  for (const OptionDescription& option : command.options) {
    names.insert(names.end(), option.names.begin(), option.names.end());
  }
  return names;
}

std::string bash_values(const CommandDescription& command) {
  std::string cases;
  for (const OptionDescription& option : command.options) {
    if (!option.takes_value) continue;
    const std::string reply = option.choices.empty()
                                  ? "compgen -f -- \"$current\""
                                  : fmt::format("compgen -W {} -- \"$current\"", quote_for_shell(join(option.choices)));
    cases += fmt::format("        {}) COMPREPLY=($({})); return ;;\n", fmt::join(option.names, "|"), reply);
  }
  return cases;
}

std::string write_bash(const CommandDescription& program) {
  std::string script =
      "_aerolith() {\n  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n";
  script += "  local command= word\n  COMPREPLY=()\n";
  script += "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n    case $word in\n";
  script +=
      fmt::format("      {}) command=$word; break ;;\n    esac\n  done\n", fmt::join(command_names(program), "|"));
  script += "  case $command in\n";
  for (const CommandDescription& command : program.commands) {
    script += fmt::format("    {})\n      case $previous in\n{}      esac\n", command.name, bash_values(command));
    script += fmt::format("      if [[ $current == -* ]]; then\n        COMPREPLY=($(compgen -W {} -- \"$current\"))\n",
                          quote_for_shell(join(option_names(command))));
    if (command.arguments.empty()) {
      script += "      else\n        COMPREPLY=($(compgen -f -- \"$current\"))\n";
    } else {
      script += fmt::format("      else\n        COMPREPLY=($(compgen -W {} -- \"$current\"))\n",
                            quote_for_shell(join(command.arguments)));
    }
    script += "      fi ;;\n";
  }
  std::vector<std::string> first = command_names(program);
  const std::vector<std::string> options = option_names(program);
  first.insert(first.end(), options.begin(), options.end());
  script +=
      fmt::format("    *) COMPREPLY=($(compgen -W {} -- \"$current\")) ;;\n  esac\n}}\n", quote_for_shell(join(first)));
  return script + "complete -o filenames -F _aerolith aerolith\n";
}

// In a specification of _arguments a colon and a bracket part things.
std::string zsh_text(const std::string& text) {
  std::string escaped;
  for (const char c : first_line(text)) {
    if (c == ':' || c == '[' || c == ']') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string write_zsh(const CommandDescription& program) {
  std::string script = "#compdef aerolith\n_aerolith() {\n  local -a commands=(\n";
  for (const CommandDescription& command : program.commands) {
    script += fmt::format("    {}\n", quote_for_shell(command.name + ":" + zsh_text(command.help)));
  }
  script += "  )\n  local context state line\n  typeset -A opt_args\n";
  script += "  _arguments -C '1: :->command' '*:: :->rest'\n  case $state in\n";
  script += "    command) _describe command commands ;;\n    rest)\n      case $line[1] in\n";
  for (const CommandDescription& command : program.commands) {
    script += fmt::format("        {}) _arguments", command.name);
    for (const OptionDescription& option : command.options) {
      for (const std::string& name : option.names) {
        std::string spec = fmt::format("{}[{}]", name, zsh_text(option.help));
        if (option.takes_value) {
          spec += option.choices.empty() ? ":value:_files" : fmt::format(":value:({})", join(option.choices));
        }
        script += " \\\n          " + quote_for_shell(spec);
      }
    }
    script += " \\\n          " + quote_for_shell(command.arguments.empty()
                                                      ? std::string("*:file:_files")
                                                      : fmt::format("1:argument:({})", join(command.arguments)));
    script += " ;;\n";
  }
  return script + "      esac ;;\n  esac\n}\ncompdef _aerolith aerolith\n";
}

std::string write_fish(const CommandDescription& program) {
  std::string script = "complete -c aerolith -f\n";
  for (const CommandDescription& command : program.commands) {
    script += fmt::format("complete -c aerolith -n __fish_use_subcommand -a {} -d {}\n", command.name,
                          quote_for_shell(first_line(command.help)));
    const std::string when = fmt::format("-n '__fish_seen_subcommand_from {}'", command.name);
    for (const OptionDescription& option : command.options) {
      std::string line = "complete -c aerolith " + when;
      for (const std::string& name : option.names) {
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (option.takes_value)
        line += option.choices.empty() ? " -r -F" : fmt::format(" -x -a {}", quote_for_shell(join(option.choices)));
      script += fmt::format("{} -d {}\n", line, quote_for_shell(first_line(option.help)));
    }
    if (!command.arguments.empty())
      script += fmt::format("complete -c aerolith {} -a {}\n", when, quote_for_shell(join(command.arguments)));
  }
  return script;
}

}  // namespace

std::string write_completion(const CommandDescription& program, Shell shell) {
  switch (shell) {
    case Shell::bash:
      return write_bash(program);
    case Shell::zsh:
      return write_zsh(program);
    case Shell::fish:
      return write_fish(program);
  }
  return "";
}

}  // namespace aerolith::main_program
