#include <array>

#include "ec2/operations/describe_account_attributes.h"
#include "ec2/operations/describe_availability_zones.h"
#include "ec2/operations/describe_regions.h"
#include "services/ec2/filters.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/vpcs.h"
#include "services/ec2/zones.h"

namespace aerolith::ec2 {
namespace {

constexpr std::string_view kOptedIn = "opt-in-not-required";

AvailabilityZone to_wire(const Scope& scope, const Zone& zone) {
  const std::string long_name = group_long_name(scope.region);
  return {.opt_in_status = std::string(kOptedIn),
          .messages = std::vector<AvailabilityZoneMessage>(),
          .region_name = scope.region.str(),
          .zone_name = zone.name,
          .zone_id = zone.id,
          .group_name = scope.region.str() + "-zg-1",
          .network_border_group = scope.region.str(),
          .zone_type = "availability-zone",
          .group_long_name = long_name.empty() ? std::nullopt : std::optional(long_name),
          .state = "available"};
}

using ZoneDefinition = FilterDefinition<AvailabilityZone>;
constexpr std::array kZoneFilters{
    ZoneDefinition{"zone-name",
                   [](const Lookup&, const AvailabilityZone& z) -> Result<Strings> { return Strings{*z.zone_name}; }},
    ZoneDefinition{"zone-id",
                   [](const Lookup&, const AvailabilityZone& z) -> Result<Strings> { return Strings{*z.zone_id}; }},
    ZoneDefinition{"region-name",
                   [](const Lookup&, const AvailabilityZone& z) -> Result<Strings> { return Strings{*z.region_name}; }},
    ZoneDefinition{"group-name",
                   [](const Lookup&, const AvailabilityZone& z) -> Result<Strings> { return Strings{*z.group_name}; }},
    ZoneDefinition{
        "opt-in-status",
        [](const Lookup&, const AvailabilityZone& z) -> Result<Strings> { return Strings{*z.opt_in_status}; }},
    ZoneDefinition{"state",
                   [](const Lookup&, const AvailabilityZone& z) -> Result<Strings> { return Strings{*z.state}; }},
    ZoneDefinition{"zone-type",
                   [](const Lookup&, const AvailabilityZone& z) -> Result<Strings> { return Strings{*z.zone_type}; }},
    ZoneDefinition{"message", [](const Lookup&, const AvailabilityZone&) -> Result<Strings> { return Strings{}; }},
    ZoneDefinition{"group-long-name",
                   [](const Lookup&, const AvailabilityZone& z) -> Result<Strings> {
                     return z.group_long_name ? Strings{*z.group_long_name} : Strings();
                   }},
    ZoneDefinition{"parent-zone-name",
                   [](const Lookup&, const AvailabilityZone&) -> Result<Strings> { return Strings{}; }},
    ZoneDefinition{"parent-zone-id",
                   [](const Lookup&, const AvailabilityZone&) -> Result<Strings> { return Strings{}; }},
};

using RegionDefinition = FilterDefinition<Region>;
constexpr std::array kRegionFilters{
    RegionDefinition{"region-name",
                     [](const Lookup&, const Region& r) -> Result<Strings> { return Strings{*r.region_name}; }},
    RegionDefinition{"endpoint",
                     [](const Lookup&, const Region& r) -> Result<Strings> { return Strings{*r.endpoint}; }},
    RegionDefinition{"opt-in-status",
                     [](const Lookup&, const Region& r) -> Result<Strings> { return Strings{*r.opt_in_status}; }},
};

bool is_asked_for(const std::optional<Strings>& asked, const std::string& name) {
  return !asked || asked->empty() || std::ranges::find(*asked, name) != asked->end();
}

}  // namespace

Result<DescribeAvailabilityZonesOutput> describe_availability_zones(Call& call,
                                                                    const DescribeAvailabilityZonesInput& input) {
  TRY(check_filters<AvailabilityZone>(input.filters, kZoneFilters));
  for (const std::optional<Strings>& names : {input.zone_names, input.zone_ids}) {
    if (!names) continue;
    for (const std::string& name : *names) {
      if (!find_zone(call.scope.region, name)) {
        return errors::invalid_parameter("Invalid availability zone: [" + name + "]");
      }
    }
  }
  const auto txn = call.read();
  DescribeAvailabilityZonesOutput output{.availability_zones = std::vector<AvailabilityZone>()};
  for (const Zone& zone : zones_of(call.scope.region)) {
    AvailabilityZone shown = to_wire(call.scope, zone);
    if (!is_asked_for(input.zone_names, zone.name) || !is_asked_for(input.zone_ids, zone.id)) continue;
    const Lookup lookup{.txn = *txn, .scope = call.scope};
    if (TRY(matches<AvailabilityZone>(input.filters, kZoneFilters, lookup, shown, {}))) {
      output.availability_zones->push_back(std::move(shown));
    }
  }
  return output;
}

Result<DescribeRegionsOutput> describe_regions(Call& call, const DescribeRegionsInput& input) {
  TRY(check_filters<Region>(input.filters, kRegionFilters));
  // This installation is one region.
  const std::string& name = call.scope.region.str();
  if (input.region_names) {
    for (const std::string& asked : *input.region_names) {
      if (asked != name) return errors::invalid_parameter("Invalid region names: [" + asked + "]");
    }
  }
  const Region region{
      .opt_in_status = std::string(kOptedIn), .region_name = name, .endpoint = "ec2." + name + ".amazonaws.com"};
  const auto txn = call.read();
  const Lookup lookup{.txn = *txn, .scope = call.scope};
  DescribeRegionsOutput output{.regions = std::vector<Region>()};
  if (TRY(matches<Region>(input.filters, kRegionFilters, lookup, region, {}))) output.regions->push_back(region);
  return output;
}

Result<DescribeAccountAttributesOutput> describe_account_attributes(Call& call,
                                                                    const DescribeAccountAttributesInput& input) {
  const auto txn = call.read();
  const auto default_vpc = TRY(find_default_vpc(*txn, call.scope));
  const std::pair<std::string, std::string> attributes[] = {
      {"supported-platforms", "VPC"}, {"default-vpc", default_vpc ? default_vpc->id : "none"},
      {"max-instances", "1000"},      {"vpc-max-security-groups-per-interface", "5"},
      {"max-elastic-ips", "100"},     {"vpc-max-elastic-ips", "100"},
  };
  DescribeAccountAttributesOutput output{.account_attributes = std::vector<AccountAttribute>()};
  for (const auto& [name, value] : attributes) {
    if (!is_asked_for(input.attribute_names, name)) continue;
    output.account_attributes->push_back(
        {.attribute_name = name, .attribute_values = std::vector<AccountAttributeValue>{{.attribute_value = value}}});
  }
  return output;
}

}  // namespace aerolith::ec2
