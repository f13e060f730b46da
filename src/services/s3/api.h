// What other parts of the program may know of S3's records.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/strong_string.h"
#include "metadata/store.h"
#include "objects/extent.h"

namespace aerolith::s3 {

// Calls visit(extent, what names it) for every extent that a record names, once for each record. For `aerolith fsck`.
metadata::Result<> for_each_extent(
    metadata::Store& metadata,
    const std::function<metadata::Result<>(const objects::Extent&, const std::string&)>& visit);

// Block Public Access of an account, for all its buckets.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_PublicAccessBlockConfiguration.html
struct AccountPublicAccessBlock {
  bool block_public_acls = false;
  bool ignore_public_acls = false;
  bool block_public_policy = false;
  bool restrict_public_buckets = false;
};
// nullopt where none is set.
metadata::Result<std::optional<AccountPublicAccessBlock>> find_public_access_block(metadata::Store& metadata,
                                                                                   const AccountId& account);
// nullopt takes it away. Durable on return; holds from the next call on.
metadata::Result<> set_public_access_block(metadata::Store& metadata, const AccountId& account,
                                           const std::optional<AccountPublicAccessBlock>& block);

}  // namespace aerolith::s3
