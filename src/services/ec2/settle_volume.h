// Makes a volume what its record says, as long as no instance has it: the work behind a key of the volumes' queue. One
// that an instance has is that instance's queue's (settle_disks.h): QEMU has it open, or is about to.
#pragma once

#include <string_view>

#include "base/time.h"
#include "reconcile/queue.h"
#include "services/ec2/cloud.h"
#include "services/ec2/instance_tables.h"

namespace aerolith::ec2 {

// Something is to be done about it at a start.
bool is_unsettled(const VolumeRecord& volume);
reconcile::Outcome settle_volume(const Cloud& cloud, const Clock& clock, std::string_view key);

// What the modification has made of it, in the record: it is as large as it should be; it is as fast; it couldn't be
// changed.
void note_grown(VolumeRecord& volume);
void note_modified(VolumeRecord& volume, Timestamp now);
void note_modification_failed(VolumeRecord& volume, std::string message, Timestamp now);

}  // namespace aerolith::ec2
