#include "services/ec2/instances.h"

#include <fmt/format.h>

#include <algorithm>

#include "services/ec2/addresses.h"
#include "services/ec2/attachments.h"
#include "services/ec2/instance_types.h"
#include "services/ec2/interfaces.h"
#include "services/ec2/vpcs.h"
#include "services/ec2/zones.h"

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

Result<InstanceNetworkInterface> shown_interface(metadata::ReadTransaction& txn, const Scope& scope,
                                                 const InterfaceRecord& record) {
  const PrivateAddressRecord& primary = record.addresses.front();
  // Long lists are shown: the VPC is looked at only where it matters.
  const bool has_public = std::ranges::any_of(
      record.addresses, [](const PrivateAddressRecord& address) { return address.public_address.has_value(); });
  const bool has_names = has_public && TRY(has_public_names(txn, scope, record.vpc));
  InstanceNetworkInterface result{.association = association_of(scope, primary, has_names),
                                  .description = record.description,
                                  .groups = TRY(shown_groups(txn, scope, record.groups)),
                                  .ipv6_addresses = std::vector<InstanceIpv6Address>(),
                                  .mac_address = record.mac,
                                  .network_interface_id = record.id,
                                  .owner_id = scope.account.str(),
                                  .private_dns_name = private_name(scope.region, primary.address),
                                  .private_ip_address = primary.address,
                                  .private_ip_addresses = std::vector<InstancePrivateIpAddress>(),
                                  .source_dest_check = record.source_dest_check,
                                  .status = "in-use",
                                  .subnet_id = record.subnet,
                                  .vpc_id = record.vpc,
                                  .interface_type = record.type};
  if (record.attachment) {
    result.attachment =
        InstanceNetworkInterfaceAttachment{.attach_time = record.attachment->at,
                                           .attachment_id = record.attachment->id,
                                           .delete_on_termination = record.attachment->delete_on_termination,
                                           .device_index = record.attachment->device_index,
                                           .status = std::string(name_of(record.attachment->state)),
                                           .network_card_index = 0};
  }
  for (const PrivateAddressRecord& address : record.addresses) {
    result.private_ip_addresses->push_back({.association = association_of(scope, address, has_names),
                                            .primary = &address == &primary,
                                            .private_dns_name = private_name(scope.region, address.address),
                                            .private_ip_address = address.address});
  }
  return result;
}

Result<> show_network(metadata::ReadTransaction& txn, const Scope& scope, const InstanceRecord& record,
                      Instance& result) {
  result.network_interfaces = std::vector<InstanceNetworkInterface>();
  result.security_groups = std::vector<GroupIdentifier>();
  result.private_dns_name = "";
  result.public_dns_name = "";
  if (record.state == LifeState::terminated || record.interfaces.empty()) return {};
  result.subnet_id = record.subnet;
  result.vpc_id = record.vpc;
  result.private_ip_address = record.private_address;
  result.private_dns_name = private_name(scope.region, record.private_address);
  for (const std::string& id : record.interfaces) {
    const auto interface = TRY(kInterfaces.find(txn, scope, id));
    if (!interface) continue;
    result.network_interfaces->push_back(TRY(shown_interface(txn, scope, *interface)));
    if (result.network_interfaces->size() > 1) continue;
    const InstanceNetworkInterface& first = result.network_interfaces->front();
    result.security_groups = first.groups;
    result.source_dest_check = interface->source_dest_check;
    if (first.association) {
      result.public_ip_address = first.association->public_ip;
      result.public_dns_name = first.association->public_dns_name;
    }
  }
  return {};
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

Result<Instance> shown(metadata::ReadTransaction& txn, const Scope& scope, const InstanceRecord& record,
                       const TagMap& tags) {
  const TypeFacts* const type = find_instance_type(record.type);
  Instance result{
      .architecture = record.architecture,
      .block_device_mappings = std::vector<InstanceBlockDeviceMapping>(),
      .client_token = record.client_token,
      .ebs_optimized = record.ebs_optimized,
      .ena_support = true,
      .hypervisor = "xen",
      .root_device_name = record.root_device,
      .root_device_type = "ebs",
      .tags = wire_tags(tags),
      .virtualization_type = "hvm",
      .cpu_options = CpuOptions{.core_count = record.cores, .threads_per_core = record.threads_per_core},
      .capacity_reservation_specification =
          CapacityReservationSpecificationResponse{.capacity_reservation_preference = "open"},
      .hibernation_options = HibernationOptions{.configured = false},
      .metadata_options = to_wire(record.metadata_options),
      .enclave_options = EnclaveOptions{.enabled = false},
      .platform_details = record.platform_details,
      .usage_operation = record.usage_operation,
      .usage_operation_update_time = record.launched_at,
      .private_dns_name_options = PrivateDnsNameOptionsResponse{.hostname_type = "ip-name",
                                                                .enable_resource_name_dns_a_record = false,
                                                                .enable_resource_name_dns_aaaa_record = false},
      .maintenance_options = InstanceMaintenanceOptions{.auto_recovery = "default"},
      .current_instance_boot_mode = "legacy-bios",
      .instance_id = record.id,
      .image_id = record.image,
      .state = to_wire(record.state),
      .state_transition_reason =
          record.transition_reason.starts_with("User initiated (") ? record.transition_reason : "",
      .ami_launch_index = record.launch_index,
      .product_codes = std::vector<ProductCode>(),
      .instance_type = record.type,
      .launch_time = record.launched_at,
      .placement =
          Placement{.group_name = record.placement_group, .tenancy = record.tenancy, .availability_zone = record.zone},
      .monitoring = Monitoring{.state = record.monitoring ? "enabled" : "disabled"}};
  if (type != nullptr && !type->is_xen()) result.hypervisor = "nitro";
  if (const auto zone = find_zone(scope.region, record.zone)) result.placement->availability_zone_id = zone->id;
  if (!record.key_name.empty()) result.key_name = record.key_name;
  if (!record.profile_arn.empty()) {
    result.iam_instance_profile = IamInstanceProfile{.arn = record.profile_arn, .id = record.profile_id};
  }
  if (!record.reason_code.empty()) {
    result.state_reason = StateReason{.code = record.reason_code, .message = record.reason_message};
  }
  for (const InstanceVolume& each : record.volumes) {
    result.block_device_mappings->push_back(
        {.device_name = each.device,
         .ebs = EbsInstanceBlockDevice{.attach_time = each.attached_at,
                                       .delete_on_termination = each.delete_on_termination,
                                       .status = std::string(name_of(each.state)),
                                       .volume_id = each.volume}});
  }
  TRY(show_network(txn, scope, record, result));
  return result;
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
