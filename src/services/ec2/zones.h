// Three availability zones of the one region, and the names that hosts get.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/ec2/resources.h"

namespace aerolith::ec2 {

struct Zone {
  std::string name;  // us-east-1a
  std::string id;    // use1-az1
};

std::vector<Zone> zones_of(const RegionName& region);
std::optional<Zone> find_zone(const RegionName& region, std::string_view name_or_id);
// Of the group that the region's zones are in: "US East (N. Virginia) 1". Empty: AWS has no such region.
std::string group_long_name(const RegionName& region);
// "ec2.internal", "eu-west-1.compute.internal"
std::string private_domain(const RegionName& region);
// "ip-10-0-0-5.ec2.internal"
std::string private_name(const RegionName& region, std::string_view address);
// "ec2-198-18-0-5.compute-1.amazonaws.com"
std::string public_name(const RegionName& region, std::string_view address);

}  // namespace aerolith::ec2
