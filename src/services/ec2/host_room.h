// What this host has for instances, as the program says at each start: a record, so that calls see it in transactions.
#pragma once

#include <cstdint>

#include "metadata/store.h"

namespace aerolith::ec2 {

struct HostRoom {
  uint64_t memory_mib = 0;            // for all instances together
  uint64_t container_overcommit = 1;  // a container counts for an n-th of its type's memory
};
metadata::Result<> announce_host(metadata::Store& store, const HostRoom& room);

}  // namespace aerolith::ec2
