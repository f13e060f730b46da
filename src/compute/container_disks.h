// Volumes of a container beside its root: block devices that come and go while it runs.
#pragma once

#include <string_view>

#include "compute/driver.h"
#include "compute/instance_folder.h"

namespace aerolith::compute {

struct ContainerOf {
  const InstanceFolder& folder;
  std::string_view instance;
  pid_t init;
};

// As a device node of the container: by the API's name, and by the link that a virtual machine has.
Result<> show_disk(const ContainerOf& container, const Disk& disk, const DriverSettings& settings);
// Its file is closed on return. In order: an error while somebody in the container has it open; by force: what they do
// with it from now on fails; of a shared one they are killed. Fine where it isn't there.
Result<> hide_disk(const ContainerOf& container, const Disk& disk, Detach how, const DriverSettings& settings);

}  // namespace aerolith::compute
