#include "services/ec2/shown_image.h"

#include "services/ec2/block_devices.h"
#include "services/ec2/image_parameters.h"
#include "services/ec2/tags.h"

namespace aerolith::ec2 {
namespace {

constexpr std::string_view kOwnAlias = "amazon";  // of images that are the installation's

}  // namespace

std::string owner_of(const ImageRecord& image) { return image.owner.empty() ? std::string(kOwnAlias) : image.owner; }

std::string_view protection_of(const ImageRecord& image) {
  if (!image.refuses_deregistration) return "disabled";
  return image.has_cooldown ? "enabled-with-cooldown" : "enabled-without-cooldown";
}

Image show_image(const Scope& scope, const ImageRecord& record, const TagMap& tags) {
  Image image{.platform_details = "Linux/UNIX",
              .usage_operation = "RunInstances",
              .block_device_mappings = std::vector<BlockDeviceMapping>(),
              .hypervisor = "xen",
              .name = record.name,
              .root_device_name = record.root_device,
              .root_device_type = "ebs",
              .tags = wire_tags_if_any(tags),
              .virtualization_type = "hvm",
              .image_id = record.id,
              .image_location = owner_of(record) + "/" + record.name,
              .state = std::string(name_of(record.state)),
              .owner_id = owner_of(record),
              .creation_date = format_iso8601_millis(record.created_at),
              .public_ = record.is_public || record.owner.empty(),
              .architecture = record.architecture,
              .image_type = "machine"};
  if (!record.description.empty()) image.description = record.description;
  if (record.owner.empty()) {
    image.image_owner_alias = std::string(kOwnAlias);
    image.public_ssm_parameter_name = parameter_of(record);
  }
  if (record.ena_support) image.ena_support = true;
  if (!record.sriov_net_support.empty()) image.sriov_net_support = record.sriov_net_support;
  if (!record.boot_mode.empty()) image.boot_mode = record.boot_mode;
  if (!record.failure.empty())
    image.state_reason = StateReason{.code = "Server.InternalError", .message = record.failure};
  if (!record.source_instance.empty()) image.source_instance_id = record.source_instance;
  if (!record.source_image.empty()) {
    image.source_image_id = record.source_image;
    image.source_image_region = scope.region.str();
  }
  if (record.deprecated_at) image.deprecation_time = format_iso8601_millis(*record.deprecated_at);
  image.deregistration_protection = std::string(protection_of(record));
  if (record.requires_imds_v2) image.imds_support = "v2.0";
  for (const BlockDeviceRecord& device : record.devices) image.block_device_mappings->push_back(to_wire(device));
  for (const auto& [device, name] : record.instance_stores) {
    image.block_device_mappings->push_back({.device_name = device, .virtual_name = name});
  }
  return image;
}

}  // namespace aerolith::ec2
