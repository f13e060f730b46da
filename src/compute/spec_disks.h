// The disks that a spec has.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "compute/driver.h"

namespace aerolith::compute {

// Of an instance that runs: where the volume's disk stands, or the end. An error (`command`) where it is the root,
// which stays.
inline Result<std::vector<Disk>::iterator> find_detachable(Spec& spec, std::string_view volume) {
  const auto found = std::ranges::find(spec.disks, volume, &Disk::volume);
  if (found != spec.disks.end() && found->is_root) {
    return fail(DriverErrorCode::command, "the root volume of a running instance can't be detached");
  }
  return found;
}

}  // namespace aerolith::compute
