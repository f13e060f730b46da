// Prefix lists: customers' are records; AWS's own, that of S3, is made from settings.
#pragma once

#include <string>
#include <vector>

#include "services/ec2/cloud.h"
#include "services/ec2/network_tables.h"

namespace aerolith::ec2 {

// "com.amazonaws.us-east-1.s3": of the service that endpoints are for, and of its prefix list.
std::string s3_service(const RegionName& region);
std::vector<PrefixListRecord> aws_prefix_lists(const Cloud& cloud, const Scope& scope);
// Of either. InvalidPrefixListID.NotFound.
Result<PrefixListRecord> get_prefix_list(metadata::ReadTransaction& txn, const Cloud& cloud, const Scope& scope,
                                         const std::string& id);

}  // namespace aerolith::ec2
