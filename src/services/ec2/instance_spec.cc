#include "services/ec2/instance_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/step.h"
#include "services/ec2/cidr.h"
#include "services/ec2/encryption.h"
#include "services/ec2/instance_types.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/volume_sizes.h"
#include "services/ec2/volume_types.h"
#include "services/ec2/zones.h"

namespace aerolith::ec2 {
namespace {

constexpr uint64_t kMib = uint64_t{1} << 20;

LaunchFailure of_records(const CallError& error) { return {.code = "Server.InternalError", .detail = error.message}; }

// A line of resolv.conf: whatever the options' values are, they bring no second one.
bool is_domain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_' || c == ' ';
  });
}

// Also where the VPC has no options: there are no servers then.
Result<compute::Resolver> make_resolver(metadata::ReadTransaction& txn, const Scope& scope, const std::string& vpc_id) {
  compute::Resolver resolver;
  const VpcRecord vpc = TRY(kVpcs.get(txn, scope, vpc_id));
  const auto found = TRY(kDhcpOptions.find(txn, scope, vpc.dhcp_options));
  if (!found) return resolver;
  for (const DhcpOption& option : found->options) {
    if (option.key == "domain-name" && !option.values.empty() && is_domain(option.values.front())) {
      resolver.domain = option.values.front();
    }
    if (option.key != "domain-name-servers") continue;
    for (const std::string& server : option.values) {
      const auto block = parse_cidr(vpc.cidrs.front().cidr);
      if (server == "AmazonProvidedDNS" && block) resolver.servers.push_back(format_ipv4(block->base + 2));
      if (parse_ipv4(server)) resolver.servers.push_back(server);
    }
  }
  return resolver;
}

}  // namespace

LaunchFailure of_driver(const compute::DriverError& error) {
  switch (error.code) {
    case compute::DriverErrorCode::unavailable:
      return {.code = "Server.InternalError", .detail = error.detail, .may_pass = false};
    case compute::DriverErrorCode::no_capacity:
      return {.code = "Server.InsufficientInstanceCapacity", .detail = error.detail, .may_pass = false};
    case compute::DriverErrorCode::bad_image:
      return {.code = "Client.InternalError", .detail = error.detail, .may_pass = false};
    case compute::DriverErrorCode::not_found:
    case compute::DriverErrorCode::command:
      return {.code = "Server.InternalError", .detail = error.detail};
  }
  std::unreachable();
}

LaunchFailure of_volumes(const blocks::VolumeError& error) {
  switch (error.code) {
    case blocks::VolumeErrorCode::no_space:
      return {.code = "Server.InsufficientInstanceCapacity", .detail = error.detail, .may_pass = false};
    case blocks::VolumeErrorCode::not_found:
      return {.code = "Client.InvalidSnapshot.NotFound", .detail = error.detail, .may_pass = false};
    case blocks::VolumeErrorCode::unavailable:
    case blocks::VolumeErrorCode::corrupt:
      return {.code = "Server.InternalError", .detail = error.detail, .may_pass = false};
    case blocks::VolumeErrorCode::in_use:
    case blocks::VolumeErrorCode::command:
      return {.code = "Server.InternalError", .detail = error.detail};
  }
  std::unreachable();
}

aerolith::Result<void, LaunchFailure> make_volumes(const Cloud& cloud, const Scope& scope,
                                                   const InstanceRecord& instance) {
  const auto there = cloud.volumes->list();
  if (!there.has_value()) return std::unexpected(of_volumes(there.error()));
  const auto txn = cloud.metadata.begin_read();
  for (const InstanceVolume& each : instance.volumes) {
    if (std::ranges::find(*there, each.volume) != there->end()) continue;
    const auto volume = kVolumes.get(*txn, scope, each.volume);
    if (!volume.has_value()) return std::unexpected(of_records(volume.error()));
    // What the user made and attached is never made anew.
    if (volume->file != VolumeFile::with_instance) continue;
    const auto made = cloud.volumes->create(file_wanted(*volume));
    if (!made.has_value()) return std::unexpected(of_volumes(made.error()));
    step("launch/volume-made");
  }
  return {};
}

Result<compute::NetworkPort> make_port(metadata::ReadTransaction& txn, const Cloud& cloud, const Scope& scope,
                                       const InstanceRecord& instance, const InterfaceRecord& interface) {
  const SubnetRecord subnet = TRY(kSubnets.get(txn, scope, interface.subnet));
  const Cidr cidr = parse_cidr(subnet.cidr).value_or(Cidr());
  compute::NetworkPort port{.interface = interface.id,
                            .mac = interface.mac,
                            .address = fmt::format("{}/{}", interface.addresses.front().address, cidr.prefix),
                            .gateway = format_ipv4(cidr.base + 1)};
  if (interface.attachment) port.device_index = interface.attachment->device_index;
  if (instance.driver == DriverChoice::vm && cloud.port_names.tap_of) {
    port.tap = cloud.port_names.tap_of(interface.id);
    port.tap_namespace = cloud.port_names.namespace_path_of(instance.vpc);
  }
  return port;
}

uint64_t fill_rate_of(const VolumeRecord& volume) { return static_cast<uint64_t>(volume.initialization_rate) * kMib; }

blocks::NewVolume file_wanted(const VolumeRecord& volume) {
  return {.volume = volume.id,
          .size_bytes = bytes_of_gib(volume.size_gib),
          .snapshot = volume.snapshot,
          .key = key_name(volume.kms_key),
          .fill_bytes_per_second = fill_rate_of(volume)};
}

compute::Disk make_disk(const Cloud& cloud, const VolumeRecord& volume, const std::string& device) {
  return {.volume = volume.id,
          .file = cloud.volumes->file_of(volume.id),
          .device = device,
          .limits = limits_of(volume.shape()),
          .base = volume.snapshot,
          .is_shared = volume.multi_attach};
}

Result<compute::Spec> make_spec(const Cloud& cloud, const Scope& scope, const InstanceRecord& instance) {
  const TypeFacts* const type = find_instance_type(instance.type);
  if (type == nullptr) return errors::internal_error("an instance of an unknown type: " + instance.type);
  compute::Spec spec{.instance = instance.id, .instance_type = instance.type};
  spec.kind = instance.driver == DriverChoice::vm ? compute::Kind::vm : compute::Kind::container;
  const std::string name = private_name(scope.region, instance.private_address);
  spec.hostname = name.substr(0, name.find('.'));
  spec.vcpus = instance.cores * instance.threads_per_core;
  spec.memory_bytes = static_cast<uint64_t>(type->memory_mib) * kMib;
  spec.kernel = instance.kernel;
  spec.initramfs = instance.initramfs;
  spec.kernel_arguments = instance.kernel_arguments;
  const auto txn = cloud.metadata.begin_read();
  spec.resolver = TRY(make_resolver(*txn, scope, instance.vpc));
  for (const InstanceVolume& each : instance.volumes) {
    const VolumeRecord volume = TRY(kVolumes.get(*txn, scope, each.volume));
    const VolumeAttachmentRecord* const attachment = volume.attachment_to(instance.id);
    if (attachment == nullptr || attachment->is_ending()) continue;
    spec.disks.push_back(make_disk(cloud, volume, attachment->device));
    spec.disks.back().is_root = each.is_root;
  }
  for (const std::string& id : instance.interfaces) {
    const InterfaceRecord interface = TRY(kInterfaces.get(*txn, scope, id));
    if (interface.attachment && interface.attachment->is_ending()) continue;
    spec.ports.push_back(TRY(make_port(*txn, cloud, scope, instance, interface)));
  }
  return spec;
}

}  // namespace aerolith::ec2
