// Images that were deregistered a short while ago: their ids are still known. DescribeImages answers nothing for such
// an id, the calls that use an image answer InvalidAMIID.Unavailable; later both answer InvalidAMIID.NotFound.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html
#pragma once

#include <string>

#include "services/ec2/call.h"
#include "services/ec2/instance_tables.h"

namespace aerolith::ec2 {

// Of those of a region so many are remembered at most, the newest.
inline constexpr size_t kMaxDeregistered = 1000;

// In the transaction that erases it. Forgets those whose time is over.
Result<> remember_deregistered(metadata::Transaction& txn, const Call& call, const ImageRecord& image);
// Of an id that no image has: it had one that the caller might use, within the last hour or for as long as an instance
// of his was launched from it.
Result<bool> is_deregistered(metadata::ReadTransaction& txn, const Call& call, const std::string& id);

}  // namespace aerolith::ec2
