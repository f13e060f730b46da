#include <fmt/format.h>

#include <array>

#include "ec2/model/availability_zone.h"
#include "ec2/model/ipv6_cidr_block.h"
#include "ec2/operations/create_default_subnet.h"
#include "ec2/operations/create_subnet.h"
#include "ec2/operations/delete_subnet.h"
#include "ec2/operations/describe_subnets.h"
#include "ec2/operations/modify_subnet_attribute.h"
#include "ec2/schema.h"
#include "services/ec2/addresses.h"
#include "services/ec2/cidr.h"
#include "services/ec2/cidr_reservations.h"
#include "services/ec2/describe.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/shown_values.h"
#include "services/ec2/tags.h"
#include "services/ec2/vpcs.h"
#include "services/ec2/wire.h"
#include "services/ec2/zones.h"

namespace aerolith::ec2 {
namespace {

constexpr int kLargestSubnetPrefix = 16;
constexpr int kSmallestSubnetPrefix = 28;
constexpr int kUsualPrefix = 20;
constexpr size_t kMaxSubnets = 200;

std::string zone_id(const Scope& scope, const std::string& zone) {
  const auto found = find_zone(scope.region, zone);
  return found ? found->id : std::string();
}

// As the answer shows it.
template <Path path>
Result<Strings> at(const Lookup& where, const SubnetRecord& record) {
  const Subnet all = to_wire(where.scope, record, {}, 0);
  return values_at(schema::kSubnet, &all, path.view());
}

using SubnetFilter = FilterDefinition<SubnetRecord>;
constexpr std::array kSubnetFilters{
    SubnetFilter{"subnet-id", [](const Lookup&, const SubnetRecord& r) -> Result<Strings> { return Strings{r.id}; }},
    SubnetFilter{"vpc-id", [](const Lookup&, const SubnetRecord& r) -> Result<Strings> { return Strings{r.vpc}; }},
    SubnetFilter{"availability-zone",
                 [](const Lookup&, const SubnetRecord& r) -> Result<Strings> { return Strings{r.zone}; }},
    SubnetFilter{"availabilityZone",
                 [](const Lookup&, const SubnetRecord& r) -> Result<Strings> { return Strings{r.zone}; }},
    SubnetFilter{
        "availability-zone-id",
        [](const Lookup& at, const SubnetRecord& r) -> Result<Strings> { return Strings{zone_id(at.scope, r.zone)}; }},
    SubnetFilter{"available-ip-address-count",
                 [](const Lookup& at, const SubnetRecord& r) -> Result<Strings> {
                   return Strings{std::to_string(TRY(count_free_addresses(at.txn, at.scope, r)))};
                 }},
    SubnetFilter{"cidr-block", [](const Lookup&, const SubnetRecord& r) -> Result<Strings> { return Strings{r.cidr}; }},
    SubnetFilter{"cidr", [](const Lookup&, const SubnetRecord& r) -> Result<Strings> { return Strings{r.cidr}; }},
    SubnetFilter{"cidrBlock", [](const Lookup&, const SubnetRecord& r) -> Result<Strings> { return Strings{r.cidr}; }},
    SubnetFilter{"default-for-az",
                 [](const Lookup&, const SubnetRecord& r) -> Result<Strings> { return Strings{flag(r.is_default)}; }},
    SubnetFilter{"defaultForAz",
                 [](const Lookup&, const SubnetRecord& r) -> Result<Strings> { return Strings{flag(r.is_default)}; }},
    SubnetFilter{
        "map-public-ip-on-launch",
        [](const Lookup&, const SubnetRecord& r) -> Result<Strings> { return Strings{flag(r.maps_public_ip)}; }},
    SubnetFilter{"ipv6-native", [](const Lookup&, const SubnetRecord&) -> Result<Strings> { return Strings{"false"}; }},
    SubnetFilter{"state", [](const Lookup&, const SubnetRecord&) -> Result<Strings> { return Strings{"available"}; }},
    SubnetFilter{"subnet-arn",
                 [](const Lookup& at, const SubnetRecord& r) -> Result<Strings> {
                   return Strings{make_arn(at.scope, Kind::subnet, r.id)};
                 }},
    SubnetFilter{"customer-owned-ipv4-pool", &at<"CustomerOwnedIpv4Pool">},
    SubnetFilter{"enable-dns64", &at<"EnableDns64">},
    SubnetFilter{"enable-lni-at-device-index", &at<"EnableLniAtDeviceIndex">},
    SubnetFilter{"ipv6-cidr-block-association.ipv6-cidr-block", &at<"Ipv6CidrBlockAssociationSet.Ipv6CidrBlock">},
    SubnetFilter{"ipv6-cidr-block-association.association-id", &at<"Ipv6CidrBlockAssociationSet.AssociationId">},
    SubnetFilter{"ipv6-cidr-block-association.state", &at<"Ipv6CidrBlockAssociationSet.Ipv6CidrBlockState.State">},
    SubnetFilter{"map-customer-owned-ip-on-launch", &at<"MapCustomerOwnedIpOnLaunch">},
    SubnetFilter{"outpost-arn", &at<"OutpostArn">},
    SubnetFilter{"private-dns-name-options-on-launch.hostname-type", &at<"PrivateDnsNameOptionsOnLaunch.HostnameType">},
    SubnetFilter{"private-dns-name-options-on-launch.enable-resource-name-dns-a-record",
                 &at<"PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsARecord">},
    SubnetFilter{"private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record",
                 &at<"PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsAAAARecord">},
};

Result<Zone> read_zone(const Scope& scope, const std::optional<std::string>& name,
                       const std::optional<std::string>& id) {
  if (!name && !id) return zones_of(scope.region).front();
  const std::string& asked = name ? *name : *id;
  const auto zone = find_zone(scope.region, asked);
  if (zone) return *zone;
  std::string all;
  for (const Zone& each : zones_of(scope.region)) all += (all.empty() ? "" : ", ") + each.name;
  return errors::invalid_value(
      "availabilityZone", asked,
      "Subnets can currently only be created in the following availability zones: " + all + ".");
}

Result<std::string> read_subnet_cidr(metadata::ReadTransaction& txn, const Scope& scope, const VpcRecord& vpc,
                                     const std::string& text) {
  const auto cidr = parse_cidr(text);
  if (!cidr) return errors::invalid_value("cidrBlock", text, "This is not a valid CIDR block.");
  const bool inside = std::ranges::any_of(
      vpc.cidrs, [&](const CidrAssociation& each) { return parse_cidr(each.cidr)->contains(*cidr); });
  if (!inside || cidr->prefix < kLargestSubnetPrefix || cidr->prefix > kSmallestSubnetPrefix) {
    return errors::of("InvalidSubnet.Range", fmt::format("The CIDR '{}' is invalid.", text));
  }
  const auto others = TRY(kSubnets.in_vpc(txn, scope, vpc.id));
  for (const SubnetRecord& other : others) {
    if (parse_cidr(other.cidr)->overlaps(*cidr)) {
      return errors::of("InvalidSubnet.Conflict", fmt::format("The CIDR '{}' conflicts with another subnet", text));
    }
  }
  if (others.size() >= kMaxSubnets) {
    return errors::of("SubnetLimitExceeded", "The maximum number of subnets has been reached.");
  }
  return cidr->text();
}

// The first block of the default size that is free.
Result<std::string> find_default_cidr(metadata::ReadTransaction& txn, const Scope& scope, const VpcRecord& vpc) {
  const auto others = TRY(kSubnets.in_vpc(txn, scope, vpc.id));
  const Cidr all = parse_cidr(vpc.cidrs.front().cidr).value_or(Cidr());
  for (Cidr cidr{.base = all.base, .prefix = kUsualPrefix}; all.contains(cidr);
       cidr.base += static_cast<Ipv4>(cidr.size())) {
    const bool taken =
        std::ranges::any_of(others, [&](const SubnetRecord& other) { return parse_cidr(other.cidr)->overlaps(cidr); });
    if (!taken) return cidr.text();
  }
  return errors::of("InsufficientCidrBlocks", "There is no room for another default subnet in the default VPC.");
}

Result<Subnet> shown(metadata::ReadTransaction& txn, const Scope& scope, const SubnetRecord& record,
                     const TagMap& tags) {
  return to_wire(scope, record, tags, TRY(count_free_addresses(txn, scope, record)));
}

Result<> leave_associations(metadata::Transaction& txn, const Scope& scope, const SubnetRecord& subnet) {
  const auto of_subnet = [&](const auto& each) { return each.subnet == subnet.id; };
  for (AclRecord& acl : TRY(kAcls.in_vpc(txn, scope, subnet.vpc))) {
    for (const auto& each : acl.associations) {
      if (of_subnet(each)) erase_part(txn, scope, each.id);
    }
    if (std::erase_if(acl.associations, of_subnet) != 0) kAcls.put(txn, scope, acl);
  }
  for (RouteTableRecord& table : TRY(kRouteTables.in_vpc(txn, scope, subnet.vpc))) {
    for (const auto& each : table.associations) {
      if (of_subnet(each)) erase_part(txn, scope, each.id);
    }
    if (std::erase_if(table.associations, of_subnet) != 0) kRouteTables.put(txn, scope, table);
  }
  return {};
}

}  // namespace

Subnet to_wire(const Scope& scope, const SubnetRecord& record, const TagMap& tags, int64_t free_addresses) {
  return {.availability_zone_id = zone_id(scope, record.zone),
          .map_customer_owned_ip_on_launch = false,
          .owner_id = scope.account.str(),
          .assign_ipv6_address_on_creation = false,
          .ipv6_cidr_block_association_set = std::vector<SubnetIpv6CidrBlockAssociation>(),
          .tags = wire_tags(tags),
          .subnet_arn = make_arn(scope, Kind::subnet, record.id),
          .enable_dns64 = false,
          .ipv6_native = false,
          .private_dns_name_options_on_launch =
              PrivateDnsNameOptionsOnLaunch{.hostname_type = record.hostname_type,
                                            .enable_resource_name_dns_a_record = record.a_record,
                                            .enable_resource_name_dns_aaaa_record = false},
          .subnet_id = record.id,
          .state = "available",
          .vpc_id = record.vpc,
          .cidr_block = record.cidr,
          .available_ip_address_count = static_cast<int32_t>(free_addresses),
          .availability_zone = record.zone,
          .default_for_az = record.is_default,
          .map_public_ip_on_launch = record.maps_public_ip};
}

Result<DescribeSubnetsOutput> describe_subnets(Call& call, const DescribeSubnetsInput& input) {
  const auto txn = call.read();
  const auto page = TRY(describe<SubnetRecord>(*txn, call.scope, kSubnets, kSubnetFilters,
                                               {input.subnet_ids, input.filters, input.max_results, input.next_token}));
  DescribeSubnetsOutput output{.next_token = page.next_token, .subnets = std::vector<Subnet>()};
  for (const auto& [record, tags] : page.items) {
    output.subnets->push_back(TRY(shown(*txn, call.scope, record, tags)));
  }
  return output;
}

Result<CreateSubnetOutput> create_subnet(Call& call, const CreateSubnetInput& input) {
  if (input.ipv6_native.value_or(false) || input.ipv6_cidr_block || input.ipv6_netmask_length) {
    return errors::unsupported("Subnets have IPv4 blocks only.");
  }
  if (input.outpost_arn) return errors::unsupported("There are no Outposts.");
  if (input.ipv4_ipam_pool_id || input.ipv6_ipam_pool_id || input.ipv4_netmask_length) {
    return errors::unsupported("There is no IPAM.");
  }
  if (!input.cidr_block) return errors::missing_parameter("cidrBlock");
  const Zone zone = TRY(read_zone(call.scope, input.availability_zone, input.availability_zone_id));
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::subnet));
  auto subnet = TRY(call.write([&](metadata::Transaction& txn) -> Result<Subnet> {
    const VpcRecord vpc = TRY(kVpcs.get(txn, call.scope, input.vpc_id));
    const SubnetRecord record{.id = make_id(Kind::subnet),
                              .vpc = vpc.id,
                              .cidr = TRY(read_subnet_cidr(txn, call.scope, vpc, *input.cidr_block)),
                              .zone = zone.name};
    TRY(put_subnet(txn, call.scope, vpc, record));
    put_tags(txn, call.scope, record.id, tags);
    return shown(txn, call.scope, record, tags);
  }));
  call.settle_vpc(*input.vpc_id);
  return CreateSubnetOutput{.subnet = std::move(subnet)};
}

