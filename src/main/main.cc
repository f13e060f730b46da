#include <string_view>

#include "main/command_line.h"
#include "main/daemon.h"
#include "main/serve_snapshot.h"

// Read by jemalloc as the process starts: an idle server gives its memory back.
extern "C" const char* malloc_conf;
const char* malloc_conf = "background_thread:true";

int main(int argc, char** argv) {
  using namespace aerolith::main_program;
  if (argc > 1 && std::string_view(argv[1]) == kServeSnapshot) return run_serve_snapshot({argv + 2, argv + argc});
  return aerolith::main_program::run_command_line(argc, argv, &aerolith::main_program::run_daemon);
}
