// Prefix lists: customers' are records; AWS's own, that of S3, is made from settings.
#pragma once

#include <string>
#include <vector>

#include "services/ec2/cloud.h"
#include "services/ec2/network_tables.h"

namespace aerolith::ec2 {

std::vector<PrefixListRecord> aws_prefix_lists(const Cloud& cloud, const Scope& scope);
// Of either. InvalidPrefixListID.NotFound.
Result<PrefixListRecord> get_prefix_list(metadata::ReadTransaction& txn, const Cloud& cloud, const Scope& scope,
                                         const std::string& id);

}  // namespace aerolith::ec2
