// The wiring: builds every room and runs until a signal.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "main/config.h"
#include "main/installation.h"

namespace aerolith::main_program {

struct DaemonCallbacks {
  // To be called once, when the server takes requests and before the log line `Ready.`, with the addresses really
  // bound ("127.0.0.1:4566"). Writes the run state and the AWS profile. Never null.
  std::function<void(const std::vector<std::string>& addresses)> ready;
};

// Called by `aerolith serve` once the log is started, the run lock is taken and the installation is open; of other
// threads only the log's runs yet. Blocks until SIGTERM or SIGINT; answers the process's exit code (0 after a clean
// stop, 1 when a room couldn't start, said in the log). The server's certificate is
// installation.folder.server_certificate().
int run_daemon(const Config& config, const Installation& installation, const DaemonCallbacks& callbacks);

}  // namespace aerolith::main_program
