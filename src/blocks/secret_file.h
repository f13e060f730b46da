// A secret as an open file in memory, without a name: how a program is given one without its standing in a list of
// arguments, in a log or on a disk.
#pragma once

#include <string>
#include <string_view>

#include "os/file_system.h"

namespace aerolith::blocks {

// A descriptor that is close-on-exec, the caller's to close. A program that has it as number N reads /proc/self/fd/N,
// also as another user.
os::Result<int> open_secret(std::string_view secret);

}  // namespace aerolith::blocks
