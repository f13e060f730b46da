// How the instances of a VPC are plugged into it.
#pragma once

#include "services/ec2/network_model.h"

namespace aerolith::ec2 {

Result<Plugs> plugs_of(metadata::ReadTransaction& txn, const Cloud& cloud, const Scope& scope,
                       const NetworkRecords& records);

}  // namespace aerolith::ec2
