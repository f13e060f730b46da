#include <fmt/format.h>

#include <array>

#include "ec2/operations/attach_internet_gateway.h"
#include "ec2/operations/create_internet_gateway.h"
#include "ec2/operations/delete_internet_gateway.h"
#include "ec2/operations/describe_internet_gateways.h"
#include "ec2/operations/detach_internet_gateway.h"
#include "services/ec2/describe.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/tags.h"

namespace aerolith::ec2 {
namespace {

constexpr size_t kMaxGateways = 500;  // as many as VPCs

using InternetGatewayFilter = FilterDefinition<InternetGatewayRecord>;
constexpr std::array kInternetGatewayFilters{
    InternetGatewayFilter{
        "internet-gateway-id",
        [](const Lookup&, const InternetGatewayRecord& r) -> Result<Strings> { return Strings{r.id}; }},
    InternetGatewayFilter{"attachment.vpc-id",
                          [](const Lookup&, const InternetGatewayRecord& r) -> Result<Strings> {
                            return r.vpc.empty() ? Strings() : Strings{r.vpc};
                          }},
    InternetGatewayFilter{"attachment.state",
                          [](const Lookup&, const InternetGatewayRecord& r) -> Result<Strings> {
                            return r.vpc.empty() ? Strings() : Strings{"available"};
                          }},
};

InternetGateway to_wire(const Scope& scope, const InternetGatewayRecord& record, const TagMap& tags) {
  InternetGateway gateway{.attachments = std::vector<InternetGatewayAttachment>(),
                          .internet_gateway_id = record.id,
                          .owner_id = scope.account.str(),
                          .tags = wire_tags(tags)};
  if (!record.vpc.empty()) gateway.attachments->push_back({.state = "available", .vpc_id = record.vpc});
  return gateway;
}

// An interface whose address the gateway translates.
Result<bool> has_public_address(metadata::ReadTransaction& txn, const Scope& scope, const std::string& vpc) {
  for (const InterfaceRecord& interface : TRY(kInterfaces.in_vpc(txn, scope, vpc))) {
    for (const PrivateAddressRecord& address : interface.addresses) {
      if (address.public_address) return true;
    }
  }
  return false;
}

}  // namespace

Result<DescribeInternetGatewaysOutput> describe_internet_gateways(Call& call,
                                                                  const DescribeInternetGatewaysInput& input) {
  const auto txn = call.read();
  const auto page = TRY(describe<InternetGatewayRecord>(
      *txn, call.scope, kInternetGateways, kInternetGatewayFilters,
      {input.internet_gateway_ids, input.filters, input.max_results, input.next_token}));
  DescribeInternetGatewaysOutput output{.internet_gateways = std::vector<InternetGateway>(),
                                        .next_token = page.next_token};
  for (const auto& [record, tags] : page.items) output.internet_gateways->push_back(to_wire(call.scope, record, tags));
  return output;
}

Result<CreateInternetGatewayOutput> create_internet_gateway(Call& call, const CreateInternetGatewayInput& input) {
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::internet_gateway));
  const InternetGatewayRecord gateway{.id = make_id(Kind::internet_gateway)};
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    if (TRY(kInternetGateways.all(txn, call.scope)).size() >= kMaxGateways) {
      return errors::of("InternetGatewayLimitExceeded", "The maximum number of internet gateways has been reached.");
    }
    kInternetGateways.put(txn, call.scope, gateway);
    put_tags(txn, call.scope, gateway.id, tags);
    return {};
  }));
  return CreateInternetGatewayOutput{.internet_gateway = to_wire(call.scope, gateway, tags)};
}

Result<NoOutput> delete_internet_gateway(Call& call, const DeleteInternetGatewayInput& input) {
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    const auto gateway = TRY(kInternetGateways.get(txn, call.scope, input.internet_gateway_id));
    if (!gateway.vpc.empty()) {
      return errors::dependency(
          fmt::format("The internetGateway '{}' has dependencies and cannot be deleted.", gateway.id));
    }
    kInternetGateways.erase(txn, call.scope, gateway);
    return {};
  }));
  return NoOutput{};
}

Result<NoOutput> attach_internet_gateway(Call& call, const AttachInternetGatewayInput& input) {
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    auto gateway = TRY(kInternetGateways.get(txn, call.scope, input.internet_gateway_id));
    const VpcRecord vpc = TRY(kVpcs.get(txn, call.scope, input.vpc_id));
    if (!gateway.vpc.empty()) {
      return errors::of("Resource.AlreadyAssociated",
                        fmt::format("resource {} is already attached to network {}", gateway.id, gateway.vpc));
    }
    if (!TRY(members_of(txn, call.scope, vpc.id, Kind::internet_gateway)).empty()) {
      return errors::invalid_parameter(fmt::format("Network {} already has an internet gateway attached", vpc.id));
    }
    gateway.vpc = vpc.id;
    kInternetGateways.put(txn, call.scope, gateway);
    return {};
  }));
  call.settle_vpc(*input.vpc_id);
  return NoOutput{};
}

Result<NoOutput> detach_internet_gateway(Call& call, const DetachInternetGatewayInput& input) {
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    auto gateway = TRY(kInternetGateways.get(txn, call.scope, input.internet_gateway_id));
    TRY(kVpcs.get(txn, call.scope, input.vpc_id));
    if (gateway.vpc != *input.vpc_id) {
      return errors::of("Gateway.NotAttached",
                        fmt::format("resource {} is not attached to network {}", gateway.id, *input.vpc_id));
    }
    if (TRY(has_public_address(txn, call.scope, gateway.vpc))) {
      return errors::dependency(fmt::format(
          "Network {} has some mapped public address(es). Please unmap those public address(es) before detaching the "
          "gateway.",
          gateway.vpc));
    }
    kInternetGateways.leave_vpc(txn, call.scope, gateway);
    gateway.vpc.clear();
    kInternetGateways.put(txn, call.scope, gateway);
    return {};
  }));
  call.settle_vpc(*input.vpc_id);
  return NoOutput{};
}

}  // namespace aerolith::ec2
