// Who serves a data folder right now: <data>/run/state, written by the server for the other commands.
//
// The lock (<data>/run/lock) is what keeps two servers apart. The state names its holder by process id and start time,
// so that a file left by a killed server, or a process id that another process got, is never taken for a server.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "main/data_folder.h"

namespace aerolith::main_program {

struct RunState {
  pid_t pid = 0;
  uint64_t process_start = 0;  // clock ticks after boot, from /proc/<pid>/stat
  std::string boot_id;
  Timestamp started;
  std::string version;
  std::string region;
  std::string log_file;  // empty: standard error went elsewhere
  bool tls = false;
  bool ready = false;                  // takes requests; what follows is known only then
  std::vector<std::string> addresses;  // as bound
};

enum class RunStateErrorCode { io };
using RunStateError = Failure<RunStateErrorCode>;

// With this process's pid, start time and boot id.
RunState own_run_state(Timestamp now);
Result<void, RunStateError> write_run_state(const DataFolder& folder, const RunState& state);
void remove_run_state(const DataFolder& folder);

// The live server of this folder, nullopt when there is none.
std::optional<RunState> find_running(const DataFolder& folder);
// The same process still runs (a zombie doesn't).
bool is_alive(const RunState& state);

// Where a client on this machine reaches a server that listens there: wildcard addresses become loopback.
std::string local_address(const std::string& listen_address);
// http://127.0.0.1:4566. An address and not a name: every SDK then puts the bucket into the path by itself.
std::string local_endpoint(const std::vector<std::string>& addresses);

}  // namespace aerolith::main_program
