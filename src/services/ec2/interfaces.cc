#include "services/ec2/interfaces.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/random.h"
#include "ec2/model/network_interface.h"
#include "services/ec2/addresses.h"
#include "services/ec2/attachments.h"
#include "services/ec2/vpcs.h"
#include "services/ec2/zones.h"

namespace aerolith::ec2 {
namespace {

constexpr size_t kMaxGroups = 16;

// Locally administered, as EC2's are.
std::string make_mac() {
  const std::string digits = random_hex(10);
  std::string mac = "06";
  for (size_t i = 0; i < digits.size(); i += 2) mac += ":" + digits.substr(i, 2);
  return mac;
}

Result<std::vector<std::string>> read_groups(metadata::ReadTransaction& txn, const Scope& scope,
                                             const SubnetRecord& subnet, std::vector<std::string> groups) {
  if (groups.empty()) return std::vector<std::string>{TRY(kVpcs.get(txn, scope, subnet.vpc)).default_group};
  TRY(check_group_count(groups.size()));
  for (const std::string& id : groups) {
    if (TRY(kGroups.get(txn, scope, id)).vpc == subnet.vpc) continue;
    return errors::of("InvalidParameter",
                      fmt::format("Security group {} and subnet {} belong to different networks.", id, subnet.id));
  }
  return groups;
}

}  // namespace

Result<> check_group_count(size_t count) {
  if (count <= kMaxGroups) return {};
  return errors::of("SecurityGroupsPerInterfaceLimitExceeded",
                    "The maximum number of security groups per interface has been reached.");
}

Result<InterfaceRecord> make_interface(metadata::Transaction& txn, const Scope& scope, const NewInterface& wanted) {
  InterfaceRecord interface{.id = make_id(Kind::network_interface),
                            .vpc = wanted.subnet.vpc,
                            .subnet = wanted.subnet.id,
                            .zone = wanted.subnet.zone,
                            .description = wanted.description,
                            .type = wanted.type,
                            .mac = make_mac()};
  interface.requester = wanted.requester;
  interface.groups = TRY(read_groups(txn, scope, wanted.subnet, wanted.groups));
  for (const std::string& address : wanted.addresses) {
    interface.addresses.push_back(
        {.address = TRY(take_private_address(txn, scope, wanted.subnet, interface.id, address))});
  }
  const int32_t more = wanted.more_addresses + (wanted.addresses.empty() ? 1 : 0);
  for (int32_t i = 0; i < more; ++i) {
    interface.addresses.push_back(
        {.address = TRY(take_private_address(txn, scope, wanted.subnet, interface.id, std::nullopt))});
  }
  kInterfaces.put(txn, scope, interface);
  return interface;
}

Result<> remove_interface(metadata::Transaction& txn, const Scope& scope, const InterfaceRecord& interface) {
  for (const PrivateAddressRecord& address : interface.addresses) {
    give_private_address_back(txn, scope, interface.subnet, address.address);
    if (!address.public_address) continue;
    if (address.public_address->allocation.empty()) {
      give_public_address_back(txn, address.public_address->address);
      continue;
    }
    auto elastic = TRY(kElasticIps.find(txn, scope, address.public_address->allocation));
    if (!elastic) continue;
    erase_part(txn, scope, elastic->association);
    const ElasticIpRecord freed{.id = elastic->id, .address = elastic->address};
    kElasticIps.put(txn, scope, freed);
  }
  if (interface.attachment) erase_part(txn, scope, interface.attachment->id);
  kInterfaces.erase(txn, scope, interface);
  return {};
}

PrivateAddressRecord* find_address(InterfaceRecord& interface, const std::string& address) {
  if (address.empty()) return &interface.addresses.front();
  const auto found = std::ranges::find(interface.addresses, address, &PrivateAddressRecord::address);
  return found == interface.addresses.end() ? nullptr : &*found;
}

Result<std::string> associate(metadata::Transaction& txn, const Scope& scope, ElasticIpRecord& elastic,
                              InterfaceRecord& interface, const std::string& address) {
  PrivateAddressRecord* const place = find_address(interface, address);
  if (place == nullptr) {
    return errors::invalid_parameter(
        fmt::format("The private IP address {} is not assigned to {}", address, interface.id));
  }
  // The instance's own public address goes, for good.
  if (place->public_address && place->public_address->allocation.empty()) {
    give_public_address_back(txn, place->public_address->address);
  }
  const std::string association = make_part_id("eipassoc-");
  place->public_address =
      PublicAddressRecord{.address = elastic.address, .allocation = elastic.id, .association = association};
  elastic.association = association;
  elastic.interface = interface.id;
  elastic.private_address = place->address;
  put_part(txn, scope, association, elastic.id);
  kElasticIps.put(txn, scope, elastic);
  kInterfaces.put(txn, scope, interface);
  return association;
}

Result<> disassociate(metadata::Transaction& txn, const Scope& scope, ElasticIpRecord& elastic) {
  if (elastic.association.empty()) return {};
  auto interface = TRY(kInterfaces.find(txn, scope, elastic.interface));
  if (interface) {
    if (auto* place = find_address(*interface, elastic.private_address)) place->public_address.reset();
    kInterfaces.put(txn, scope, *interface);
  }
  erase_part(txn, scope, elastic.association);
  elastic = {.id = elastic.id, .address = elastic.address};
  kElasticIps.put(txn, scope, elastic);
  return {};
}

Result<std::vector<GroupIdentifier>> GroupNames::shown(const std::vector<std::string>& groups) {
  std::vector<GroupIdentifier> result;
  result.reserve(groups.size());
  for (const std::string& id : groups) {
    auto known = names_.find(id);
    if (known == names_.end()) {
      auto group = TRY(kGroups.find(txn_, scope_, id));
      known = names_.emplace(id, group ? std::move(group->name) : std::string()).first;
    }
    result.push_back({.group_id = id, .group_name = known->second});
  }
  return result;
}

Result<std::vector<GroupIdentifier>> shown_groups(metadata::ReadTransaction& txn, const Scope& scope,
                                                  const std::vector<std::string>& groups) {
  return GroupNames(txn, scope).shown(groups);
}

namespace {

std::optional<NetworkInterfaceAssociation> shown_association(const Scope& scope, const PrivateAddressRecord& address,
                                                             bool has_name) {
  if (!address.public_address) return std::nullopt;
  const PublicAddressRecord& record = *address.public_address;
  NetworkInterfaceAssociation result{.ip_owner_id = record.allocation.empty() ? "amazon" : scope.account.str(),
                                     .public_dns_name = has_name ? public_name(scope.region, record.address) : "",
                                     .public_ip = record.address};
  if (!record.allocation.empty()) {
    result.allocation_id = record.allocation;
    result.association_id = record.association;
  }
  return result;
}

}  // namespace

Result<NetworkInterface> shown(metadata::ReadTransaction& txn, const Scope& scope, const InterfaceRecord& record,
                               const TagMap& tags) {
  const PrivateAddressRecord& primary = record.addresses.front();
  const bool has_names = TRY(has_public_names(txn, scope, record.vpc));
  NetworkInterface result{.association = shown_association(scope, primary, has_names),
                          .availability_zone = record.zone,
                          .description = record.description,
                          .groups = TRY(shown_groups(txn, scope, record.groups)),
                          .interface_type = record.type,
                          .ipv6_addresses = std::vector<NetworkInterfaceIpv6Address>(),
                          .mac_address = record.mac,
                          .network_interface_id = record.id,
                          .owner_id = scope.account.str(),
                          .private_dns_name = private_name(scope.region, primary.address),
                          .private_ip_address = primary.address,
                          .private_ip_addresses = std::vector<NetworkInterfacePrivateIpAddress>(),
                          .requester_managed = !record.requester.empty(),
                          .source_dest_check = record.source_dest_check,
                          .status = record.attachment ? "in-use" : "available",
                          .subnet_id = record.subnet,
                          .tag_set = wire_tags(tags),
                          .vpc_id = record.vpc};
  if (!record.requester.empty()) result.requester_id = record.requester;
  for (const PrivateAddressRecord& address : record.addresses) {
    result.private_ip_addresses->push_back({.association = shown_association(scope, address, has_names),
                                            .primary = &address == &primary,
                                            .private_dns_name = private_name(scope.region, address.address),
                                            .private_ip_address = address.address});
  }
  if (const auto& attachment = record.attachment) {
    result.attachment = NetworkInterfaceAttachment{.attach_time = attachment->at,
                                                   .attachment_id = attachment->id,
                                                   .delete_on_termination = attachment->delete_on_termination,
                                                   .device_index = attachment->device_index,
                                                   .network_card_index = 0,
                                                   .instance_owner_id = scope.account.str(),
                                                   .status = std::string(name_of(attachment->state))};
    if (attachment->instance.empty()) {
      result.attachment->instance_owner_id = record.requester;
    } else {
      result.attachment->instance_id = attachment->instance;
    }
  }
  return result;
}

}  // namespace aerolith::ec2
