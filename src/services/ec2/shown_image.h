// An image as the API shows it.
#pragma once

#include <string>
#include <string_view>

#include "ec2/model/image.h"
#include "services/ec2/instance_tables.h"

namespace aerolith::ec2 {

// An account, or "amazon" where it came with the installation.
std::string owner_of(const ImageRecord& image);
// Of its deregistration: "enabled-with-cooldown", "enabled-without-cooldown" or "disabled".
std::string_view protection_of(const ImageRecord& image);
Image show_image(const Scope& scope, const ImageRecord& record, const TagMap& tags);

}  // namespace aerolith::ec2
