#include <fmt/format.h>

#include <array>

#include "ec2/operations/allocate_address.h"
#include "ec2/operations/associate_address.h"
#include "ec2/operations/describe_addresses.h"
#include "ec2/operations/describe_addresses_attribute.h"
#include "ec2/operations/disassociate_address.h"
#include "ec2/operations/release_address.h"
#include "services/ec2/addresses.h"
#include "services/ec2/describe.h"
#include "services/ec2/interfaces.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/tags.h"

namespace aerolith::ec2 {
namespace {

constexpr size_t kMaxElasticIps = 100;

Result<std::string> instance_of(metadata::ReadTransaction& txn, const Scope& scope, const ElasticIpRecord& record) {
  if (record.interface.empty()) return std::string();
  const auto interface = TRY(kInterfaces.find(txn, scope, record.interface));
  return interface && interface->attachment ? interface->attachment->instance : std::string();
}

Strings one_unless_empty(const std::string& value) { return value.empty() ? Strings() : Strings{value}; }

using ElasticIpFilter = FilterDefinition<ElasticIpRecord>;
constexpr std::array kElasticIpFilters{
    ElasticIpFilter{"allocation-id",
                    [](const Lookup&, const ElasticIpRecord& r) -> Result<Strings> { return Strings{r.id}; }},
    ElasticIpFilter{
        "association-id",
        [](const Lookup&, const ElasticIpRecord& r) -> Result<Strings> { return one_unless_empty(r.association); }},
    ElasticIpFilter{"domain", [](const Lookup&, const ElasticIpRecord&) -> Result<Strings> { return Strings{"vpc"}; }},
    ElasticIpFilter{"instance-id",
                    [](const Lookup& at, const ElasticIpRecord& r) -> Result<Strings> {
                      return one_unless_empty(TRY(instance_of(at.txn, at.scope, r)));
                    }},
    ElasticIpFilter{
        "network-border-group",
        [](const Lookup& at, const ElasticIpRecord&) -> Result<Strings> { return Strings{at.scope.region.str()}; }},
    ElasticIpFilter{
        "network-interface-id",
        [](const Lookup&, const ElasticIpRecord& r) -> Result<Strings> { return one_unless_empty(r.interface); }},
    ElasticIpFilter{"network-interface-owner-id",
                    [](const Lookup& at, const ElasticIpRecord& r) -> Result<Strings> {
                      return r.interface.empty() ? Strings() : Strings{at.scope.account.str()};
                    }},
    ElasticIpFilter{
        "private-ip-address",
        [](const Lookup&, const ElasticIpRecord& r) -> Result<Strings> { return one_unless_empty(r.private_address); }},
    ElasticIpFilter{"public-ip",
                    [](const Lookup&, const ElasticIpRecord& r) -> Result<Strings> { return Strings{r.address}; }},
};

Result<Address> shown(metadata::ReadTransaction& txn, const Scope& scope, const ElasticIpRecord& record,
                      const TagMap& tags) {
  Address address{.allocation_id = record.id,
                  .domain = "vpc",
                  .tags = wire_tags(tags),
                  .public_ipv4_pool = "amazon",
                  .network_border_group = scope.region.str(),
                  .public_ip = record.address};
  if (record.association.empty()) return address;
  address.association_id = record.association;
  address.network_interface_id = record.interface;
  address.network_interface_owner_id = scope.account.str();
  address.private_ip_address = record.private_address;
  const std::string instance = TRY(instance_of(txn, scope, record));
  if (!instance.empty()) address.instance_id = instance;
  return address;
}

// By its allocation, or by the address itself.
Result<ElasticIpRecord> find_elastic(metadata::ReadTransaction& txn, const Scope& scope,
                                     const std::optional<std::string>& allocation,
                                     const std::optional<std::string>& address) {
  if (allocation) return kElasticIps.get(txn, scope, *allocation);
  if (!address) return errors::missing_parameter("allocationId");
  for (ElasticIpRecord& each : TRY(kElasticIps.all(txn, scope))) {
    if (each.address == *address) return std::move(each);
  }
  return errors::of("InvalidAddress.NotFound", fmt::format("Address '{}' not found.", *address));
}

Result<InterfaceRecord> find_interface(metadata::ReadTransaction& txn, const Scope& scope,
                                       const AssociateAddressInput& input) {
  if (input.network_interface_id) return kInterfaces.get(txn, scope, *input.network_interface_id);
  if (!input.instance_id) return errors::missing_parameter("instanceId or networkInterfaceId");
  std::optional<InterfaceRecord> first;
  for (InterfaceRecord& each : TRY(kInterfaces.all(txn, scope))) {
    if (!each.attachment || each.attachment->instance != *input.instance_id) continue;
    if (!first || each.attachment->device_index < first->attachment->device_index) first = std::move(each);
  }
  if (!first) return errors::not_found(Kind::instance, *input.instance_id);
  return *std::move(first);
}

Result<> require_gateway(metadata::ReadTransaction& txn, const Scope& scope, const std::string& vpc) {
  if (!TRY(members_of(txn, scope, vpc, Kind::internet_gateway)).empty()) return {};
  return errors::of("Gateway.NotAttached", fmt::format("Network {} is not attached to any internet gateway", vpc));
}

}  // namespace

Result<DescribeAddressesOutput> describe_addresses(Call& call, const DescribeAddressesInput& input) {
  const auto txn = call.read();
  auto ids = input.allocation_ids;
  if (input.public_ips) {
    if (!ids) ids.emplace();
    for (const std::string& address : *input.public_ips) {
      ids->push_back(TRY(find_elastic(*txn, call.scope, std::nullopt, address)).id);
    }
  }
  const auto page = TRY(describe<ElasticIpRecord>(*txn, call.scope, kElasticIps, kElasticIpFilters,
                                                  {ids, input.filters, std::nullopt, std::nullopt}));
  DescribeAddressesOutput output{.addresses = std::vector<Address>()};
  for (const auto& [record, tags] : page.items) {
    output.addresses->push_back(TRY(shown(*txn, call.scope, record, tags)));
  }
  return output;
}

// Reverse names aren't kept: there are none to show.
Result<DescribeAddressesAttributeOutput> describe_addresses_attribute(Call& call,
                                                                      const DescribeAddressesAttributeInput& input) {
  const auto txn = call.read();
  const auto page =
      TRY(describe<ElasticIpRecord>(*txn, call.scope, kElasticIps, std::span<const ElasticIpFilter>(),
                                    {input.allocation_ids, std::nullopt, input.max_results, input.next_token}));
  DescribeAddressesAttributeOutput output{.addresses = std::vector<AddressAttribute>(), .next_token = page.next_token};
  for (const auto& item : page.items) {
    output.addresses->push_back({.public_ip = item.record.address, .allocation_id = item.record.id});
  }
  return output;
}

Result<AllocateAddressOutput> allocate_address(Call& call, const AllocateAddressInput& input) {
  if (input.domain && *input.domain != "vpc") return errors::unsupported("There is no EC2-Classic.");
  if (input.customer_owned_ipv4_pool || input.ipam_pool_id || input.address) {
    return errors::unsupported("Addresses come from the one pool, whichever is free.");
  }
  if (input.public_ipv4_pool.value_or("amazon") != "amazon") {
    return errors::of("InvalidPublicIpv4PoolID.NotFound",
                      fmt::format("The public IPv4 pool ID '{}' does not exist", *input.public_ipv4_pool));
  }
  if (input.network_border_group.value_or(call.scope.region.str()) != call.scope.region.view()) {
    return errors::unsupported("There are no Local Zones: the one network border group is the region's.");
  }
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::elastic_ip));
  auto record = TRY(call.write([&](metadata::Transaction& txn) -> Result<ElasticIpRecord> {
    if (TRY(kElasticIps.all(txn, call.scope)).size() >= kMaxElasticIps) {
      return errors::of("AddressLimitExceeded", "The maximum number of addresses has been reached.");
    }
    ElasticIpRecord made{.id = make_id(Kind::elastic_ip)};
    made.address = TRY(take_public_address(txn, call.cloud.settings.public_cidr, call.scope, made.id));
    kElasticIps.put(txn, call.scope, made);
    put_tags(txn, call.scope, made.id, tags);
    return made;
  }));
  return AllocateAddressOutput{.allocation_id = record.id,
                               .public_ipv4_pool = "amazon",
                               .network_border_group = call.scope.region.str(),
                               .domain = "vpc",
                               .public_ip = record.address};
}

