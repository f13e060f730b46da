#include "compute/spec_json.h"

#include <algorithm>
#include <boost/json.hpp>

namespace aerolith::compute {

namespace json = boost::json;

namespace {

json::array rate_json(const Rate& rate) { return {rate.steady, rate.burst, rate.burst_seconds}; }
Rate parse_rate(const json::value& value) {
  const auto numbers = json::value_to<std::vector<uint64_t>>(value);
  return {.steady = numbers.at(0), .burst = numbers.at(1), .burst_seconds = numbers.at(2)};
}

json::object disk_json(const Disk& disk) {
  json::object value{{"volume", disk.volume},
                     {"file", disk.file},
                     {"device", disk.device},
                     {"is_root", disk.is_root},
                     {"operations", rate_json(disk.limits.operations)},
                     {"bytes", rate_json(disk.limits.bytes)},
                     {"operation_bytes", disk.limits.operation_bytes}};
  if (disk.base) value["base"] = *disk.base;
  if (disk.is_shared) value["is_shared"] = true;
  return value;
}
Disk parse_disk(const json::object& value) {
  Disk disk{.volume = json::value_to<std::string>(value.at("volume")),
            .file = json::value_to<std::string>(value.at("file")),
            .device = json::value_to<std::string>(value.at("device")),
            .is_root = value.at("is_root").as_bool()};
  if (const json::value* const base = value.if_contains("base")) disk.base = json::value_to<std::string>(*base);
  disk.is_shared = value.contains("is_shared");
  // An earlier version of ours had no limits.
  if (!value.contains("operations")) return disk;
  disk.limits = {.operations = parse_rate(value.at("operations")),
                 .bytes = parse_rate(value.at("bytes")),
                 .operation_bytes = json::value_to<uint64_t>(value.at("operation_bytes"))};
  return disk;
}

json::object port_json(const NetworkPort& port) {
  return {{"interface", port.interface},      {"mac", port.mac}, {"address", port.address},
          {"gateway", port.gateway},          {"tap", port.tap}, {"tap_namespace", port.tap_namespace},
          {"device_index", port.device_index}};
}
// An earlier version of ours wrote no number where it doesn't stand: `otherwise`, then.
int number_in(const json::object& value, std::string_view name, int otherwise) {
  const json::value* const found = value.if_contains(name);
  return found == nullptr ? otherwise : json::value_to<int>(*found);
}
NetworkPort parse_port(const json::object& value, size_t position) {
  return {.interface = json::value_to<std::string>(value.at("interface")),
          .mac = json::value_to<std::string>(value.at("mac")),
          .address = json::value_to<std::string>(value.at("address")),
          .gateway = json::value_to<std::string>(value.at("gateway")),
          .device_index = number_in(value, "device_index", static_cast<int>(position)),
          .tap = json::value_to<std::string>(value.at("tap")),
          .tap_namespace = json::value_to<std::string>(value.at("tap_namespace"))};
}

Spec parse(const json::object& value) {
  Spec spec;
  spec.instance = json::value_to<std::string>(value.at("instance"));
  spec.kind = value.at("kind").as_string() == "vm" ? Kind::vm : Kind::container;
  spec.instance_type = json::value_to<std::string>(value.at("instance_type"));
  spec.hostname = json::value_to<std::string>(value.at("hostname"));
  spec.vcpus = json::value_to<int>(value.at("vcpus"));
  spec.memory_bytes = json::value_to<uint64_t>(value.at("memory_bytes"));
  for (const auto& disk : value.at("disks").as_array()) spec.disks.push_back(parse_disk(disk.as_object()));
  for (const auto& port : value.at("ports").as_array()) {
    spec.ports.push_back(parse_port(port.as_object(), spec.ports.size()));
  }
  spec.kernel = json::value_to<std::string>(value.at("kernel"));
  spec.initramfs = json::value_to<std::string>(value.at("initramfs"));
  spec.kernel_arguments = json::value_to<std::string>(value.at("kernel_arguments"));
  if (const json::value* const resolver = value.if_contains("resolver")) {
    spec.resolver = Resolver{.servers = json::value_to<std::vector<std::string>>(resolver->at("servers")),
                             .domain = json::value_to<std::string>(resolver->at("domain"))};
  }
  return spec;
}

}  // namespace

std::string to_json(const Spec& spec) {
  json::array disks;
  for (const Disk& disk : spec.disks) disks.push_back(disk_json(disk));
  json::array ports;
  for (const NetworkPort& port : spec.ports) ports.push_back(port_json(port));
  json::object value{{"instance", spec.instance},
                     {"kind", spec.kind == Kind::vm ? "vm" : "container"},
                     {"instance_type", spec.instance_type},
                     {"hostname", spec.hostname},
                     {"vcpus", spec.vcpus},
                     {"memory_bytes", spec.memory_bytes},
                     {"disks", std::move(disks)},
                     {"ports", std::move(ports)},
                     {"kernel", spec.kernel},
                     {"initramfs", spec.initramfs},
                     {"kernel_arguments", spec.kernel_arguments}};
  if (spec.resolver) {
    value["resolver"] =
        json::object{{"servers", json::value_from(spec.resolver->servers)}, {"domain", spec.resolver->domain}};
  }
  return json::serialize(value);
}

void add_port(Spec& spec, const NetworkPort& port) {
  const auto place = std::ranges::upper_bound(spec.ports, port.device_index, {}, &NetworkPort::device_index);
  spec.ports.insert(place, port);
}

Result<Spec> parse_spec(std::string_view text) {
  try {
    return parse(json::parse(text).as_object());
  } catch (const std::exception& error) {
    return fail(DriverErrorCode::command, std::string("the spec of an instance can't be read: ") + error.what());
  }
}

}  // namespace aerolith::compute
