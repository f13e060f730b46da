// Block Public Access: what a bucket's own settings and those of its account come to together.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
#pragma once

#include "services/s3/tables.h"

namespace aerolith::s3 {

inline constexpr PublicAccessBlock kNoBlock{.is_set = false,
                                            .block_public_acls = false,
                                            .ignore_public_acls = false,
                                            .block_public_policy = false,
                                            .restrict_public_buckets = false};

// "S3 applies the most restrictive combination": a setting holds where either has it.
PublicAccessBlock combine(const PublicAccessBlock& of_bucket, const PublicAccessBlock& of_account);

// In a transaction: what holds for a bucket.
metadata::Result<PublicAccessBlock> effective_block(metadata::ReadTransaction& txn, const BucketRecord& bucket);

}  // namespace aerolith::s3
