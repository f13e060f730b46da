#include "compute/vm_devices.h"

#include <fmt/format.h>

#include <chrono>

namespace aerolith::compute {
namespace {

constexpr auto kDetachPatience = std::chrono::seconds(5);
constexpr int kDetachTries = 4;
constexpr auto kForcePatience = std::chrono::seconds(2);

}  // namespace

Result<bool> remove_device(QmpClient& control, const std::string& device, std::string_view what, Detach how) {
  const int tries = how == Detach::by_force ? 1 : kDetachTries;
  const std::chrono::milliseconds patience = how == Detach::by_force ? kForcePatience : kDetachPatience;
  for (int each = 0; each < tries; ++each) {
    const auto asked = control.execute("device_del", {{"id", device}});
    if (!asked.has_value() && says(asked.error(), "DeviceNotFound")) return true;
    if (TRY(control.wait_for("DEVICE_DELETED", "device", device, patience))) return true;
  }
  if (how == Detach::by_force) return false;
  return fail(DriverErrorCode::command, fmt::format("the guest doesn't let go of {}", what));
}

}  // namespace aerolith::compute
