// Images that are made of what is there, and go again.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ec2/operations/copy_image.h"
#include "ec2/operations/create_image.h"
#include "ec2/operations/deregister_image.h"
#include "services/ec2/block_devices.h"
#include "services/ec2/deregistered_images.h"
#include "services/ec2/encryption.h"
#include "services/ec2/image_checks.h"
#include "services/ec2/launch_plan.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/recycle_bin.h"
#include "services/ec2/snapshot_locks.h"
#include "services/ec2/snapshot_storage.h"
#include "services/ec2/snapshots.h"
#include "services/ec2/tags.h"
#include "services/ec2/tokens.h"

namespace aerolith::ec2 {
namespace {

Result<> check_can_image(const InstanceRecord& instance) {
  if (instance.state != LifeState::running && instance.state != LifeState::stopped) {
    return errors::of("IncorrectInstanceState",
                      fmt::format("Instance is not in state 'running' or 'stopped': {} is '{}'.", instance.id,
                                  name_of(instance.state)));
  }
  if (!instance.imaging.empty()) {
    return errors::of("IncorrectInstanceState",
                      fmt::format("The image {} is being made of the instance {} now.", instance.imaging, instance.id));
  }
  if (!instance.replacing.empty()) {
    return errors::of("IncorrectInstanceState",
                      fmt::format("The root volume of the instance {} is being replaced now.", instance.id));
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

Result<> refuse_added_snapshots(const InstanceRecord& instance, const ImageRecord& image) {
  for (const BlockDeviceRecord& device : image.devices) {
    if (device.snapshot.empty()) continue;
    if (std::ranges::find(instance.volumes, device.device, &InstanceVolume::device) != instance.volumes.end()) continue;
    return errors::unsupported("An image of an instance has snapshots of the instance's volumes only.");
  }
  return {};
}

// What isn't encrypted is copied, first.
Result<> refuse_encryption(const std::vector<BlockDeviceRecord>& own, const ImageRecord& image) {
  for (const BlockDeviceRecord& device : image.devices) {
    const auto before = std::ranges::find(own, device.device, &BlockDeviceRecord::device);
    if (before == own.end() || before->encrypted || !device.encrypted) continue;
    return errors::of("InvalidBlockDeviceMapping",
                      fmt::format("the encrypted flag cannot be specified since device {} has a volume that is not "
                                  "encrypted.",
                                  device.device));
  }
  return {};
}

// Records of the snapshots that it names, of volumes that the instance has.
Result<std::vector<SnapshotRecord>> begin_snapshots(metadata::Transaction& txn, const Call& call,
                                                    const ImageRecord& image, const InstanceRecord& instance,
                                                    const TagMap& tags) {
  std::vector<SnapshotRecord> records;
  for (const BlockDeviceRecord& device : image.devices) {
    const auto volume = std::ranges::find(instance.volumes, device.device, &InstanceVolume::device);
    if (device.snapshot.empty() || volume == instance.volumes.end()) continue;
    // Others may write it while this instance is down.
    if (TRY(kVolumes.get(txn, call.scope, volume->volume)).multi_attach) {
      return errors::unsupported(fmt::format(
          "The volume {} is Multi-Attach enabled: leave {} out of the image (NoDevice), and take a snapshot of it by "
          "itself.",
          volume->volume, device.device));
    }
    records.push_back(
        TRY(begin_snapshot(txn, call,
                           {.volume = volume->volume,
                            .description = fmt::format("Created by CreateImage({}) for {}", instance.id, image.id),
                            .tags = tags,
                            .id = device.snapshot,
                            .image = image.id})));
  }
  return records;
}

// The instance is down while they are made: nobody else may wait for it.
void leave_to_imaging(metadata::Transaction& txn, const Scope& scope, std::vector<SnapshotRecord> records) {
  for (SnapshotRecord& record : records) {
    stop_reading(txn, scope, record);
    record.source = SnapshotSource::image;
    kSnapshots.put(txn, snapshot_scope(scope), record);
  }
}

// How the image boots that the instance was launched from; it may be gone.
Result<std::string> driver_of(metadata::ReadTransaction& txn, const Scope& scope, const InstanceRecord& instance) {
  if (const auto image = TRY(kImages.find(txn, image_scope(scope), instance.image))) return image->driver;
  return instance.driver == DriverChoice::vm ? "vm" : "container";
}

Result<> forget_image(Call& call, const ImageRecord& image) {
  return call.write([&](metadata::Transaction& txn) -> Result<> {
    kImages.erase(txn, image_scope(call.scope), image);
    put_tags(txn, call.scope, image.id, {});
    return {};
  });
}

// Has its devices name copies of their snapshots, and answers these.
Result<std::vector<std::string>> copy_devices(metadata::Transaction& txn, const Call& call, const CopyImageInput& input,
                                              ImageRecord& copy) {
  std::vector<std::string> copies;
  for (BlockDeviceRecord& device : copy.devices) {
    if (device.snapshot.empty()) continue;
    const std::string source = std::exchange(device.snapshot, make_id(Kind::snapshot));
    const auto record = TRY(kSnapshots.find(txn, snapshot_scope(call.scope), source));
    const std::string key = TRY(choose_key(
        txn, call.scope,
        {.encrypted = input.encrypted, .kms_key = input.kms_key_id, .of_encrypted = record && record->encrypted}));
    device.encrypted = !key.empty();
    begin_copy(txn, call,
               {.id = device.snapshot,
                .source = source,
                .size_gib = record ? record->size_gib : device.size_gib,
                .description = fmt::format("Copied for DestinationAmi {} from SourceAmi {} for SourceSnapshot {}.",
                                           copy.id, copy.source_image, source),
                .kms_key = key,
                .image = copy.id,
                .origin = record ? origin_of(*record) : ""});
    copies.push_back(device.snapshot);
  }
  return copies;
}

// What becomes of a snapshot when an image that names it has gone: a DeleteSnapshotReturnCode.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSnapshotReturnCode.html
Result<std::string> leave_snapshot(metadata::Transaction& txn, const Call& call, const std::string& id, bool deletes) {
  const Scope& scope = call.scope;
  for (const ImageRecord& image : TRY(kImages.all(txn, image_scope(scope)))) {
    if (std::ranges::find(image.devices, id, &BlockDeviceRecord::snapshot) != image.devices.end()) return "skipped";
  }
  auto snapshot = TRY(kSnapshots.find(txn, snapshot_scope(scope), id));
  if (!snapshot) return "success";
  if (snapshot->owner != scope.account.view()) return "missing-permissions";
  if (deletes || (snapshot->state == SnapshotState::pending && !snapshot->image.empty())) {
    if (TRY(is_locked(txn, scope, *snapshot, call.context.now))) return "client-error";
    if (TRY(keep_in_bin(txn, scope, *snapshot, call.context.now))) return "success";
    TRY(erase_fast_restores(txn, scope, snapshot->id));
    snapshot->removed = true;
    kSnapshots.put(txn, snapshot_scope(scope), *snapshot);
  }
  return "success";
}

}  // namespace

Result<CreateImageOutput> create_image(Call& call, const CreateImageInput& input) {
  if (input.snapshot_location && *input.snapshot_location != "regional") {
    return errors::unsupported("Snapshots lie in the region.");
  }
  TRY(refuse_keys(input.block_device_mappings));
  for (const BlockDeviceMapping& each : input.block_device_mappings.value_or(std::vector<BlockDeviceMapping>())) {
    if (each.virtual_name) return errors::unsupported("There are no instance store volumes.");
  }
  const std::vector<Kind> taggable{Kind::image, Kind::snapshot};
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::image, taggable));
  const TagMap snapshot_tags = TRY(tags_to_make(input.tag_specifications, Kind::snapshot, taggable));
  std::vector<SnapshotRecord> copied;  // of a running instance that stays so
  ImageRecord image{.id = make_id(Kind::image), .owner = call.scope.account.str(), .name = *input.name};
  image.description = input.description.value_or("");
  image.created_at = call.context.now;
  image.state = ImageState::pending;
  image.instance_stores = instance_stores_of(input.block_device_mappings);
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    InstanceRecord instance = TRY(kInstances.get(txn, call.scope, *input.instance_id));
    TRY(check_image_name(txn, call.scope, image.name));
    TRY(check_can_image(instance));
    image.source_instance = instance.id;
    image.architecture = instance.architecture;
    image.root_device = instance.root_device;
    image.driver = TRY(driver_of(txn, call.scope, instance));
    image.kernel = instance.kernel;
    image.initramfs = instance.initramfs;
    image.kernel_arguments = instance.kernel_arguments;
    image.devices = TRY(devices_of(txn, call.scope, instance));
    const std::vector<BlockDeviceRecord> own = image.devices;
    image.devices = TRY(merge_devices(image, input.block_device_mappings));
    TRY(refuse_added_snapshots(instance, image));
    TRY(refuse_encryption(own, image));
    copied = TRY(begin_snapshots(txn, call, image, instance, snapshot_tags));
    if (!input.no_reboot.value_or(false) || instance.state != LifeState::running || copied.empty()) {
      leave_to_imaging(txn, call.scope, std::exchange(copied, {}));
      instance.imaging = image.id;
    }
    kImages.put(txn, image_scope(call.scope), image);
    kInstances.put(txn, call.scope, instance);
    put_tags(txn, call.scope, image.id, tags);
    return {};
  }));
  if (auto fixed = fix_moment(call, copied); !fixed.has_value()) {
    TRY(forget_image(call, image));
    return std::unexpected(std::move(fixed).error());
  }
  call.settle_instance(*input.instance_id);
  return CreateImageOutput{.image_id = image.id};
}

