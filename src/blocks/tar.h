// The table of a tar archive, as an OVA is one: "ustar" of POSIX.1-2001 and what came before it. Names of more than a
// hundred bytes may come as GNU's or as pax's, sizes of 8 GiB and more too; sparse and other special members aren't
// taken.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "blocks/volumes.h"
#include "os/file_system.h"

namespace aerolith::blocks {

struct TarMember {
  std::string name;
  uint64_t offset_bytes = 0;  // of its bytes, in the archive
  uint64_t size_bytes = 0;
};

// The files in it, in order. `corrupt` for what is no archive, is cut short, or has more than a thousand members.
Result<std::vector<TarMember>> list_tar(const os::File& archive);

}  // namespace aerolith::blocks
