// Network interfaces of instances, beside those that an instance is launched with: how they come and how they go.
#pragma once

#include <string>
#include <string_view>

#include "services/ec2/cloud.h"
#include "services/ec2/instance_tables.h"
#include "services/ec2/instance_types.h"
#include "services/ec2/network_tables.h"

namespace aerolith::ec2 {

// As the API names it: attached, attaching, detaching.
std::string_view name_of(AttachmentState state);

// 0 to 127: N of a guest's device ethN, and of its route table. InvalidParameterValue.
Result<> check_device_index(int32_t index);

// What instances of a type may have. AttachmentLimitExceeded; PrivateIpAddressLimitExceeded.
Result<> check_interface_count(const TypeFacts& type, size_t count);
Result<> check_address_count(const TypeFacts& type, size_t of_one_interface);

// Writes both.
Result<> begin_attachment(metadata::Transaction& txn, const Scope& scope, const AttachmentRecord& attachment,
                          InterfaceRecord& interface, InstanceRecord& instance);
void end_attachment(metadata::Transaction& txn, const Scope& scope, InterfaceRecord& interface,
                    InstanceRecord& instance);

// What was asked for while it ran and isn't done: with the end of the guest it is. May be done again.
Result<> settle_attachments_of_stopped(const Cloud& cloud, const Scope& scope, const std::string& instance);

}  // namespace aerolith::ec2
