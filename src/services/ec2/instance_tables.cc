#include "services/ec2/instance_tables.h"

#include <algorithm>
#include <utility>

namespace aerolith::ec2 {

std::string_view name_of(LifeState state) {
  switch (state) {
    case LifeState::pending:
      return "pending";
    case LifeState::running:
      return "running";
    case LifeState::shutting_down:
      return "shutting-down";
    case LifeState::terminated:
      return "terminated";
    case LifeState::stopping:
      return "stopping";
    case LifeState::stopped:
      return "stopped";
  }
  std::unreachable();
}

std::string_view name_of(ModificationState state) {
  switch (state) {
    case ModificationState::modifying:
      return "modifying";
    case ModificationState::optimizing:
      return "optimizing";
    case ModificationState::completed:
      return "completed";
    case ModificationState::failed:
      return "failed";
  }
  std::unreachable();
}

const VolumeAttachmentRecord* VolumeRecord::attachment_to(std::string_view instance) const {
  const auto found = std::ranges::find(attachments, instance, &VolumeAttachmentRecord::instance);
  return found == attachments.end() ? nullptr : &*found;
}

VolumeAttachmentRecord* VolumeRecord::attachment_to(std::string_view instance) {
  return const_cast<VolumeAttachmentRecord*>(std::as_const(*this).attachment_to(instance));
}

void VolumeRecord::free_of(std::string_view instance) {
  std::erase_if(attachments, [&](const VolumeAttachmentRecord& each) { return each.instance == instance; });
}

void VolumeRecord::upgrade(VolumeRecord& record, uint32_t from_version) {
  if (from_version >= 6 || record.before_6.instance.empty()) return;
  record.attachments = {std::exchange(record.before_6, {})};
}

std::string_view name_of(ImageState state) {
  switch (state) {
    case ImageState::available:
      return "available";
    case ImageState::pending:
      return "pending";
    case ImageState::failed:
      return "failed";
    case ImageState::disabled:
      return "disabled";
  }
  std::unreachable();
}

}  // namespace aerolith::ec2
