#include "compute/throttle.h"

#include <algorithm>

#include "base/step.h"

namespace aerolith::compute {

namespace json = boost::json;

namespace {

// All of them, each time: what isn't said stays as it was.
void add_rate(json::object& limits, const std::string& name, const Rate& rate) {
  const bool bursts = rate.burst > rate.steady && rate.burst_seconds > 0;
  limits[name + "-total"] = rate.steady;
  limits[name + "-total-max"] = bursts ? rate.burst : 0;
  limits[name + "-total-max-length"] = bursts ? rate.burst_seconds : 1;
}

json::object limits_json(const DiskLimits& disk) {
  json::object limits;
  add_rate(limits, "iops", disk.operations);
  add_rate(limits, "bps", disk.bytes);
  limits["iops-size"] = disk.operations.steady > 0 ? disk.operation_bytes : 0;
  return limits;
}

Result<json::value> find_node(QmpClient& control, std::string_view volume) {
  const json::value nodes = TRY(control.execute("query-named-block-nodes", {{"flat", true}}));
  const auto found = std::ranges::find_if(nodes.as_array(), [&](const json::value& node) {
    return node.as_object().at("node-name").as_string() == volume;
  });
  return found == nodes.as_array().end() ? json::value() : *found;
}

}  // namespace

std::string throttle_group_of(std::string_view volume) { return "limits-" + std::string(volume); }
std::string image_node_of(std::string_view volume) { return "image-" + std::string(volume); }

json::object throttle_group(const Disk& disk) {
  return {{"qom-type", "throttle-group"}, {"id", throttle_group_of(disk.volume)}, {"limits", limits_json(disk.limits)}};
}

json::object throttled_node(const Disk& disk, json::value image) {
  if (image.is_object()) image.as_object()["node-name"] = image_node_of(disk.volume);
  return {{"driver", "throttle"},
          {"node-name", disk.volume},
          {"throttle-group", throttle_group_of(disk.volume)},
          {"discard", "unmap"},
          {"file", std::move(image)}};
}

Result<> add_throttle_group(QmpClient& control, const Disk& disk) {
  remove_throttle_group(control, disk.volume);  // left where we were killed in between
  TRY(control.execute("object-add", throttle_group(disk)));
  return {};
}

void remove_throttle_group(QmpClient& control, std::string_view volume) {
  (void)control.execute("object-del", {{"id", throttle_group_of(volume)}});
}

Result<bool> set_limits(QmpClient& control, const Disk& disk) {
  const auto set = control.execute("qom-set", {{"path", "/objects/" + throttle_group_of(disk.volume)},
                                               {"property", "limits"},
                                               {"value", limits_json(disk.limits)}});
  if (set.has_value()) return true;
  if (says(set.error(), "DeviceNotFound")) return false;
  return std::unexpected(set.error());
}

Result<> grow_node(QmpClient& control, std::string_view volume, uint64_t size_bytes) {
  const json::value node = TRY(find_node(control, volume));
  if (node.is_null()) return fail(DriverErrorCode::not_found, std::string(volume) + " isn't attached");
  const auto size = json::value_to<uint64_t>(node.as_object().at("image").as_object().at("virtual-size"));
  if (size >= size_bytes) return {};
  TRY(control.execute("block_resize", {{"node-name", volume}, {"size", size_bytes}}));
  step("disk/grown");
  return {};
}

Result<bool> has_node(QmpClient& control, std::string_view volume) {
  return !TRY(find_node(control, volume)).is_null();
}

}  // namespace aerolith::compute
