// For tests: what a virtual machine does with its tap.
#pragma once

#include <string>

namespace aerolith::network {

// Whether this machine has what taps and their DHCP need.
bool can_have_taps();

// The device `name` in the namespace at `path`, which is there. -> descriptor, the caller's to close; -1: it won't open
int open_tap(const std::string& path, const std::string& name);

}  // namespace aerolith::network
