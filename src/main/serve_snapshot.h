// `aerolith serve-snapshot`: not for people. The server starts it for a disk whose snapshot's file isn't there yet
// (compute/served_disks.h).
#pragma once

#include <string>
#include <vector>

#include "compute/driver.h"
#include "main/installation.h"

namespace aerolith::main_program {

inline constexpr const char* kServeSnapshot = "serve-snapshot";
// `arguments`: those behind the name of the command.
int run_serve_snapshot(const std::vector<std::string>& arguments);
// How it is started.
compute::BehindOf make_behind_of(const Installation& installation);

}  // namespace aerolith::main_program
