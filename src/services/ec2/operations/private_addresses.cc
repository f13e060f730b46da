// Secondary private addresses of interfaces: they come, go, and move from one to another.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ec2/operations/assign_private_ip_addresses.h"
#include "ec2/operations/unassign_private_ip_addresses.h"
#include "services/ec2/addresses.h"
#include "services/ec2/attachments.h"
#include "services/ec2/cidr.h"
#include "services/ec2/filters.h"
#include "services/ec2/interfaces.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/operations/operations.h"

namespace aerolith::ec2 {
namespace {

// Has the interface of the same subnet that has it as a secondary address let go of it. -> what it had there: an
// Elastic IP goes with the address to the interface `to`. Nobody has it, or as his primary one: nothing changes.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssignPrivateIpAddresses.html
Result<PrivateAddressRecord> leave_address(metadata::Transaction& txn, const Scope& scope, const InterfaceRecord& to,
                                           const std::string& address) {
  const auto number = parse_ipv4(address);
  if (!number) return PrivateAddressRecord{};
  const auto holder = TRY(kPrivateAddresses.get(txn, {scope.account, scope.region, to.subnet, *number}));
  if (!holder || holder->owner == to.id) return PrivateAddressRecord{};
  auto from = TRY(kInterfaces.find(txn, scope, holder->owner));
  if (!from || !from->requester.empty()) return PrivateAddressRecord{};  // a service's keeps its own
  const auto found = std::ranges::find(from->addresses, address, &PrivateAddressRecord::address);
  if (found == from->addresses.begin() || found == from->addresses.end()) return PrivateAddressRecord{};
  PrivateAddressRecord left = std::move(*found);
  from->addresses.erase(found);
  kInterfaces.put(txn, scope, *from);
  give_private_address_back(txn, scope, to.subnet, address);
  if (!left.public_address) return left;
  if (auto elastic = TRY(kElasticIps.find(txn, scope, left.public_address->allocation))) {
    elastic->interface = to.id;
    kElasticIps.put(txn, scope, *elastic);
  }
  return left;
}

// One that no instance has may have more than an instance would take.
Result<> check_room(metadata::ReadTransaction& txn, const Scope& scope, const InterfaceRecord& interface) {
  if (!interface.attachment || interface.attachment->instance.empty()) return {};
  const auto instance = TRY(kInstances.find(txn, scope, interface.attachment->instance));
  const TypeFacts* const type = instance ? find_instance_type(instance->type) : nullptr;
  return type == nullptr ? Result<>() : check_address_count(*type, interface.addresses.size());
}

}  // namespace

Result<AssignPrivateIpAddressesOutput> assign_private_ip_addresses(Call& call,
                                                                   const AssignPrivateIpAddressesInput& input) {
  if (input.ipv4_prefixes || input.ipv4_prefix_count) return errors::unsupported("There are no prefixes of addresses.");
  const Strings wanted = input.private_ip_addresses.value_or(Strings());
  const int32_t count = input.secondary_private_ip_address_count.value_or(0);
  if (wanted.empty() == (count <= 0)) {
    return errors::invalid_combination(
        "Exactly one of privateIpAddress and secondaryPrivateIpAddressCount must be given.");
  }
  AssignPrivateIpAddressesOutput output{.network_interface_id = input.network_interface_id};
  auto vpc = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    output.assigned_private_ip_addresses = std::vector<AssignedPrivateIpAddress>();
    InterfaceRecord interface = TRY(kInterfaces.get(txn, call.scope, input.network_interface_id));
    const SubnetRecord subnet = TRY(kSubnets.get(txn, call.scope, interface.subnet));
    std::vector<std::optional<std::string>> asked(wanted.begin(), wanted.end());
    asked.resize(asked.size() + static_cast<size_t>(count));
    for (const auto& each : asked) {
      PrivateAddressRecord moved;
      if (each && input.allow_reassignment.value_or(false)) {
        moved = TRY(leave_address(txn, call.scope, interface, *each));
        if (find_address(interface, *each) != nullptr) continue;  // it has it already
      }
      std::string address = TRY(take_private_address(txn, call.scope, subnet, interface.id, each));
      output.assigned_private_ip_addresses->push_back({.private_ip_address = address});
      interface.addresses.push_back({.address = std::move(address), .public_address = std::move(moved.public_address)});
    }
    TRY(check_room(txn, call.scope, interface));
    kInterfaces.put(txn, call.scope, interface);
    return interface.vpc;
  }));
  call.settle_vpc(vpc);
  return output;
}

Result<NoOutput> unassign_private_ip_addresses(Call& call, const UnassignPrivateIpAddressesInput& input) {
  auto vpc = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    InterfaceRecord interface = TRY(kInterfaces.get(txn, call.scope, input.network_interface_id));
    for (const std::string& address : input.private_ip_addresses.value_or(Strings())) {
      const auto found = std::ranges::find(interface.addresses, address, &PrivateAddressRecord::address);
      if (found == interface.addresses.end() || found == interface.addresses.begin()) {
        return errors::invalid_parameter(
            fmt::format("Some of [{}] are not assigned to interface {}", address, interface.id));
      }
      if (found->public_address) {
        auto elastic = TRY(kElasticIps.get(txn, call.scope, found->public_address->allocation));
        erase_part(txn, call.scope, elastic.association);
        elastic = {.id = elastic.id, .address = elastic.address};
        kElasticIps.put(txn, call.scope, elastic);
      }
      give_private_address_back(txn, call.scope, interface.subnet, address);
      interface.addresses.erase(found);
    }
    kInterfaces.put(txn, call.scope, interface);
    return interface.vpc;
  }));
  call.settle_vpc(vpc);
  return NoOutput{};
}

}  // namespace aerolith::ec2
