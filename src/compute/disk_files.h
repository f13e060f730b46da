// The files of a disk, checked: guests' QEMUs write their headers.
#pragma once

#include <string>
#include <vector>

#include "blocks/behind.h"
#include "compute/driver.h"
#include "os/file_system.h"

namespace aerolith::compute {

// Its own, and all behind it. `bad_image` where it names what can't be behind it (blocks/behind.h).
inline Result<std::vector<std::string>> files_of(const Disk& disk) {
  os::RealFileSystem files;
  auto found = blocks::files_of_volume(files, disk.file, disk.base);
  if (found.has_value()) return *std::move(found);
  const bool is_bad = found.error().code == blocks::VolumeErrorCode::corrupt;
  return fail(is_bad ? DriverErrorCode::bad_image : DriverErrorCode::command, found.error().detail);
}

}  // namespace aerolith::compute
