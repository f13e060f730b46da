// Loads on a disk, in the place of a guest.
#pragma once

#include <cstdint>
#include <string>

#include "engine.h"

namespace prototype {

struct Load {
  std::string mode;  // randread, randwrite, read, write, verify, reverify
  uint64_t block_bytes, total_bytes, region_bytes;
  unsigned depth;
};

// Prints what it took as JSON, a flush at the end of writes included. `verify` writes what each place's offset tells,
// flushes, and reads it back; `reverify` reads only. False where something else was read.
bool put_load(Ring& ring, Disk& disk, const Load& load);

}  // namespace prototype
