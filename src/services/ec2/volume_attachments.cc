#include "services/ec2/volume_attachments.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace aerolith::ec2 {
namespace {

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

// "sdf", "sda1", "xvdf", "xvdbc", "hdb": what stands after "/dev/".
bool is_device(std::string_view name) {
  const bool is_long = name.starts_with("xvd");
  if (!is_long && !name.starts_with("sd") && !name.starts_with("hd")) return false;
  name.remove_prefix(is_long ? 3 : 2);
  if (name.empty() || !is_letter(name.front())) return false;
  name.remove_prefix(1);
  if (is_long && !name.empty() && is_letter(name.front())) name.remove_prefix(1);
  constexpr int kMostPartition = 15;
  if (name.empty()) return true;
  if (name.size() > 2 || name.front() == '0') return false;
  if (!std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; })) return false;
  return std::stoi(std::string(name)) <= kMostPartition;
}

InstanceVolume* find_volume(InstanceRecord& instance, const std::string& volume) {
  const auto found = std::ranges::find(instance.volumes, volume, &InstanceVolume::volume);
  return found == instance.volumes.end() ? nullptr : &*found;
}

}  // namespace

Result<> check_device_name(const std::string& device) {
  constexpr std::string_view kFolder = "/dev/";
  const std::string_view name = device.starts_with(kFolder) ? std::string_view(device).substr(kFolder.size()) : device;
  if (is_device(name)) return {};
  return errors::invalid_value("device", device, fmt::format("{} is not a valid EBS device name.", device));
}

void begin_volume_attachment(metadata::Transaction& txn, const Scope& scope, const InstanceVolume& attachment,
                             VolumeRecord& volume, InstanceRecord& instance) {
  volume.attachments.push_back({.instance = instance.id,
                                .device = attachment.device,
                                .delete_on_termination = attachment.delete_on_termination,
                                .attached_at = attachment.attached_at,
                                .state = attachment.state});
  kVolumes.put(txn, scope, volume);
  instance.volumes.push_back(attachment);
  kInstances.put(txn, scope, instance);
}

void set_attachment_state(metadata::Transaction& txn, const Scope& scope, AttachmentState state, VolumeRecord& volume,
                          InstanceRecord& instance) {
  if (VolumeAttachmentRecord* const attachment = volume.attachment_to(instance.id)) attachment->state = state;
  kVolumes.put(txn, scope, volume);
  InstanceVolume* const entry = find_volume(instance, volume.id);
  if (entry == nullptr) return;
  entry->state = state;
  kInstances.put(txn, scope, instance);
}

void end_volume_attachment(metadata::Transaction& txn, const Scope& scope, VolumeRecord& volume,
                           InstanceRecord& instance) {
  volume.free_of(instance.id);
  kVolumes.put(txn, scope, volume);
  std::erase_if(instance.volumes, [&](const InstanceVolume& each) { return each.volume == volume.id; });
  kInstances.put(txn, scope, instance);
}

void tell_holders(const Cloud& cloud, const Scope& scope, const std::string& volume) {
  const auto record = kVolumes.find(*cloud.metadata.begin_read(), scope, volume);
  if (record.has_value() && *record) {
    for (const VolumeAttachmentRecord& each : (*record)->attachments) cloud.instance_changed(scope, each.instance);
    if ((*record)->is_attached()) return;
  }
  cloud.volume_changed(scope, volume);
}

Result<> settle_volumes_of_stopped(const Cloud& cloud, const Scope& scope, const std::string& instance) {
  std::vector<std::string> freed;
  TRY(metadata::run_transaction(cloud.metadata, [&](metadata::Transaction& txn) -> Result<> {
    freed.clear();
    auto record = TRY(kInstances.find(txn, scope, instance));
    if (!record) return {};
    const std::vector<InstanceVolume> all = record->volumes;
    for (const InstanceVolume& each : all) {
      auto volume = TRY(kVolumes.find(txn, scope, each.volume));
      const VolumeAttachmentRecord* const attachment = volume ? volume->attachment_to(instance) : nullptr;
      if (attachment == nullptr || attachment->state == AttachmentState::attached) continue;
      if (attachment->is_ending()) {
        end_volume_attachment(txn, scope, *volume, *record);
        freed.push_back(volume->id);
      } else {
        set_attachment_state(txn, scope, AttachmentState::attached, *volume, *record);
      }
    }
    return {};
  }));
  for (const std::string& id : freed) tell_holders(cloud, scope, id);
  return {};
}

}  // namespace aerolith::ec2
