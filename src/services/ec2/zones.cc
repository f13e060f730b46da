#include "services/ec2/zones.h"

#include <fmt/format.h>

#include <algorithm>

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

std::string private_domain(const RegionName& region) {
  return is_oldest(region) ? "ec2.internal" : region.str() + ".compute.internal";
}

std::string private_name(const RegionName& region, std::string_view address) {
  return fmt::format("ip-{}.{}", dashed(address), private_domain(region));
}

std::string public_name(const RegionName& region, std::string_view address) {
  return fmt::format("ec2-{}.{}.amazonaws.com", dashed(address),
                     is_oldest(region) ? "compute-1" : region.str() + ".compute");
}

}  // namespace aerolith::ec2