Result<CreateDefaultSubnetOutput> create_default_subnet(Call& call, const CreateDefaultSubnetInput& input) {
  if (!input.availability_zone && !input.availability_zone_id) return errors::missing_parameter("AvailabilityZone");
  if (input.ipv6_native.value_or(false)) return errors::unsupported("Subnets have IPv4 blocks only.");
  const Zone zone = TRY(read_zone(call.scope, input.availability_zone, input.availability_zone_id));
  auto subnet = TRY(call.write([&](metadata::Transaction& txn) -> Result<Subnet> {
    const auto vpc = TRY(find_default_vpc(txn, call.scope));
    if (!vpc) return errors::of("DefaultVpcDoesNotExist", "No default VPC exists for this account in this region.");
    for (const SubnetRecord& other : TRY(kSubnets.in_vpc(txn, call.scope, vpc->id))) {
      if (other.is_default && other.zone == zone.name) {
        return errors::of("DefaultSubnetAlreadyExistsInAvailabilityZone",
                          fmt::format("'{}' is already the default subnet in {}.", other.id, zone.name));
      }
    }
    SubnetRecord record{.id = make_id(Kind::subnet),
                        .vpc = vpc->id,
                        .cidr = TRY(find_default_cidr(txn, call.scope, *vpc)),
                        .zone = zone.name};
    record.is_default = true;
    record.maps_public_ip = true;
    TRY(put_subnet(txn, call.scope, *vpc, record));
    return shown(txn, call.scope, record, {});
  }));
  call.settle_vpc(*subnet.vpc_id);
  return CreateDefaultSubnetOutput{.subnet = std::move(subnet)};
}

