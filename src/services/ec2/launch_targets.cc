#include "services/ec2/launch_targets.h"

#include <algorithm>
#include <optional>

#include "services/ec2/block_devices.h"
#include "services/ec2/encryption.h"
#include "services/ec2/image_parameters.h"
#include "services/ec2/launch_plan.h"
#include "services/ec2/launch_templates.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/placement_groups.h"

namespace aerolith::ec2 {
namespace {

void add(std::vector<std::string>& ids, const std::string& id) {
  if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
}

std::string template_of(metadata::ReadTransaction& txn, const Scope& scope, const RunInstancesInput& input) {
  if (!input.launch_template) return "";
  const auto& asked = *input.launch_template;
  if (asked.launch_template_id) return *asked.launch_template_id;
  const auto found = find_template(txn, scope, asked.launch_template_id, asked.launch_template_name);
  return found.has_value() ? found->id : "*";
}

std::string placement_group_of(metadata::ReadTransaction& txn, const Scope& scope, const Placement& asked) {
  if (asked.group_name && !asked.group_name->empty()) return *asked.group_name;
  const auto found = find_placement_group(txn, scope, std::nullopt, asked.group_id);
  if (!found.has_value()) return "*";
  return *found ? (*found)->name : "";
}

std::string image_of(metadata::ReadTransaction& txn, const Scope& scope, const RunInstancesInput& merged) {
  if (!merged.image_id) return "*";
  const auto resolved = resolve_image(txn, scope, *merged.image_id);
  return resolved.has_value() ? *resolved : *merged.image_id;
}

std::string default_group_of(metadata::ReadTransaction& txn, const Scope& scope, const std::string& vpc) {
  const auto found = kVpcs.find(txn, scope, vpc);
  return found.has_value() && *found ? (*found)->default_group : "*";
}

// As they will be made: of the image, the request, and what the account has encrypted.
Result<std::vector<BlockDeviceRecord>> plan_volumes(metadata::ReadTransaction& txn, const Scope& scope,
                                                    const std::string& image_id, const RunInstancesInput& merged) {
  const auto image = TRY(kImages.find(txn, image_scope(scope), image_id));
  if (!image || !may_launch(scope, *image)) return errors::not_found(Kind::image, image_id);
  auto devices = TRY(merge_devices(*image, merged.block_device_mappings));
  TRY(fit_to_snapshots(txn, scope, *image, devices));
  const bool is_default = TRY(encryption_of(txn, scope)).is_default;
  for (BlockDeviceRecord& device : devices) {
    device.encrypted = device.encrypted || is_default || TRY(is_snapshot_encrypted(txn, scope, device.snapshot));
  }
  return devices;
}

void add_named(const RunInstancesInput& merged, LaunchTargets& targets) {
  if (merged.subnet_id) add(targets.subnets, *merged.subnet_id);
  for (const std::string& id : merged.security_group_ids.value_or(std::vector<std::string>())) add(targets.groups, id);
  for (const auto& each : merged.network_interfaces.value_or(std::vector<InstanceNetworkInterfaceSpecification>())) {
    if (each.subnet_id) add(targets.subnets, *each.subnet_id);
    if (each.network_interface_id) add(targets.interfaces, *each.network_interface_id);
    for (const std::string& id : each.groups.value_or(std::vector<std::string>())) add(targets.groups, id);
  }
  if (targets.subnets.empty()) targets.subnets.emplace_back("*");
  if (targets.groups.empty()) targets.groups.emplace_back("*");
}

}  // namespace

RunInstancesInput merged_or_asked(metadata::ReadTransaction& txn, const Scope& scope, const RunInstancesInput& input) {
  auto merged = merge_template(txn, scope, input);
  return merged.has_value() ? *std::move(merged) : input;
}

LaunchTargets find_launch_targets(metadata::Store& store, const Scope& scope, const RunInstancesInput& input) {
  const auto txn = store.begin_read();
  LaunchTargets targets{.merged = merged_or_asked(*txn, scope, input)};
  targets.launch_template = template_of(*txn, scope, input);
  if (targets.merged.placement) targets.placement_group = placement_group_of(*txn, scope, *targets.merged.placement);
  targets.image = image_of(*txn, scope, targets.merged);
  if (auto volumes = plan_volumes(*txn, scope, targets.image, targets.merged); volumes.has_value()) {
    targets.volumes = *std::move(volumes);
  }
  const auto planned = plan_interfaces(*txn, scope, targets.merged);
  if (!planned.has_value()) {
    add_named(targets.merged, targets);
    return targets;
  }
  targets.makes_interfaces = false;
  for (const PlannedInterface& each : *planned) {
    add(targets.subnets, each.subnet.id);
    if (!each.existing.empty()) {
      add(targets.interfaces, each.existing);
      continue;
    }
    targets.makes_interfaces = true;
    for (const std::string& id : each.groups) add(targets.groups, id);
    if (each.groups.empty()) add(targets.groups, default_group_of(*txn, scope, each.subnet.vpc));
  }
  return targets;
}

Facts facts_of_volume(const Scope& scope, const BlockDeviceRecord& device) {
  Facts facts{{"ec2:Encrypted", device.encrypted ? "true" : "false"},
              {"ec2:VolumeSize", std::to_string(device.size_gib)},
              {"ec2:VolumeType", device.type}};
  if (device.iops) facts.emplace_back("ec2:VolumeIops", std::to_string(*device.iops));
  if (device.throughput) facts.emplace_back("ec2:VolumeThroughput", std::to_string(*device.throughput));
  if (!device.snapshot.empty()) {
    facts.emplace_back("ec2:ParentSnapshot", make_arn(scope, Kind::snapshot, device.snapshot));
  }
  return facts;
}

}  // namespace aerolith::ec2
