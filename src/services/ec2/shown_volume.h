// A volume as the API shows it.
#pragma once

#include <string>

#include "ec2/model/volume.h"
#include "services/ec2/instance_tables.h"

namespace aerolith::ec2 {

// "creating", "available", "in-use", "deleting", "error"
std::string_view state_of(const VolumeRecord& volume);
Volume show_volume(const Scope& scope, const VolumeRecord& volume, const TagMap& tags);
VolumeAttachment show_attachment(const VolumeRecord& volume, const VolumeAttachmentRecord& attachment);

}  // namespace aerolith::ec2
