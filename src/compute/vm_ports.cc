#include "compute/vm_ports.h"

#include <fmt/format.h>
#include <unistd.h>

#include "compute/qemu_command.h"
#include "compute/vm_descriptors.h"

namespace aerolith::compute {

namespace {

namespace json = boost::json;

constexpr auto kDetachPatience = std::chrono::seconds(5);
constexpr int kDetachTries = 4;
constexpr auto kForcePatience = std::chrono::seconds(2);

bool says(const DriverError& error, std::string_view text) { return error.detail.find(text) != std::string::npos; }

// False where the guest keeps it.
Result<bool> let_go(QmpClient& control, const std::string& device, Detach how) {
  const int tries = how == Detach::by_force ? 1 : kDetachTries;
  const std::chrono::milliseconds patience = how == Detach::by_force ? kForcePatience : kDetachPatience;
  for (int each = 0; each < tries; ++each) {
    const auto asked = control.execute("device_del", {{"id", device}});
    if (!asked.has_value() && says(asked.error(), "DeviceNotFound")) return true;
    if (TRY(control.wait_for("DEVICE_DELETED", "device", device, patience))) return true;
  }
  return false;
}

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
  const bool is_gone = TRY(let_go(control, device_id_of(interface), how));
  if (!is_gone && how == Detach::in_order) {
    return fail(DriverErrorCode::command, fmt::format("the guest doesn't let go of {}", interface));
  }
  const auto closed = control.execute("netdev_del", {{"id", backend_id_of(interface)}});
  if (!closed.has_value() && !says(closed.error(), "not found")) return std::unexpected(closed.error());
  return {};
}

}  // namespace aerolith::compute
