// How much memory of the host instances take together, those of all accounts: what RunInstances and StartInstances look
// at before they promise anything. A virtual machine counts for its type's memory; a container, which takes only what
// it uses, for a part of that (services/ec2/host_room.h).
#pragma once

#include <cstdint>
#include <string>

#include "services/ec2/call.h"
#include "services/ec2/instance_tables.h"
#include "services/ec2/instance_types.h"

namespace aerolith::ec2 {

struct WantedRoom {
  const TypeFacts& type;
  DriverChoice driver = DriverChoice::container;
  std::string zone;
  uint64_t promised_mib = 0;  // by this transaction already
  int32_t least = 1;
  int32_t most = 1;
};
struct Room {
  int32_t count = 0;
  uint64_t mib = 0;  // of all of them
};

// As many as have room, from `least` up to `most`; fewer are InsufficientInstanceCapacity. Two calls that take room at
// once conflict: one of them looks again.
Result<Room> take_room(metadata::Transaction& txn, const Cloud& cloud, const WantedRoom& wanted);

// A server error, as AWS has it: clients try again.
std::unexpected<CallError> insufficient_capacity(std::string message);

}  // namespace aerolith::ec2
