#include "main/command_line.h"
#include "main/daemon.h"

// Read by jemalloc as the process starts: an idle server gives its memory back.
extern "C" const char* malloc_conf;
const char* malloc_conf = "background_thread:true";

int main(int argc, char** argv) {
  return aerolith::main_program::run_command_line(argc, argv, &aerolith::main_program::run_daemon);
}