Result<NoOutput> delete_subnet(Call& call, const DeleteSubnetInput& input) {
  const auto vpc = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    const SubnetRecord subnet = TRY(kSubnets.get(txn, call.scope, input.subnet_id));
    auto rows =
        kPrivateAddresses.scan(txn, metadata::Direction::forward, call.scope.account, call.scope.region, subnet.id);
    if (TRY(rows.next())) {
      return errors::dependency(fmt::format("The subnet '{}' has dependencies and cannot be deleted.", subnet.id));
    }
    TRY(leave_associations(txn, call.scope, subnet));
    for (const auto& each : TRY(reservations_of(txn, call.scope, subnet.id))) {
      kCidrReservations.erase(txn, call.scope, each);
    }
    kSubnets.erase(txn, call.scope, subnet);
    return subnet.vpc;
  }));
  call.settle_vpc(vpc);
  return NoOutput{};
}

Result<NoOutput> modify_subnet_attribute(Call& call, const ModifySubnetAttributeInput& input) {
  if (input.assign_ipv6_address_on_creation && input.assign_ipv6_address_on_creation->value.value_or(false)) {
    return errors::of("InvalidSubnet.Conflict", "The subnet has no IPv6 CIDR block.");
  }
  const auto is_on = [](const auto& attribute) { return attribute && attribute->value.value_or(false); };
  if (is_on(input.map_customer_owned_ip_on_launch) || is_on(input.enable_dns64) ||
      is_on(input.enable_resource_name_dns_aaaa_record_on_launch) || input.enable_lni_at_device_index) {
    return errors::unsupported("The attribute needs IPv6 or an Outpost, and there is neither.");
  }
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    SubnetRecord subnet = TRY(kSubnets.get(txn, call.scope, input.subnet_id));
    if (input.map_public_ip_on_launch) subnet.maps_public_ip = is_on(input.map_public_ip_on_launch);
    if (input.private_dns_hostname_type_on_launch) subnet.hostname_type = *input.private_dns_hostname_type_on_launch;
    if (input.enable_resource_name_dns_a_record_on_launch) {
      subnet.a_record = is_on(input.enable_resource_name_dns_a_record_on_launch);
    }
    kSubnets.put(txn, call.scope, subnet);
    return {};
  }));
  return NoOutput{};
}

}  // namespace aerolith::ec2
