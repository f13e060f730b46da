// Volumes of instances, beside those that an instance is launched with: how they come and how they go. Who works on a
// volume: the queues of the instances that have it, or else its own (settle_volume.h).
#pragma once

#include <string>
#include <string_view>

#include "services/ec2/cloud.h"
#include "services/ec2/instance_tables.h"

namespace aerolith::ec2 {

// "/dev/sdf", "/dev/xvdbc", "sdf". InvalidParameterValue.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html
Result<> check_device_name(const std::string& device);

// Each writes both.
void begin_volume_attachment(metadata::Transaction& txn, const Scope& scope, const InstanceVolume& attachment,
                             VolumeRecord& volume, InstanceRecord& instance);
void set_attachment_state(metadata::Transaction& txn, const Scope& scope, AttachmentState state, VolumeRecord& volume,
                          InstanceRecord& instance);
void end_volume_attachment(metadata::Transaction& txn, const Scope& scope, VolumeRecord& volume,
                           InstanceRecord& instance);

// After a commit that left it, or changes it: whoever works on it now looks at it.
void tell_holders(const Cloud& cloud, const Scope& scope, const std::string& volume);

// What was asked for while it ran and isn't done: with the end of the guest it is. May be done again.
Result<> settle_volumes_of_stopped(const Cloud& cloud, const Scope& scope, const std::string& instance);

}  // namespace aerolith::ec2
