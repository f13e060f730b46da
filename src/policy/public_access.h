// What S3 calls a public bucket policy: GetBucketPolicyStatus and Block Public Access.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
#pragma once

#include "policy/document.h"

namespace aerolith::policy {

// Whether some Allow of a policy on a resource reaches everyone, and no condition confines it to fixed values of a key
// that S3 trusts: source addresses (no wider than /8, /32 in IPv6; private ones may be), accounts, VPCs, ARNs, ....
bool is_public(const Policy& policy);

}  // namespace aerolith::policy
