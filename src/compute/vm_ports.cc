#include "compute/vm_ports.h"

#include <unistd.h>

#include "compute/qemu_command.h"
#include "compute/vm_descriptors.h"
#include "compute/vm_devices.h"

namespace aerolith::compute {

namespace {

namespace json = boost::json;

Result<> add_device(QmpClient& control, const NetworkPort& port) {
  const std::string backend = backend_id_of(port.interface);
  TRY(control.execute("netdev_add", {{"type", "tap"}, {"id", backend}, {"fd", backend}}));
  const auto added = control.execute("device_add", {{"driver", "virtio-net-pci"},
                                                    {"id", device_id_of(port.interface)},
                                                    {"netdev", backend},
                                                    {"mac", port.mac},
                                                    {"romfile", ""},
                                                    {"bus", kPlugBus}});
  if (added.has_value()) return {};
  (void)control.execute("netdev_del", {{"id", backend}});
  return std::unexpected(added.error());
}

}  // namespace

Result<> plug_port(QmpClient& control, const NetworkPort& port) {
  TRY(unplug_port(control, port.interface, Detach::in_order));  // half attached, where we were killed in between
  const int tap = TRY(open_tap(port));
  const std::string name = backend_id_of(port.interface);
  const auto given = control.execute("getfd", {{"fdname", name}}, tap);
  ::close(tap);
  if (!given.has_value()) return std::unexpected(given.error());
  auto added = add_device(control, port);
  // Where the backend has taken it, there is none of this name any more.
  if (!added.has_value()) (void)control.execute("closefd", {{"fdname", name}});
  return added;
}

Result<> unplug_port(QmpClient& control, std::string_view interface, Detach how) {
  TRY(remove_device(control, device_id_of(interface), interface, how));
  const auto closed = control.execute("netdev_del", {{"id", backend_id_of(interface)}});
  if (!closed.has_value() && !says(closed.error(), "not found")) return std::unexpected(closed.error());
  return {};
}

}  // namespace aerolith::compute
