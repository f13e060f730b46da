// Devices of a virtual machine that go while it runs, over its control socket.
#pragma once

#include <string>
#include <string_view>

#include "compute/driver.h"
#include "compute/qmp.h"

namespace aerolith::compute {

// Asks the guest to let go of the device: of `what`, as the error calls it, where it keeps it. By force that is no
// error: false. Fine where there is no such device.
Result<bool> remove_device(QmpClient& control, const std::string& device, std::string_view what, Detach how);

}  // namespace aerolith::compute
