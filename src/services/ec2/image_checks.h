// What several operations ask of images.
#pragma once

#include <string>

#include "services/ec2/call.h"
#include "services/ec2/instance_tables.h"

namespace aerolith::ec2 {

// One that the caller may change; AuthFailure for others'.
Result<ImageRecord> get_own_image(metadata::ReadTransaction& txn, const Call& call, const std::string& id);
// InvalidAMIName.Malformed, InvalidAMIName.Duplicate.
Result<> check_image_name(metadata::ReadTransaction& txn, const Scope& scope, const std::string& name);
// InvalidAMIID.Unavailable.
Result<> check_is_available(const ImageRecord& image);
// OperationNotPermitted while it is protected from deregistration.
Result<> check_may_go(const ImageRecord& image, Timestamp now);

}  // namespace aerolith::ec2
