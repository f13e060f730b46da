// How a container's init is asked to shut down.
#pragma once

#include <chrono>
#include <cstdint>

#include "compute/driver.h"
#include "os/process.h"

namespace aerolith::compute {

// systemd has a signal of its own for a power-off in a container; others are asked by that of busybox's init where they
// listen to it, else by SIGTERM.
enum class InitKind : uint8_t { systemd, other };

// Asks until it has ended, at most for `patience`. Ended, goes_on, or unheard.
Shutdown ask_to_end(const os::ProcessIdentity& init, InitKind kind, std::chrono::system_clock::time_point started_at,
                    std::chrono::milliseconds patience);

}  // namespace aerolith::compute
