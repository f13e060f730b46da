#include "services/ec2/instances.h"

#include <fmt/format.h>

#include <algorithm>

#include "services/ec2/addresses.h"
#include "services/ec2/attachments.h"
#include "services/ec2/instance_types.h"
#include "services/ec2/placement_groups.h"
#include "services/ec2/vpcs.h"

namespace aerolith::ec2 {
namespace {

std::optional<InstanceNetworkInterfaceAssociation> association_of(const Scope& scope,
                                                                  const PrivateAddressRecord& address, bool has_name) {
  if (!address.public_address) return std::nullopt;
  const PublicAddressRecord& record = *address.public_address;
  return InstanceNetworkInterfaceAssociation{
      .ip_owner_id = record.allocation.empty() ? "amazon" : scope.account.str(),
      .public_dns_name = has_name ? public_name(scope.region, record.address) : "",
      .public_ip = record.address};
}

InstanceMetadataOptionsResponse to_wire(const MetadataOptionsRecord& record) {
  return {.state = "applied",
          .http_tokens = record.tokens_required ? "required" : "optional",
          .http_put_response_hop_limit = record.hop_limit,
          .http_endpoint = record.enabled ? "enabled" : "disabled",
          .http_protocol_ipv6 = "disabled",
          .instance_metadata_tags = record.shows_tags ? "enabled" : "disabled"};
}

}  // namespace

InstanceState to_wire(LifeState state) {
  return {.code = static_cast<int32_t>(state), .name = std::string(name_of(state))};
}

std::string user_initiated(Timestamp now) {
  std::string at = format_iso8601(std::chrono::floor<std::chrono::seconds>(now));
  at.replace(at.find('T'), 1, " ");
  at.pop_back();
  return fmt::format("User initiated ({} GMT)", at);
}

InstanceViewer::InstanceViewer(metadata::ReadTransaction& txn, const Scope& scope)
    : txn_(txn), scope_(scope), zones_(zones_of(scope.region)), groups_(txn, scope) {}

Result<bool> InstanceViewer::names_public_addresses(const InterfaceRecord& record) {
  // Long lists are shown: the VPC is looked at only where it matters.
  const bool has_public = std::ranges::any_of(
      record.addresses, [](const PrivateAddressRecord& address) { return address.public_address.has_value(); });
  if (!has_public) return false;
  auto known = has_public_names_.find(record.vpc);
  if (known == has_public_names_.end()) {
    known = has_public_names_.emplace(record.vpc, TRY(has_public_names(txn_, scope_, record.vpc))).first;
  }
  return known->second;
}

Result<> InstanceViewer::show_interface(const InterfaceRecord& record, InstanceNetworkInterface& to) {
  const PrivateAddressRecord& primary = record.addresses.front();
  const bool has_names = TRY(names_public_addresses(record));
  to.association = association_of(scope_, primary, has_names);
  to.description = record.description;
  to.groups = TRY(groups_.shown(record.groups));
  to.ipv6_addresses.emplace();
  to.mac_address = record.mac;
  to.network_interface_id = record.id;
  to.owner_id = scope_.account.str();
  to.private_dns_name = private_name(scope_.region, primary.address);
  to.private_ip_address = primary.address;
  to.source_dest_check = record.source_dest_check;
  to.status = "in-use";
  to.subnet_id = record.subnet;
  to.vpc_id = record.vpc;
  to.interface_type = record.type;
  if (const auto& attachment = record.attachment) {
    to.attachment = InstanceNetworkInterfaceAttachment{.attach_time = attachment->at,
                                                       .attachment_id = attachment->id,
                                                       .delete_on_termination = attachment->delete_on_termination,
                                                       .device_index = attachment->device_index,
                                                       .status = std::string(name_of(attachment->state)),
                                                       .network_card_index = 0};
  }
  to.private_ip_addresses.emplace().reserve(record.addresses.size());
  for (const PrivateAddressRecord& address : record.addresses) {
    const bool is_primary = &address == &primary;
    to.private_ip_addresses->push_back(
        {.association = association_of(scope_, address, has_names),
         .primary = is_primary,
         .private_dns_name = is_primary ? to.private_dns_name : private_name(scope_.region, address.address),
         .private_ip_address = address.address});
  }
  return {};
}

Result<> InstanceViewer::show_network(const InstanceRecord& record, Instance& to) {
  to.network_interfaces.emplace();
  to.security_groups.emplace();
  to.private_dns_name = "";
  to.public_dns_name = "";
  if (record.state == LifeState::terminated || record.interfaces.empty()) return {};
  to.subnet_id = record.subnet;
  to.vpc_id = record.vpc;
  to.private_ip_address = record.private_address;
  to.private_dns_name = private_name(scope_.region, record.private_address);
  to.network_interfaces->reserve(record.interfaces.size());
  for (const std::string& id : record.interfaces) {
    const auto interface = TRY(kInterfaces.find(txn_, scope_, id));
    if (!interface) continue;
    TRY(show_interface(*interface, to.network_interfaces->emplace_back()));
    if (to.network_interfaces->size() > 1) continue;
    const InstanceNetworkInterface& first = to.network_interfaces->front();
    to.security_groups = first.groups;
    to.source_dest_check = interface->source_dest_check;
    if (first.association) {
      to.public_ip_address = first.association->public_ip;
      to.public_dns_name = first.association->public_dns_name;
    }
  }
  return {};
}

Result<Placement> InstanceViewer::show_placement(const InstanceRecord& record) {
  Placement placement{
      .group_name = record.placement_group, .tenancy = record.tenancy, .availability_zone = record.zone};
  const auto zone = std::ranges::find(zones_, record.zone, &Zone::name);
  if (zone != zones_.end()) placement.availability_zone_id = zone->id;
  if (record.partition > 0) placement.partition_number = record.partition;
  if (record.placement_group.empty()) return placement;
  // Of one that is terminated the group may be gone.
  const auto group =
      TRY(kNames.get(txn_, {scope_.account, scope_.region, placement_group_key(record.placement_group)}));
  if (group) placement.group_id = group->owner;
  return placement;
}

Result<> InstanceViewer::show(const InstanceRecord& record, const TagMap& tags, Instance& to) {
  const TypeFacts* const type = find_instance_type(record.type);
  to.architecture = record.architecture;
  to.block_device_mappings.emplace();
  to.client_token = record.client_token;
  to.ebs_optimized = record.ebs_optimized;
  to.ena_support = true;
  to.hypervisor = "xen";
  to.root_device_name = record.root_device;
  to.root_device_type = "ebs";
  to.tags = wire_tags_if_any(tags);
  to.virtualization_type = "hvm";
  to.cpu_options = CpuOptions{.core_count = record.cores, .threads_per_core = record.threads_per_core};
  to.capacity_reservation_specification = CapacityReservationSpecificationResponse{
      .capacity_reservation_preference = record.uses_reservations ? "open" : "none"};
  to.hibernation_options = HibernationOptions{.configured = false};
  to.metadata_options = to_wire(record.metadata_options);
  to.enclave_options = EnclaveOptions{.enabled = false};
  to.platform_details = record.platform_details;
  to.usage_operation = record.usage_operation;
  to.usage_operation_update_time = record.launched_at;
  to.private_dns_name_options = PrivateDnsNameOptionsResponse{.hostname_type = "ip-name",
                                                              .enable_resource_name_dns_a_record = false,
                                                              .enable_resource_name_dns_aaaa_record = false};
  to.maintenance_options =
      InstanceMaintenanceOptions{.auto_recovery = record.recovers ? "default" : "disabled",
                                 .reboot_migration = record.migrates_at_reboot ? "default" : "disabled"};
  to.current_instance_boot_mode = "legacy-bios";
  to.instance_id = record.id;
  to.image_id = record.image;
  to.state = to_wire(record.state);
  to.state_transition_reason = record.transition_reason.starts_with("User initiated (") ? record.transition_reason : "";
  to.ami_launch_index = record.launch_index;
  to.product_codes.emplace();
  to.instance_type = record.type;
  to.launch_time = record.launched_at;
  to.placement = TRY(show_placement(record));
  to.monitoring = Monitoring{.state = record.monitoring ? "enabled" : "disabled"};
  if (type != nullptr && !type->is_xen()) to.hypervisor = "nitro";
  if (!record.key_name.empty()) to.key_name = record.key_name;
  if (!record.profile_arn.empty()) {
    to.iam_instance_profile = IamInstanceProfile{.arn = record.profile_arn, .id = record.profile_id};
  }
  if (!record.reason_code.empty()) {
    to.state_reason = StateReason{.code = record.reason_code, .message = record.reason_message};
  }
  to.block_device_mappings->reserve(record.volumes.size());
  for (const InstanceVolume& each : record.volumes) {
    to.block_device_mappings->push_back(
        {.device_name = each.device,
         .ebs = EbsInstanceBlockDevice{.attach_time = each.attached_at,
                                       .delete_on_termination = each.delete_on_termination,
                                       .status = std::string(name_of(each.state)),
                                       .volume_id = each.volume}});
  }
  return show_network(record, to);
}

Result<Instance> shown(metadata::ReadTransaction& txn, const Scope& scope, const InstanceRecord& record,
                       const TagMap& tags) {
  Instance result;
  TRY(InstanceViewer(txn, scope).show(record, tags, result));
  return result;
}

Result<> check_cpus(const TypeFacts& type, std::optional<int32_t> cores, std::optional<int32_t> threads_per_core) {
  const int32_t wanted_cores = cores.value_or(type.cores());
  const int32_t wanted_threads = threads_per_core.value_or(type.threads_per_core);
  const bool valid = wanted_cores >= 1 && wanted_cores <= type.cores() && wanted_threads >= 1 &&
                     wanted_threads <= type.threads_per_core;
  if (valid) return {};
  return errors::invalid_parameter(
      fmt::format("The CPU options are not valid for {}: at most {} cores with {} threads each.", type.name,
                  type.cores(), type.threads_per_core));
}

Result<> give_own_address(metadata::Transaction& txn, const Cloud& cloud, const Scope& scope,
                          const InstanceRecord& instance) {
  if (!instance.gets_public_address || instance.interfaces.empty()) return {};
  auto interface = TRY(kInterfaces.get(txn, scope, instance.interfaces.front()));
  PrivateAddressRecord& primary = interface.addresses.front();
  if (primary.public_address) return {};
  primary.public_address =
      PublicAddressRecord{.address = TRY(take_public_address(txn, cloud.settings.public_cidr, scope, interface.id))};
  kInterfaces.put(txn, scope, interface);
  return {};
}

}  // namespace aerolith::ec2