Result<NoOutput> release_address(Call& call, const ReleaseAddressInput& input) {
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    const auto elastic = TRY(find_elastic(txn, call.scope, input.allocation_id, input.public_ip));
    if (!elastic.association.empty() || !elastic.nat_gateway.empty()) {
      return errors::of("InvalidIPAddress.InUse", fmt::format("Address {} is in use.", elastic.address));
    }
    give_public_address_back(txn, elastic.address);
    kElasticIps.erase(txn, call.scope, elastic);
    return {};
  }));
  return NoOutput{};
}

Result<AssociateAddressOutput> associate_address(Call& call, const AssociateAddressInput& input) {
  Strings vpcs;
  auto id = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    vpcs.clear();
    auto elastic = TRY(find_elastic(txn, call.scope, input.allocation_id, input.public_ip));
    auto interface = TRY(find_interface(txn, call.scope, input));
    TRY(require_gateway(txn, call.scope, interface.vpc));
    const std::string address = input.private_ip_address.value_or(interface.addresses.front().address);
    vpcs.push_back(interface.vpc);
    if (!elastic.association.empty()) {
      if (elastic.interface == interface.id && elastic.private_address == address) return elastic.association;
      // By default, an address moves.
      if (!input.allow_reassociation.value_or(true) || !elastic.nat_gateway.empty()) {
        return errors::of(
            "Resource.AlreadyAssociated",
            fmt::format("resource {} is already associated with associate-id {}", elastic.id, elastic.association));
      }
      const auto other = TRY(kInterfaces.find(txn, call.scope, elastic.interface));
      if (other) vpcs.push_back(other->vpc);
      TRY(disassociate(txn, call.scope, elastic));
      interface = TRY(kInterfaces.get(txn, call.scope, interface.id));
    }
    auto* place = find_address(interface, address);
    if (place != nullptr && place->public_address && !place->public_address->allocation.empty()) {
      if (!input.allow_reassociation.value_or(true)) {
        return errors::of(
            "Resource.AlreadyAssociated",
            fmt::format("the specified interface {} address {} is already associated", interface.id, address));
      }
      auto old = TRY(kElasticIps.get(txn, call.scope, place->public_address->allocation));
      TRY(disassociate(txn, call.scope, old));
      interface = TRY(kInterfaces.get(txn, call.scope, interface.id));
    }
    return associate(txn, call.scope, elastic, interface, address);
  }));
  for (const std::string& vpc : vpcs) call.settle_vpc(vpc);
  return AssociateAddressOutput{.association_id = std::move(id)};
}

Result<NoOutput> disassociate_address(Call& call, const DisassociateAddressInput& input) {
  std::string vpc;
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    std::optional<std::string> allocation;
    if (input.association_id) {
      allocation = TRY(owner_of_part(txn, call.scope, *input.association_id));
      if (!allocation || !input.association_id->starts_with("eipassoc-")) {
        return errors::of("InvalidAssociationID.NotFound",
                          fmt::format("The association ID '{}' does not exist", *input.association_id));
      }
    }
    auto elastic = TRY(find_elastic(txn, call.scope, allocation, input.public_ip));
    if (!elastic.nat_gateway.empty()) {
      return errors::of("AuthFailure", "You do not have permission to access the specified resource.");
    }
    const auto interface = TRY(kInterfaces.find(txn, call.scope, elastic.interface));
    vpc = interface ? interface->vpc : std::string();
    return disassociate(txn, call.scope, elastic);
  }));
  if (!vpc.empty()) call.settle_vpc(vpc);
  return NoOutput{};
}

}  // namespace aerolith::ec2