// It has snapshots of its own, which end when it does, whatever becomes of those that they are copies of.
Result<CopyImageOutput> copy_image(Call& call, const CopyImageInput& input) {
  if (*input.source_region != call.scope.region.view()) {
    return errors::unsupported(fmt::format("There is one region here, {}.", call.scope.region.view()));
  }
  if (input.destination_outpost_arn || input.destination_availability_zone || input.destination_availability_zone_id) {
    return errors::unsupported("There are no Outposts and no Local Zones.");
  }
  call.await_own_images();
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::image));
  std::vector<std::string> snapshots;
  std::string image = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    snapshots.clear();
    if (auto known = TRY(find_made(txn, call, input.client_token))) return *std::move(known);
    const std::string id = make_id(Kind::image);
    ImageRecord copy = TRY(get_image(txn, call, *input.source_image_id));
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
    copy.deprecated_at.reset();
    copy.refuses_deregistration = false;
    copy.protected_until.reset();
    snapshots = TRY(copy_devices(txn, call, input, copy));
    if (!snapshots.empty()) copy.state = ImageState::pending;
    TagMap all = input.copy_image_tags.value_or(false) ? TRY(tags_of(txn, call.scope, copy.source_image)) : TagMap();
    for (const auto& [key, value] : tags) all[key] = value;
    kImages.put(txn, image_scope(call.scope), copy);
    put_tags(txn, call.scope, id, all);
    remember_made(txn, call, input.client_token, id);
    return id;
  }));
  for (const std::string& each : snapshots) {
    if (!call.dry_run) call.cloud.snapshot_changed(call.scope, each);
  }
  return CopyImageOutput{.image_id = std::move(image)};
}

