#include "services/ec2/prefix_lists.h"

#include <algorithm>

#include "base/digest.h"

namespace aerolith::ec2 {

std::string s3_service(const RegionName& region) { return "com.amazonaws." + region.str() + ".s3"; }

std::vector<PrefixListRecord> aws_prefix_lists(const Cloud& cloud, const Scope& scope) {
  PrefixListRecord list{.name = s3_service(scope.region), .is_aws = true};
  // The same in each installation of a region, as AWS's are.
  list.id = "pl-" + sha256_hex(list.name).substr(0, 8);
  for (const std::string& cidr : cloud.settings.s3_cidrs) list.entries.push_back({.cidr = cidr});
  list.max_entries = static_cast<int32_t>(list.entries.size());
  return {list};
}

Result<PrefixListRecord> get_prefix_list(metadata::ReadTransaction& txn, const Cloud& cloud, const Scope& scope,
                                         const std::string& id) {
  auto own = aws_prefix_lists(cloud, scope);
  const auto found = std::ranges::find(own, id, &PrefixListRecord::id);
  if (found != own.end()) return std::move(*found);
  return kPrefixLists.get(txn, scope, id);
}

}  // namespace aerolith::ec2
