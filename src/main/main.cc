#include "main/command_line.h"
#include "main/daemon.h"

int main(int argc, char** argv) {
  return aerolith::main_program::run_command_line(argc, argv, &aerolith::main_program::run_daemon);
}
