#include "services/ec2/instance_end.h"

#include "base/step.h"
#include "services/ec2/addresses.h"
#include "services/ec2/interfaces.h"

namespace aerolith::ec2 {
namespace {

// One that was on its way out is the user's, whatever was said before.
bool stays(const InstanceVolume& volume) {
  return !volume.delete_on_termination || volume.state == AttachmentState::detaching ||
         volume.state == AttachmentState::detaching_by_force;
}

}  // namespace

Result<> release_own_address(const Cloud& cloud, const Scope& scope, const InstanceRecord& instance) {
  return metadata::run_transaction(cloud.metadata, [&](metadata::Transaction& txn) -> Result<> {
    for (const std::string& id : instance.interfaces) {
      auto interface = TRY(kInterfaces.find(txn, scope, id));
      if (!interface) continue;
      for (PrivateAddressRecord& address : interface->addresses) {
        if (!address.public_address || !address.public_address->allocation.empty()) continue;
        give_public_address_back(txn, address.public_address->address);
        address.public_address.reset();
      }
      kInterfaces.put(txn, scope, *interface);
    }
    return {};
  });
}

Result<> leave_network(const Cloud& cloud, const Scope& scope, const InstanceRecord& instance) {
  return metadata::run_transaction(cloud.metadata, [&](metadata::Transaction& txn) -> Result<> {
    for (const std::string& id : instance.interfaces) {
      auto interface = TRY(kInterfaces.find(txn, scope, id));
      // It may be another instance's by now.
      if (!interface || !interface->attachment || interface->attachment->instance != instance.id) continue;
      if (interface->attachment->delete_on_termination && !interface->attachment->is_ending()) {
        TRY(remove_interface(txn, scope, *interface));
        continue;
      }
      erase_part(txn, scope, interface->attachment->id);
      interface->attachment.reset();
      kInterfaces.put(txn, scope, *interface);
    }
    return {};
  });
}

aerolith::Result<void, LaunchFailure> remove_volumes(const Cloud& cloud, const Scope& scope,
                                                     const InstanceRecord& instance) {
  for (const InstanceVolume& each : instance.volumes) {
    if (stays(each)) continue;
    const auto removed = cloud.volumes->remove(each.volume);
    if (!removed.has_value()) return std::unexpected(of_volumes(removed.error()));
    step("terminate/volume-file-removed");
  }
  const auto done = metadata::run_transaction(cloud.metadata, [&](metadata::Transaction& txn) -> Result<> {
    for (const InstanceVolume& each : instance.volumes) {
      auto volume = TRY(kVolumes.find(txn, scope, each.volume));
      if (!volume) continue;
      // It may be another instance's by now.
      if (volume->instance != instance.id) continue;
      if (!stays(each)) {
        kVolumes.erase(txn, scope, *volume);
        continue;
      }
      volume->instance.clear();
      volume->device.clear();
      volume->delete_on_termination = false;
      volume->state = AttachmentState::attached;
      kVolumes.put(txn, scope, *volume);
    }
    return {};
  });
  if (!done.has_value()) {
    return std::unexpected(LaunchFailure{.code = "Server.InternalError", .detail = done.error().message});
  }
  for (const InstanceVolume& each : instance.volumes) {
    if (stays(each)) cloud.volume_changed(scope, each.volume);
  }
  return {};
}

}  // namespace aerolith::ec2
