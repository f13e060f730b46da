// Which host names are this installation's to answer for: what the DNS responder answers and what the local CA signs
// for. Stricter than routing, which takes requests under any name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/registry.h"

namespace aerolith::gateway {

// "eu-west-1", "us-gov-east-1"; and what stands in its place where a service has one endpoint for all regions.
bool is_region(std::string_view label);

struct OwnName {
  std::string name;  // lower case
  // "s3.eu-west-1.amazonaws.com" of my-bucket.s3.eu-west-1.amazonaws.com, where the bucket is one label: a wildcard of
  // it covers all such buckets. Empty otherwise.
  std::string bucket_parent;
};

// `domains`: further names of this installation. Ours are localhost and they themselves; and under amazonaws.com,
// api.aws, localhost and `domains` every service's names in any region, with AWS's variants (FIPS, dual-stack), and
// S3's virtual hosts. Nullopt for everything else, also for what is no host name.
// https://docs.aws.amazon.com/general/latest/gr/rande.html
std::optional<OwnName> find_own_name(const Registry& registry, std::string_view name,
                                     const std::vector<std::string>& domains);

}  // namespace aerolith::gateway
