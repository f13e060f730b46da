#include <fmt/format.h>

#include <array>

#include "ec2/operations/create_nat_gateway.h"
#include "ec2/operations/delete_nat_gateway.h"
#include "ec2/operations/describe_nat_gateways.h"
#include "services/ec2/describe.h"
#include "services/ec2/interfaces.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/tags.h"
#include "services/ec2/tokens.h"

namespace aerolith::ec2 {
namespace {

constexpr size_t kMostOfAZone = 100;
constexpr auto kDeletedFor = std::chrono::hours(1);  // how long a deleted one is shown

std::string state_of(const NatGatewayRecord& record) { return record.deleted_at ? "deleted" : "available"; }

using NatGatewayFilter = FilterDefinition<NatGatewayRecord>;
constexpr std::array kNatGatewayFilters{
    NatGatewayFilter{"nat-gateway-id",
                     [](const Lookup&, const NatGatewayRecord& r) -> Result<Strings> { return Strings{r.id}; }},
    NatGatewayFilter{"state",
                     [](const Lookup&, const NatGatewayRecord& r) -> Result<Strings> { return Strings{state_of(r)}; }},
    NatGatewayFilter{"subnet-id",
                     [](const Lookup&, const NatGatewayRecord& r) -> Result<Strings> { return Strings{r.subnet}; }},
    NatGatewayFilter{"vpc-id",
                     [](const Lookup&, const NatGatewayRecord& r) -> Result<Strings> { return Strings{r.vpc}; }},
};

NatGateway to_wire(const NatGatewayRecord& record, const TagMap& tags) {
  NatGatewayAddress address{.network_interface_id = record.interface,
                            .private_ip = record.private_address,
                            .is_primary = true,
                            .status = "succeeded"};
  if (!record.allocation.empty()) {
    address.allocation_id = record.allocation;
    address.association_id = record.association;
    address.public_ip = record.public_address;
  }
  NatGateway gateway{.create_time = record.created_at,
                     .nat_gateway_addresses = std::vector<NatGatewayAddress>{std::move(address)},
                     .nat_gateway_id = record.id,
                     .state = state_of(record),
                     .subnet_id = record.subnet,
                     .vpc_id = record.vpc,
                     .tags = wire_tags(tags),
                     .connectivity_type = record.is_private ? "private" : "public"};
  if (record.deleted_at) gateway.delete_time = *record.deleted_at;
  return gateway;
}

Result<> take_elastic_ip(metadata::Transaction& txn, const Scope& scope, const std::string& allocation,
                         InterfaceRecord& interface, NatGatewayRecord& gateway) {
  auto elastic = TRY(kElasticIps.get(txn, scope, allocation));
  if (!elastic.association.empty()) {
    return errors::of(
        "Resource.AlreadyAssociated",
        fmt::format("resource {} is already associated with associate-id {}", allocation, elastic.association));
  }
  elastic.nat_gateway = gateway.id;
  gateway.association = TRY(associate(txn, scope, elastic, interface, ""));
  gateway.allocation = elastic.id;
  gateway.public_address = elastic.address;
  return {};
}

// Of the account; those that are deleted and still shown don't count.
Result<> check_limit(metadata::ReadTransaction& txn, const Scope& scope, const std::string& zone) {
  size_t count = 0;
  for (const NatGatewayRecord& record : TRY(kNatGateways.all(txn, scope))) {
    if (record.deleted_at) continue;
    const auto subnet = TRY(kSubnets.find(txn, scope, record.subnet));
    if (subnet && subnet->zone == zone) ++count;
  }
  if (count < kMostOfAZone) return {};
  return errors::of("NatGatewayLimitExceeded",
                    fmt::format("Performing this operation would exceed the limit of {} NAT gateways", kMostOfAZone));
}

Result<NatGatewayRecord> make_gateway(metadata::Transaction& txn, const Call& call,
                                      const CreateNatGatewayInput& input) {
  const SubnetRecord subnet = TRY(kSubnets.get(txn, call.scope, input.subnet_id));
  TRY(check_limit(txn, call.scope, subnet.zone));
  NatGatewayRecord gateway{.id = make_id(Kind::nat_gateway), .vpc = subnet.vpc, .subnet = subnet.id};
  gateway.is_private = input.connectivity_type == "private";
  gateway.created_at = std::chrono::floor<std::chrono::seconds>(call.context.now);
  if (!gateway.is_private && TRY(members_of(txn, call.scope, subnet.vpc, Kind::internet_gateway)).empty()) {
    return errors::of("Gateway.NotAttached", fmt::format("Network {} has no Internet gateway attached", subnet.vpc));
  }
  NewInterface wanted{.subnet = subnet,
                      .description = "Interface for NAT Gateway " + gateway.id,
                      .type = "nat_gateway",
                      .requester = "amazon-aws"};
  if (input.private_ip_address) wanted.addresses.push_back(*input.private_ip_address);
  InterfaceRecord interface = TRY(make_interface(txn, call.scope, wanted));
  interface.source_dest_check = false;
  interface.groups.clear();
  interface.attachment = AttachmentRecord{.id = make_part_id("ela-attach-"), .device_index = 1, .at = call.context.now};
  kInterfaces.put(txn, call.scope, interface);
  gateway.interface = interface.id;
  gateway.private_address = interface.addresses.front().address;
  if (!gateway.is_private) TRY(take_elastic_ip(txn, call.scope, *input.allocation_id, interface, gateway));
  kNatGateways.put(txn, call.scope, gateway);
  return gateway;
}

}  // namespace

Result<DescribeNatGatewaysOutput> describe_nat_gateways(Call& call, const DescribeNatGatewaysInput& input) {
  // Those that went long ago are forgotten here: nothing else would.
  TRY(metadata::run_transaction(call.cloud.metadata, [&](metadata::Transaction& txn) -> Result<> {
    for (const NatGatewayRecord& record : TRY(kNatGateways.all(txn, call.scope))) {
      if (record.deleted_at && call.context.now - *record.deleted_at > kDeletedFor) {
        kNatGateways.erase(txn, call.scope, record);
      }
    }
    return {};
  }));
  const auto txn = call.read();
  const auto page =
      TRY(describe<NatGatewayRecord>(*txn, call.scope, kNatGateways, kNatGatewayFilters,
                                     {input.nat_gateway_ids, input.filter, input.max_results, input.next_token}));
  DescribeNatGatewaysOutput output{.nat_gateways = std::vector<NatGateway>(), .next_token = page.next_token};
  for (const auto& [record, tags] : page.items) output.nat_gateways->push_back(to_wire(record, tags));
  return output;
}

Result<CreateNatGatewayOutput> create_nat_gateway(Call& call, const CreateNatGatewayInput& input) {
  const bool is_private = input.connectivity_type == "private";
  if (input.availability_mode == "regional") return errors::unsupported("NAT gateways are in one zone each.");
  if (!input.subnet_id) return errors::missing_parameter("subnetId");
  if (!is_private && !input.allocation_id) return errors::missing_parameter("AllocationId");
  if (is_private && input.allocation_id) {
    return errors::invalid_combination("A private NAT gateway has no Elastic IP address.");
  }
  const bool has_more = input.secondary_allocation_ids || input.secondary_private_ip_addresses ||
                        input.secondary_private_ip_address_count;
  if (has_more) return errors::unsupported("NAT gateways have one address each.");
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::nat_gateway));
  auto gateway = TRY(call.write([&](metadata::Transaction& txn) -> Result<NatGatewayRecord> {
    if (const auto made = TRY(find_made(txn, call, input.client_token))) {
      return kNatGateways.get(txn, call.scope, *made);
    }
    NatGatewayRecord made = TRY(make_gateway(txn, call, input));
    put_tags(txn, call.scope, made.id, tags);
    remember_made(txn, call, input.client_token, made.id);
    return made;
  }));
  call.settle_vpc(gateway.vpc);
  return CreateNatGatewayOutput{.client_token = input.client_token, .nat_gateway = to_wire(gateway, tags)};
}

Result<DeleteNatGatewayOutput> delete_nat_gateway(Call& call, const DeleteNatGatewayInput& input) {
  auto vpc = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    NatGatewayRecord gateway = TRY(kNatGateways.get(txn, call.scope, input.nat_gateway_id));
    if (gateway.deleted_at) return gateway.vpc;
    if (!gateway.allocation.empty()) {
      auto elastic = TRY(kElasticIps.get(txn, call.scope, gateway.allocation));
      TRY(disassociate(txn, call.scope, elastic));
    }
    const auto interface = TRY(kInterfaces.find(txn, call.scope, gateway.interface));
    if (interface) TRY(remove_interface(txn, call.scope, *interface));
    gateway.deleted_at = call.context.now;
    kNatGateways.put(txn, call.scope, gateway);
    // It no longer keeps its VPC from going.
    kNatGateways.leave_vpc(txn, call.scope, gateway);
    return gateway.vpc;
  }));
  call.settle_vpc(vpc);
  return DeleteNatGatewayOutput{.nat_gateway_id = input.nat_gateway_id};
}

}  // namespace aerolith::ec2
