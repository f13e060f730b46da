#include "main/completion.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace aerolith::main_program {
namespace {

CommandDescription example() {
  CommandDescription up{
      "up", "Start it", {{{"--tls"}, "It's TLS", true, {"true", "false"}}, {{"--json"}, "JSON", false, {}}}, {}, {}};
  CommandDescription completion{"completion", "Print", {}, {"bash", "fish", "zsh"}, {}};
  return {"aerolith", "", {{{"--help", "-h"}, "Help", false, {}}}, {}, {up, completion}};
}

std::string run_bash(const std::string& script) {
  char pattern[] = "/tmp/aerolith-completion-XXXXXX";
  const std::filesystem::path folder = mkdtemp(pattern);
  std::ofstream(folder / "script") << script;
  std::string output;
  FILE* pipe = popen(("bash --norc " + (folder / "script").string() + " 2>&1").c_str(), "r");
  for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) output += static_cast<char>(c);
  pclose(pipe);
  std::filesystem::remove_all(folder);
  return output;
}

std::string complete(const std::string& words, int at) {
  return run_bash(write_completion(example(), Shell::bash) + "COMP_WORDS=(" + words +
                  ")\nCOMP_CWORD=" + std::to_string(at) + "\n_aerolith\necho \"${COMPREPLY[@]}\"\n");
}

TEST(CompletionTest, BashCompletesCommandsOptionsAndValues) {
  EXPECT_EQ(complete("aerolith ''", 1), "up completion --help -h\n");
  EXPECT_EQ(complete("aerolith u", 1), "up\n");
  EXPECT_EQ(complete("aerolith up --", 2), "--tls --json\n");
  EXPECT_EQ(complete("aerolith up --tls ''", 3), "true false\n");
  EXPECT_EQ(complete("aerolith completion ''", 2), "bash fish zsh\n");
}

TEST(CompletionTest, OtherShellsNameEverything) {
  for (const Shell shell : {Shell::zsh, Shell::fish}) {
    const std::string script = write_completion(example(), shell);
    for (const char* const word : {"up", "completion", "tls", "json", "true", "fish", "Start it", "It'\\''s TLS"}) {
      EXPECT_NE(script.find(word), std::string::npos) << word << " in " << script;
    }
  }
}

}  // namespace
}  // namespace aerolith::main_program