// It goes into the Recycle Bin where a rule says so. Its snapshots stay, unless the call says otherwise or they were
// still being made. Those without a record, which came with the installation, go with the last image and the last
// volume made of them.
Result<DeregisterImageOutput> deregister_image(Call& call, const DeregisterImageInput& input) {
  const bool deletes = input.delete_associated_snapshots.value_or(false);
  std::vector<DeleteSnapshotReturnCode> ends;
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    ends.clear();
    const ImageRecord image = TRY(get_own_image(txn, call, *input.image_id));
    TRY(check_may_go(image, call.context.now));
    if (!TRY(keep_in_bin(txn, call.scope, image, call.context.now))) {
      kImages.erase(txn, image_scope(call.scope), image);
      put_tags(txn, call.scope, image.id, {});
    }
    TRY(remember_deregistered(txn, call, image));
    for (const BlockDeviceRecord& device : image.devices) {
      if (device.snapshot.empty()) continue;
      ends.push_back(
          {.snapshot_id = device.snapshot, .return_code = TRY(leave_snapshot(txn, call, device.snapshot, deletes))});
    }
    return {};
  }));
  if (!call.dry_run) call.cloud.bin_changed(call.scope, *input.image_id);
  for (const DeleteSnapshotReturnCode& each : ends) {
    if (call.dry_run) break;
    call.cloud.bin_changed(call.scope, *each.snapshot_id);
    call.cloud.snapshot_unused(call.scope, *each.snapshot_id);
  }
  DeregisterImageOutput output{.return_ = true};
  if (deletes) output.delete_snapshot_results = std::move(ends);
  return output;
}

}  // namespace aerolith::ec2
