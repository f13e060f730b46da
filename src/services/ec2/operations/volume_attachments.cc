#include "services/ec2/volume_attachments.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/step.h"
#include "ec2/model/instance.h"
#include "ec2/operations/attach_volume.h"
#include "ec2/operations/detach_volume.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/shown_volume.h"
#include "services/ec2/volume_types.h"

namespace aerolith::ec2 {
namespace {

// Of Nitro: volumes and interfaces together.
// https://docs.aws.amazon.com/ebs/latest/userguide/volume_limits.html
constexpr size_t kMostAttachments = 28;

Result<> check_instance_state(const InstanceRecord& instance) {
  if (instance.state == LifeState::running || instance.state == LifeState::stopped) return {};
  return errors::of("IncorrectState", fmt::format("Instance '{}' is not 'running'.", instance.id));
}

Result<> check_volume(const VolumeRecord& volume, const InstanceRecord& instance) {
  if (volume.removed) return errors::not_found(Kind::volume, volume.id);
  if (!volume.instance.empty()) {
    return errors::of("VolumeInUse", fmt::format("{} is already attached to an instance", volume.id));
  }
  if (volume.file == VolumeFile::to_make || volume.file == VolumeFile::failed) {
    return errors::of("IncorrectState", fmt::format("{} is not 'available'.", volume.id));
  }
  if (volume.is_changing()) {
    return errors::of(
        "IncorrectState",
        fmt::format("Cannot attach volume '{}' when it is in modification state: {}", volume.id,
                    volume.modification->state == ModificationState::modifying ? "MODIFYING" : "OPTIMIZING"));
  }
  if (volume.zone == instance.zone) return {};
  return errors::of(
      "InvalidVolume.ZoneMismatch",
      fmt::format("The volume '{}' is not in the same availability zone as instance '{}'", volume.id, instance.id));
}

Result<> check_place(const VolumeRecord& volume, const InstanceRecord& instance, const std::string& device) {
  TRY(check_device_name(device));
  if (std::ranges::find(instance.volumes, device, &InstanceVolume::device) != instance.volumes.end()) {
    return errors::invalid_parameter(
        fmt::format("Invalid value '{}' for unixDevice. Attachment point {} is already in use", device, device));
  }
  if (instance.volumes.size() + instance.interfaces.size() >= kMostAttachments) {
    return errors::of("AttachmentLimitExceeded",
                      fmt::format("Volume count {} exceeds the limit for {}: volumes and network interfaces may be {} "
                                  "together.",
                                  instance.volumes.size() + 1, instance.type, kMostAttachments));
  }
  if (device != instance.root_device) return {};
  if (instance.state == LifeState::running) {
    return errors::invalid_parameter(
        fmt::format("Invalid value '{}' for unixDevice. Attachment point {} is already in use", device, device));
  }
  const VolumeTypeFacts* const type = find_volume_type(volume.type);
  if (type != nullptr && type->may_boot) return {};
  return errors::invalid_parameter(fmt::format("{} volumes can't be boot volumes.", volume.type));
}

// A guest that runs is told by the instances' queue. Of one at rest the volume may have been waiting for its own.
void settle(const Call& call, const VolumeRecord& volume, const InstanceRecord& instance) {
  if (call.dry_run) return;
  call.settle_instance(instance.id);
  if (volume.instance.empty()) call.settle_volume(volume.id);
}

struct Changed {
  VolumeRecord volume;
  InstanceRecord instance;
  VolumeAttachment shown;
};

// Where none is named, the one that it has.
Result<> check_attachment(const VolumeRecord& volume, const DetachVolumeInput& input) {
  if (volume.removed) return errors::not_found(Kind::volume, volume.id);
  if (volume.instance.empty()) {
    return errors::of("IncorrectState", fmt::format("Volume '{}' is in the '{}' state.", volume.id, state_of(volume)));
  }
  const bool fits = input.instance_id.value_or(volume.instance) == volume.instance &&
                    input.device.value_or(volume.device) == volume.device;
  if (fits) return {};
  return errors::of("InvalidAttachment.NotFound",
                    fmt::format("The volume '{}' is not attached to instance '{}' as device '{}'.", volume.id,
                                input.instance_id.value_or(volume.instance), input.device.value_or(volume.device)));
}

}  // namespace

Result<VolumeAttachment> attach_volume(Call& call, const AttachVolumeInput& input) {
  if (!input.device || input.device->empty()) return errors::missing_parameter("device");
  if (input.ebs_card_index.value_or(0) != 0) {
    return errors::invalid_value("ebsCardIndex", std::to_string(*input.ebs_card_index),
                                 "Instances have one EBS card, 0.");
  }
  auto changed = TRY(call.write([&](metadata::Transaction& txn) -> Result<Changed> {
    VolumeRecord volume = TRY(kVolumes.get(txn, call.scope, input.volume_id));
    InstanceRecord instance = TRY(kInstances.get(txn, call.scope, input.instance_id));
    TRY(check_instance_state(instance));
    TRY(check_volume(volume, instance));
    TRY(check_place(volume, instance, *input.device));
    const bool runs = instance.state == LifeState::running;
    const InstanceVolume attachment{.volume = volume.id,
                                    .device = *input.device,
                                    .delete_on_termination = false,
                                    .is_root = *input.device == instance.root_device,
                                    .attached_at = std::chrono::floor<std::chrono::seconds>(call.context.now),
                                    .state = runs ? AttachmentState::attaching : AttachmentState::attached};
    begin_volume_attachment(txn, call.scope, attachment, volume, instance);
    VolumeAttachment shown = show_attachment(volume);
    shown.state = "attaching";
    return Changed{.volume = std::move(volume), .instance = std::move(instance), .shown = std::move(shown)};
  }));
  step("attach-volume/committed");
  settle(call, changed.volume, changed.instance);
  return std::move(changed.shown);
}

Result<VolumeAttachment> detach_volume(Call& call, const DetachVolumeInput& input) {
  const bool by_force = input.force.value_or(false);
  auto changed = TRY(call.write([&](metadata::Transaction& txn) -> Result<Changed> {
    VolumeRecord volume = TRY(kVolumes.get(txn, call.scope, input.volume_id));
    TRY(check_attachment(volume, input));
    InstanceRecord instance = TRY(kInstances.get(txn, call.scope, volume.instance));
    TRY(check_instance_state(instance));
    const bool runs = instance.state == LifeState::running;
    if (runs && volume.device == instance.root_device) {
      return errors::not_permitted(
          fmt::format("Unable to detach root volume '{}' from instance '{}'", volume.id, instance.id));
    }
    VolumeAttachment shown = show_attachment(volume);
    shown.state = "detaching";
    if (!runs && !instance.imaging.empty()) {
      return errors::of("IncorrectState",
                        fmt::format("The volume {} is being read for {}.", volume.id, instance.imaging));
    }
    if (!runs) {
      end_volume_attachment(txn, call.scope, volume, instance);
    } else if (by_force || !volume.is_ending()) {
      const auto state = by_force ? AttachmentState::detaching_by_force : AttachmentState::detaching;
      set_attachment_state(txn, call.scope, state, volume, instance);
    }
    return Changed{.volume = std::move(volume), .instance = std::move(instance), .shown = std::move(shown)};
  }));
  step("detach-volume/committed");
  settle(call, changed.volume, changed.instance);
  return std::move(changed.shown);
}

}  // namespace aerolith::ec2
