// Serves the blocks of one snapshot as a disk, by NBD: what is behind volumes whose snapshot's file isn't made yet. A
// process of its own (compute/served_disks.h), which goes on when the server ends.
#pragma once

#include <string>

#include "blocks/volumes.h"

namespace aerolith::blocks {

struct ServedSnapshot {
  std::string store_folder;
  std::string snapshot;
  int socket = -1;  // listens
  int key = -1;     // a file with the bytes of its key; -1: it isn't encrypted
};
// Returns only with an error: it is ended by a signal.
Result<> serve_snapshot(const ServedSnapshot& wanted);

}  // namespace aerolith::blocks
