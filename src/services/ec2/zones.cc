#include "services/ec2/zones.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace aerolith::ec2 {
namespace {

std::string abbreviated(std::string_view part) {
  constexpr std::pair<std::string_view, std::string_view> kParts[] = {
      {"north", "n"},      {"south", "s"},      {"east", "e"},       {"west", "w"},       {"central", "c"},
      {"northeast", "ne"}, {"northwest", "nw"}, {"southeast", "se"}, {"southwest", "sw"}, {"gov", "g"}};
  for (const auto& [word, letters] : kParts) {
    if (word == part) return std::string(letters);
  }
  return std::string(part);
}

// us-east-1 -> use1
std::string short_name(std::string_view region) {
  std::string result;
  while (!region.empty()) {
    const size_t end = std::min(region.find('-'), region.size());
    result += abbreviated(region.substr(0, end));
    region.remove_prefix(std::min(region.size(), end + 1));
  }
  return result;
}

std::string dashed(std::string_view address) {
  std::string result(address);
  std::ranges::replace(result, '.', '-');
  return result;
}

// https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
constexpr std::pair<std::string_view, std::string_view> kLongNames[] = {
    {"af-south-1", "Africa (Cape Town)"},
    {"ap-east-1", "Asia Pacific (Hong Kong)"},
    {"ap-east-2", "Asia Pacific (Taipei)"},
    {"ap-northeast-1", "Asia Pacific (Tokyo)"},
    {"ap-northeast-2", "Asia Pacific (Seoul)"},
    {"ap-northeast-3", "Asia Pacific (Osaka)"},
    {"ap-south-1", "Asia Pacific (Mumbai)"},
    {"ap-south-2", "Asia Pacific (Hyderabad)"},
    {"ap-southeast-1", "Asia Pacific (Singapore)"},
    {"ap-southeast-2", "Asia Pacific (Sydney)"},
    {"ap-southeast-3", "Asia Pacific (Jakarta)"},
    {"ap-southeast-4", "Asia Pacific (Melbourne)"},
    {"ap-southeast-5", "Asia Pacific (Malaysia)"},
    {"ap-southeast-6", "Asia Pacific (New Zealand)"},
    {"ap-southeast-7", "Asia Pacific (Thailand)"},
    {"ca-central-1", "Canada (Central)"},
    {"ca-west-1", "Canada West (Calgary)"},
    {"cn-north-1", "China (Beijing)"},
    {"cn-northwest-1", "China (Ningxia)"},
    {"eu-central-1", "Europe (Frankfurt)"},
    {"eu-central-2", "Europe (Zurich)"},
    {"eu-north-1", "Europe (Stockholm)"},
    {"eu-south-1", "Europe (Milan)"},
    {"eu-south-2", "Europe (Spain)"},
    {"eu-west-1", "Europe (Ireland)"},
    {"eu-west-2", "Europe (London)"},
    {"eu-west-3", "Europe (Paris)"},
    {"il-central-1", "Israel (Tel Aviv)"},
    {"me-central-1", "Middle East (UAE)"},
    {"me-south-1", "Middle East (Bahrain)"},
    {"mx-central-1", "Mexico (Central)"},
    {"sa-east-1", "South America (Sao Paulo)"},
    {"us-east-1", "US East (N. Virginia)"},
    {"us-east-2", "US East (Ohio)"},
    {"us-gov-east-1", "AWS GovCloud (US-East)"},
    {"us-gov-west-1", "AWS GovCloud (US-West)"},
    {"us-west-1", "US West (N. California)"},
    {"us-west-2", "US West (Oregon)"},
};

bool is_oldest(const RegionName& region) { return region.view() == "us-east-1"; }

}  // namespace

std::vector<Zone> zones_of(const RegionName& region) {
  std::vector<Zone> result;
  const std::string prefix = short_name(region.view());
  for (int i = 0; i < 3; ++i) {
    result.push_back({.name = region.str() + static_cast<char>('a' + i), .id = fmt::format("{}-az{}", prefix, i + 1)});
  }
  return result;
}

std::optional<Zone> find_zone(const RegionName& region, std::string_view name_or_id) {
  for (Zone& zone : zones_of(region)) {
    if (zone.name == name_or_id || zone.id == name_or_id) return std::move(zone);
  }
  return std::nullopt;
}

std::string group_long_name(const RegionName& region) {
  const auto* const found = std::ranges::find(kLongNames, region.view(), [](const auto& each) { return each.first; });
  return found == std::end(kLongNames) ? "" : fmt::format("{} 1", found->second);
}

std::string private_domain(const RegionName& region) {
  return is_oldest(region) ? "ec2.internal" : region.str() + ".compute.internal";
}

std::string private_name(const RegionName& region, std::string_view address) {
  return fmt::format(FMT_COMPILE("ip-{}.{}"), dashed(address), private_domain(region));
}

std::string public_name(const RegionName& region, std::string_view address) {
  return fmt::format("ec2-{}.{}.amazonaws.com", dashed(address),
                     is_oldest(region) ? "compute-1" : region.str() + ".compute");
}

}  // namespace aerolith::ec2
