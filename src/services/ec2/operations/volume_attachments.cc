#include "services/ec2/volume_attachments.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/step.h"
#include "ec2/model/instance.h"
#include "ec2/operations/attach_volume.h"
#include "ec2/operations/detach_volume.h"
#include "services/ec2/instance_types.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/shown_volume.h"
#include "services/ec2/volume_types.h"

namespace aerolith::ec2 {
namespace {

// Of Nitro: volumes and interfaces together.
// https://docs.aws.amazon.com/ebs/latest/userguide/volume_limits.html
constexpr size_t kMostAttachments = 28;
// That have a Multi-Attach enabled volume.
constexpr size_t kMostInstances = 16;

Result<> check_instance_state(const InstanceRecord& instance) {
  if (instance.state == LifeState::running || instance.state == LifeState::stopped) return {};
  return errors::of("IncorrectState", fmt::format("Instance '{}' is not 'running'.", instance.id));
}

// Of one that several instances may have. Each of them sees what the others write, as long as they read it the same
// way: containers by the host's cache, machines past it.
// https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volumes-multi.html#considerations
Result<> check_others(metadata::ReadTransaction& txn, const Scope& scope, const VolumeRecord& volume,
                      const InstanceRecord& instance) {
  const TypeFacts* const type = find_instance_type(instance.type);
  if (type != nullptr && type->is_xen()) {
    return errors::unsupported(
        fmt::format("Multi-Attach enabled volumes can be attached to instances built on the Nitro System only, not to "
                    "{}.",
                    instance.type));
  }
  if (volume.attachments.size() >= kMostInstances) {
    return errors::of("AttachmentLimitExceeded", fmt::format("The volume {} is attached to {} instances already.",
                                                             volume.id, volume.attachments.size()));
  }
  for (const VolumeAttachmentRecord& each : volume.attachments) {
    const auto other = TRY(kInstances.find(txn, scope, each.instance));
    if (!other || other->driver == instance.driver) continue;
    const auto named = [](const InstanceRecord& record) {
      return record.driver == DriverChoice::vm ? "virtual machine" : "container";
    };
    return errors::unsupported(
        fmt::format("The volume {} is attached to the {} {}: containers and virtual machines can't share a volume, for "
                    "neither would see what the other writes, and {} is a {}.",
                    volume.id, named(*other), other->id, instance.id, named(instance)));
  }
  return {};
}

Result<> check_volume(metadata::ReadTransaction& txn, const Scope& scope, const VolumeRecord& volume,
                      const InstanceRecord& instance) {
  if (volume.removed) return errors::not_found(Kind::volume, volume.id);
  if (volume.is_attached() && (!volume.multi_attach || volume.attachment_to(instance.id) != nullptr)) {
    return errors::of("VolumeInUse", fmt::format("{} is already attached to an instance", volume.id));
  }
  if (volume.multi_attach) TRY(check_others(txn, scope, volume, instance));
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
  if (volume.multi_attach) return errors::invalid_parameter("Multi-Attach enabled volumes can't be boot volumes.");
  const VolumeTypeFacts* const type = find_volume_type(volume.type);
  if (type != nullptr && type->may_boot) return {};
  return errors::invalid_parameter(fmt::format("{} volumes can't be boot volumes.", volume.type));
}

// A guest that runs is told by the instances' queue. Of one at rest the volume may have been waiting for its own.
void settle(const Call& call, const VolumeRecord& volume, const InstanceRecord& instance) {
  if (call.dry_run) return;
  call.settle_instance(instance.id);
  if (volume.attachment_to(instance.id) == nullptr) tell_holders(call.cloud, call.scope, volume.id);
}

struct Changed {
  VolumeRecord volume;
  InstanceRecord instance;
  VolumeAttachment shown;
};

// Where none is named, the one that it has.
Result<VolumeAttachmentRecord> find_attachment(const VolumeRecord& volume, const DetachVolumeInput& input) {
  if (volume.removed) return errors::not_found(Kind::volume, volume.id);
  if (!volume.is_attached()) {
    return errors::of("IncorrectState", fmt::format("Volume '{}' is in the '{}' state.", volume.id, state_of(volume)));
  }
  // "If you are detaching a Multi-Attach enabled volume, you must specify an instance ID."
  if (volume.multi_attach && !input.instance_id) return errors::missing_parameter("InstanceId");
  const std::string instance = input.instance_id.value_or(volume.attachments.front().instance);
  const VolumeAttachmentRecord* const found = volume.attachment_to(instance);
  if (found != nullptr && input.device.value_or(found->device) == found->device) return *found;
  const std::string device = input.device.value_or((found != nullptr ? *found : volume.attachments.front()).device);
  return errors::of(
      "InvalidAttachment.NotFound",
      fmt::format("The volume '{}' is not attached to instance '{}' as device '{}'.", volume.id, instance, device));
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
    TRY(check_volume(txn, call.scope, volume, instance));
    TRY(check_place(volume, instance, *input.device));
    const bool runs = instance.state == LifeState::running;
    const InstanceVolume attachment{.volume = volume.id,
                                    .device = *input.device,
                                    .delete_on_termination = false,
                                    .is_root = *input.device == instance.root_device,
                                    .attached_at = std::chrono::floor<std::chrono::seconds>(call.context.now),
                                    .state = runs ? AttachmentState::attaching : AttachmentState::attached};
    begin_volume_attachment(txn, call.scope, attachment, volume, instance);
    VolumeAttachment shown = show_attachment(volume, volume.attachments.back());
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
    const VolumeAttachmentRecord attachment = TRY(find_attachment(volume, input));
    InstanceRecord instance = TRY(kInstances.get(txn, call.scope, attachment.instance));
    TRY(check_instance_state(instance));
    const bool runs = instance.state == LifeState::running;
    if (runs && attachment.device == instance.root_device) {
      return errors::not_permitted(
          fmt::format("Unable to detach root volume '{}' from instance '{}'", volume.id, instance.id));
    }
    VolumeAttachment shown = show_attachment(volume, attachment);
    shown.state = "detaching";
    if (!runs && !instance.imaging.empty()) {
      return errors::of("IncorrectState",
                        fmt::format("The volume {} is being read for {}.", volume.id, instance.imaging));
    }
    if (!runs) {
      end_volume_attachment(txn, call.scope, volume, instance);
    } else if (by_force || !attachment.is_ending()) {
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
