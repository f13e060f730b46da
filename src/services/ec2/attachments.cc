#include "services/ec2/attachments.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace aerolith::ec2 {
namespace {

constexpr int32_t kMostDeviceIndex = 127;

// Instance's list is by device index, as guests number their devices.
Result<> sort_interfaces(metadata::ReadTransaction& txn, const Scope& scope, InstanceRecord& instance) {
  std::map<std::string, int32_t> indexes;
  for (const std::string& id : instance.interfaces) {
    const auto interface = TRY(kInterfaces.find(txn, scope, id));
    indexes[id] = interface && interface->attachment ? interface->attachment->device_index : kMostDeviceIndex;
  }
  std::ranges::sort(instance.interfaces, {}, [&](const std::string& id) { return indexes.at(id); });
  return {};
}

}  // namespace

std::string_view name_of(AttachmentState state) {
  switch (state) {
    case AttachmentState::attached:
      return "attached";
    case AttachmentState::attaching:
      return "attaching";
    case AttachmentState::detaching:
    case AttachmentState::detaching_by_force:
      return "detaching";
  }
  std::unreachable();
}

Result<> check_device_index(int32_t index) {
  if (index >= 0 && index <= kMostDeviceIndex) return {};
  return errors::invalid_value("deviceIndex", std::to_string(index),
                               fmt::format("It must be between 0 and {}.", kMostDeviceIndex));
}

Result<> check_interface_count(const TypeFacts& type, size_t count) {
  if (count <= static_cast<size_t>(type.max_interfaces)) return {};
  return errors::of("AttachmentLimitExceeded",
                    fmt::format("Interface count {} exceeds the limit for {}", count, type.name));
}

Result<> check_address_count(const TypeFacts& type, size_t of_one_interface) {
  if (of_one_interface <= static_cast<size_t>(type.addresses_per_interface)) return {};
  return errors::of("PrivateIpAddressLimitExceeded",
                    fmt::format("Number of private addresses will exceed limit. An interface of a {} has {} at most.",
                                type.name, type.addresses_per_interface));
}

Result<> begin_attachment(metadata::Transaction& txn, const Scope& scope, const AttachmentRecord& attachment,
                          InterfaceRecord& interface, InstanceRecord& instance) {
  interface.attachment = attachment;
  put_part(txn, scope, attachment.id, interface.id);
  kInterfaces.put(txn, scope, interface);
  instance.interfaces.push_back(interface.id);
  TRY(sort_interfaces(txn, scope, instance));
  kInstances.put(txn, scope, instance);
  return {};
}

void end_attachment(metadata::Transaction& txn, const Scope& scope, InterfaceRecord& interface,
                    InstanceRecord& instance) {
  erase_part(txn, scope, interface.attachment->id);
  interface.attachment.reset();
  kInterfaces.put(txn, scope, interface);
  std::erase(instance.interfaces, interface.id);
  kInstances.put(txn, scope, instance);
}

Result<> settle_attachments_of_stopped(const Cloud& cloud, const Scope& scope, const std::string& instance) {
  return metadata::run_transaction(cloud.metadata, [&](metadata::Transaction& txn) -> Result<> {
    auto record = TRY(kInstances.find(txn, scope, instance));
    if (!record) return {};
    const std::vector<std::string> all = record->interfaces;
    for (const std::string& id : all) {
      auto interface = TRY(kInterfaces.find(txn, scope, id));
      if (!interface || !interface->attachment || interface->attachment->instance != instance) continue;
      if (interface->attachment->is_ending()) {
        end_attachment(txn, scope, *interface, *record);
      } else if (interface->attachment->state != AttachmentState::attached) {
        interface->attachment->state = AttachmentState::attached;
        kInterfaces.put(txn, scope, *interface);
      }
    }
    return {};
  });
}

}  // namespace aerolith::ec2
