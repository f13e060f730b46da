// Images that are made of what is there, and go again.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ec2/operations/copy_image.h"
#include "ec2/operations/create_image.h"
#include "ec2/operations/deregister_image.h"
#include "services/ec2/block_devices.h"
#include "services/ec2/image_checks.h"
#include "services/ec2/launch_plan.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/tags.h"
#include "services/ec2/tokens.h"

namespace aerolith::ec2 {
namespace {

Result<> check_can_image(const InstanceRecord& instance, bool no_reboot) {
  if (instance.state != LifeState::running && instance.state != LifeState::stopped) {
    return errors::of("IncorrectInstanceState",
                      fmt::format("Instance is not in state 'running' or 'stopped': {} is '{}'.", instance.id,
                                  name_of(instance.state)));
  }
  if (!instance.imaging.empty()) {
    return errors::of("IncorrectInstanceState",
                      fmt::format("The image {} is being made of the instance {} now.", instance.imaging, instance.id));
  }
  if (no_reboot && instance.state == LifeState::running) {
    return errors::unsupported(
        "Volumes of a running instance can't be copied yet: stop it first, or leave NoReboot out, which has it down "
        "for as long as the copy takes.");
  }
  return {};
}

// What it has now, each with the id that its snapshot will have.
Result<std::vector<BlockDeviceRecord>> devices_of(metadata::ReadTransaction& txn, const Scope& scope,
                                                  const InstanceRecord& instance) {
  std::vector<BlockDeviceRecord> devices;
  for (const InstanceVolume& each : instance.volumes) {
    const VolumeRecord volume = TRY(kVolumes.get(txn, scope, each.volume));
    devices.push_back({.device = each.device,
                       .snapshot = make_id(Kind::snapshot),
                       .size_gib = volume.size_gib,
                       .type = volume.type,
                       .delete_on_termination = each.delete_on_termination,
                       .encrypted = volume.encrypted,
                       .iops = volume.iops,
                       .throughput = volume.throughput});
  }
  return devices;
}

// How the image boots that the instance was launched from; it may be gone.
Result<std::string> driver_of(metadata::ReadTransaction& txn, const Scope& scope, const InstanceRecord& instance) {
  if (const auto image = TRY(kImages.find(txn, image_scope(scope), instance.image))) return image->driver;
  return instance.driver == DriverChoice::vm ? "vm" : "container";
}

}  // namespace

Result<CreateImageOutput> create_image(Call& call, const CreateImageInput& input) {
  if (input.snapshot_location && *input.snapshot_location != "regional") {
    return errors::unsupported("Snapshots lie in the region.");
  }
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::image));
  ImageRecord image{.id = make_id(Kind::image), .owner = call.scope.account.str(), .name = *input.name};
  image.description = input.description.value_or("");
  image.created_at = call.context.now;
  image.state = ImageState::pending;
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    InstanceRecord instance = TRY(kInstances.get(txn, call.scope, *input.instance_id));
    TRY(check_image_name(txn, call.scope, image.name));
    TRY(check_can_image(instance, input.no_reboot.value_or(false)));
    image.source_instance = instance.id;
    image.architecture = instance.architecture;
    image.root_device = instance.root_device;
    image.driver = TRY(driver_of(txn, call.scope, instance));
    image.kernel = instance.kernel;
    image.initramfs = instance.initramfs;
    image.kernel_arguments = instance.kernel_arguments;
    image.devices = TRY(devices_of(txn, call.scope, instance));
    image.devices = TRY(merge_devices(image, input.block_device_mappings));
    instance.imaging = image.id;
    kImages.put(txn, image_scope(call.scope), image);
    kInstances.put(txn, call.scope, instance);
    put_tags(txn, call.scope, image.id, tags);
    return {};
  }));
  call.settle_instance(*input.instance_id);
  return CreateImageOutput{.image_id = image.id};
}

// Snapshots never change: a copy names the same ones, and they stay until the last image that does is gone.
Result<CopyImageOutput> copy_image(Call& call, const CopyImageInput& input) {
  if (*input.source_region != call.scope.region.view()) {
    return errors::unsupported(fmt::format("There is one region here, {}.", call.scope.region.view()));
  }
  if (input.encrypted.value_or(false) || input.kms_key_id) {
    return errors::unsupported("Copies are not encrypted with keys of KMS.");
  }
  if (input.destination_outpost_arn || input.destination_availability_zone || input.destination_availability_zone_id) {
    return errors::unsupported("There are no Outposts and no Local Zones.");
  }
  call.await_own_images();
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::image));
  std::string image = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    if (auto known = TRY(find_made(txn, call, input.client_token))) return *std::move(known);
    const std::string id = make_id(Kind::image);
    ImageRecord copy = TRY(get_image(txn, call.scope, *input.source_image_id));
    TRY(check_is_available(copy));
    TRY(check_image_name(txn, call.scope, *input.name));
    copy.source_image = std::exchange(copy.id, id);
    copy.owner = call.scope.account.str();
    copy.name = *input.name;
    if (input.description) copy.description = *input.description;
    copy.created_at = call.context.now;
    copy.is_public = false;
    copy.shared_with.clear();
    copy.source_instance.clear();
    TagMap all = input.copy_image_tags.value_or(false) ? TRY(tags_of(txn, call.scope, copy.source_image)) : TagMap();
    for (const auto& [key, value] : tags) all[key] = value;
    kImages.put(txn, image_scope(call.scope), copy);
    put_tags(txn, call.scope, id, all);
    remember_made(txn, call, input.client_token, id);
    return id;
  }));
  return CopyImageOutput{.image_id = std::move(image)};
}

// There is no way to a snapshot but through images: it goes with the last one, and with the last volume made of it.
Result<DeregisterImageOutput> deregister_image(Call& call, const DeregisterImageInput& input) {
  std::vector<BlockDeviceRecord> devices;
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    const ImageRecord image = TRY(get_own_image(txn, call.scope, *input.image_id));
    devices = image.devices;
    kImages.erase(txn, image_scope(call.scope), image);
    put_tags(txn, call.scope, image.id, {});
    return {};
  }));
  DeregisterImageOutput output{.return_ = true};
  const bool tells = input.delete_associated_snapshots.value_or(false);
  if (tells) output.delete_snapshot_results.emplace();
  for (const BlockDeviceRecord& device : devices) {
    if (device.snapshot.empty()) continue;
    call.cloud.snapshot_unused(call.scope, device.snapshot);
    if (tells) output.delete_snapshot_results->push_back({.snapshot_id = device.snapshot, .return_code = "success"});
  }
  return output;
}

}  // namespace aerolith::ec2
