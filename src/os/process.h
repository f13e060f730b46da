// A process that may outlive us, known again later: a number alone is given out anew, a number with the time of its
// start and the boot of the machine is not.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "os/file_system.h"

namespace aerolith::os {

// A file of /proc or /sys, which has no size to read it by; empty where there is none.
std::string read_kernel_file(const std::string& path);

struct ProcessIdentity {
  pid_t pid = 0;
  uint64_t start_ticks = 0;  // field 22 of /proc/<pid>/stat
  std::string boot;          // /proc/sys/kernel/random/boot_id
};

// Nullopt where no such process runs. Collects its end where it is our child.
std::optional<ProcessIdentity> identify(pid_t pid);

// Those that run with exactly this word among their arguments.
std::vector<ProcessIdentity> find_by_argument(std::string_view argument);

// Whether this very process runs. Collects its end where it is our child.
bool is_alive(const ProcessIdentity& identity);

// Sends it to this very process, whatever its number means by now. False where it doesn't run.
bool send_signal(const ProcessIdentity& identity, int signal);

// False when it still runs after `patience`.
bool wait_until_gone(const ProcessIdentity& identity, std::chrono::milliseconds patience);

// SIGKILL, and waits for the end up to 10 s (a process in an uninterruptible wait takes its time).
bool kill_and_wait(const ProcessIdentity& identity);

struct ProcessUse {
  uint64_t resident_bytes = 0;
  std::chrono::nanoseconds cpu_time{};
};
std::optional<ProcessUse> use_of(const ProcessIdentity& identity);

}  // namespace aerolith::os
