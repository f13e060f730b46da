// Ports of a virtual machine that come and go while it runs, over its control socket.
#pragma once

#include <string>
#include <string_view>

#include "compute/driver.h"
#include "compute/qmp.h"

namespace aerolith::compute {

// The guest sees a new device on return.
Result<> plug_port(QmpClient& control, const NetworkPort& port);
// Fine where it isn't there.
Result<> unplug_port(QmpClient& control, std::string_view interface, Detach how);

}  // namespace aerolith::compute
