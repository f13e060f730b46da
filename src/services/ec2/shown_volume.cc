#include "services/ec2/shown_volume.h"

#include "services/ec2/attachments.h"
#include "services/ec2/tags.h"
#include "services/ec2/volume_types.h"
#include "services/ec2/zones.h"

namespace aerolith::ec2 {

std::string_view state_of(const VolumeRecord& volume) {
  if (volume.removed) return "deleting";
  if (volume.file == VolumeFile::to_make) return "creating";
  if (volume.file == VolumeFile::failed) return "error";
  return volume.is_attached() ? "in-use" : "available";
}

VolumeAttachment show_attachment(const VolumeRecord& volume, const VolumeAttachmentRecord& attachment) {
  return {.delete_on_termination = attachment.delete_on_termination,
          .volume_id = volume.id,
          .instance_id = attachment.instance,
          .device = attachment.device,
          .state = std::string(name_of(attachment.state)),
          .attach_time = attachment.attached_at};
}

Volume show_volume(const Scope& scope, const VolumeRecord& volume, const TagMap& tags) {
  Volume shown{.iops = iops_of(volume.shape()),
               .tags = wire_tags_if_any(tags),
               .volume_type = volume.type,
               .multi_attach_enabled = volume.multi_attach,
               .throughput = throughput_of(volume.shape()),
               .volume_id = volume.id,
               .size = volume.size_gib,
               .snapshot_id = volume.source_volume.empty() ? volume.snapshot : std::string(),
               .availability_zone = volume.zone,
               .state = std::string(state_of(volume)),
               .create_time = volume.created_at,
               .attachments = std::vector<VolumeAttachment>(),
               .encrypted = volume.encrypted};
  if (!volume.kms_key.empty()) shown.kms_key_id = volume.kms_key;
  if (volume.initialization_rate > 0) shown.volume_initialization_rate = volume.initialization_rate;
  if (volume.fast_restored) shown.fast_restored = true;
  if (!volume.source_volume.empty()) shown.source_volume_id = volume.source_volume;
  if (const auto zone = find_zone(scope.region, volume.zone)) shown.availability_zone_id = zone->id;
  for (const VolumeAttachmentRecord& each : volume.attachments) {
    shown.attachments->push_back(show_attachment(volume, each));
  }
  return shown;
}

}  // namespace aerolith::ec2
