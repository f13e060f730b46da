// What an instance was launched with, as a launch template would say it.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetLaunchTemplateData.html
#include "base/encoding.h"
#include "ec2/operations/get_launch_template_data.h"
#include "services/ec2/instance_tables.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/tags.h"

namespace aerolith::ec2 {
namespace {

using InterfaceSpecification = LaunchTemplateInstanceNetworkInterfaceSpecification;

InterfaceSpecification to_template(const InstanceRecord& instance, const InterfaceRecord& interface) {
  InterfaceSpecification shown{.description = interface.description,
                               .groups = interface.groups,
                               .private_ip_addresses = std::vector<PrivateIpAddressSpecification>(),
                               .subnet_id = interface.subnet,
                               .network_card_index = 0};
  if (interface.attachment) {
    shown.delete_on_termination = interface.attachment->delete_on_termination;
    shown.device_index = interface.attachment->device_index;
    if (*shown.device_index == 0) shown.associate_public_ip_address = instance.gets_public_address;
  }
  for (const PrivateAddressRecord& each : interface.addresses) {
    const bool is_primary = shown.private_ip_addresses->empty();
    if (is_primary) shown.private_ip_address = each.address;
    shown.private_ip_addresses->push_back({.primary = is_primary, .private_ip_address = each.address});
  }
  return shown;
}

LaunchTemplateBlockDeviceMapping to_template(const InstanceVolume& attached, const VolumeRecord& volume) {
  LaunchTemplateEbsBlockDevice ebs{.encrypted = volume.encrypted,
                                   .delete_on_termination = attached.delete_on_termination,
                                   .volume_size = volume.size_gib,
                                   .volume_type = volume.type};
  if (volume.iops) ebs.iops = volume.iops;
  if (volume.throughput) ebs.throughput = volume.throughput;
  if (!volume.snapshot.empty()) ebs.snapshot_id = volume.snapshot;
  return {.device_name = attached.device, .ebs = std::move(ebs)};
}

LaunchTemplatePlacement placement_of(const InstanceRecord& record) {
  LaunchTemplatePlacement placement{
      .availability_zone = record.zone, .group_name = record.placement_group, .tenancy = record.tenancy};
  if (record.partition > 0) placement.partition_number = record.partition;
  return placement;
}

LaunchTemplateInstanceMetadataOptions to_template(const MetadataOptionsRecord& options) {
  return {.http_tokens = options.tokens_required ? "required" : "optional",
          .http_put_response_hop_limit = options.hop_limit,
          .http_endpoint = options.enabled ? "enabled" : "disabled",
          .instance_metadata_tags = options.shows_tags ? "enabled" : "disabled"};
}

// Those that AWS gave itself can't be given to another.
std::vector<Tag> tags_to_give(const TagMap& tags) {
  std::vector<Tag> given;
  for (const auto& [key, value] : tags) {
    if (!key.starts_with("aws:")) given.push_back({.key = key, .value = value});
  }
  return given;
}

ResponseLaunchTemplateData facts_of(const InstanceRecord& record, const TagMap& tags) {
  ResponseLaunchTemplateData data{
      .ebs_optimized = record.ebs_optimized,
      .block_device_mappings = std::vector<LaunchTemplateBlockDeviceMapping>(),
      .network_interfaces = std::vector<InterfaceSpecification>(),
      .image_id = record.image,
      .instance_type = record.type,
      .monitoring = LaunchTemplatesMonitoring{.enabled = record.monitoring},
      .placement = placement_of(record),
      .disable_api_termination = record.refuses_termination,
      .instance_initiated_shutdown_behavior = record.terminates_on_shutdown ? "terminate" : "stop",
      .cpu_options = LaunchTemplateCpuOptions{.core_count = record.cores, .threads_per_core = record.threads_per_core},
      .capacity_reservation_specification =
          LaunchTemplateCapacityReservationSpecificationResponse{.capacity_reservation_preference =
                                                                     record.uses_reservations ? "open" : "none"},
      .metadata_options = to_template(record.metadata_options),
      .maintenance_options =
          LaunchTemplateInstanceMaintenanceOptions{.auto_recovery = record.recovers ? "default" : "disabled"},
      .disable_api_stop = record.refuses_stop};
  if (!record.key_name.empty()) data.key_name = record.key_name;
  if (!record.credits.empty()) data.credit_specification = CreditSpecification{.cpu_credits = record.credits};
  if (!record.profile_arn.empty()) {
    data.iam_instance_profile = LaunchTemplateIamInstanceProfileSpecification{.arn = record.profile_arn};
  }
  if (auto given = tags_to_give(tags); !given.empty()) {
    data.tag_specifications = {{.resource_type = "instance", .tags = std::move(given)}};
  }
  return data;
}

}  // namespace

Result<GetLaunchTemplateDataOutput> get_launch_template_data(Call& call, const GetLaunchTemplateDataInput& input) {
  const auto txn = call.read();
  const InstanceRecord record = TRY(kInstances.get(*txn, call.scope, input.instance_id));
  ResponseLaunchTemplateData data = facts_of(record, TRY(tags_of(*txn, call.scope, record.id)));
  for (const InstanceVolume& each : record.volumes) {
    const auto volume = TRY(kVolumes.find(*txn, call.scope, each.volume));
    if (volume) data.block_device_mappings->push_back(to_template(each, *volume));
  }
  for (const std::string& id : record.interfaces) {
    const auto interface = TRY(kInterfaces.find(*txn, call.scope, id));
    if (interface) data.network_interfaces->push_back(to_template(record, *interface));
  }
  const auto user_data = TRY(kUserData.get(*txn, {call.scope.account, call.scope.region, record.id}));
  if (user_data) data.user_data = base64_encode(user_data->data);
  return GetLaunchTemplateDataOutput{.launch_template_data = std::move(data)};
}

}  // namespace aerolith::ec2
