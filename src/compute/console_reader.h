// What guests write to their consoles, followed: read from an instance's folder alone, whether its driver is busy or
// not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "compute/driver.h"

namespace aerolith::compute {

// A piece of it, and the place where the piece ends.
struct ConsolePart {
  std::string text;
  uint64_t end = 0;
};

// What came after a place that an earlier call told, 256 KiB of it at most; with 0, from the oldest that is kept. A
// place that isn't there (the guest was started anew) counts as 0. Empty where the instance isn't on this host.
ConsolePart read_console(const DriverSettings& settings, Kind kind, std::string_view instance, uint64_t place);

// The same of what was kept of one that is down, which is its end: of a short one all, of a longer one nobody who has
// read on beyond it is told again.
ConsolePart kept_part(std::string_view kept, uint64_t place);

}  // namespace aerolith::compute
