// Scripts that run inside guests, and one that makes an image; their sources are src/compute/guest/*.sh.
#pragma once

#include <string_view>

namespace aerolith::compute::guest_scripts {

extern const std::string_view init;
extern const std::string_view first_boot;
extern const std::string_view udhcpc;
extern const std::string_view net_hotplug;
extern const std::string_view initramfs;
extern const std::string_view power_button;
extern const std::string_view debian_set_up;
extern const std::string_view debian_first_boot;

}  // namespace aerolith::compute::guest_scripts
