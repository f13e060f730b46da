#include "services/ec2/instance_end.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/step.h"
#include "services/ec2/addresses.h"
#include "services/ec2/interfaces.h"
#include "services/ec2/recycle_bin.h"
#include "services/ec2/volume_attachments.h"

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

namespace {

// Its volumes that end with it: not what a retention rule keeps, and nothing that has left it, maybe through the bin.
// Of Multi-Attach, others may get it meanwhile: see leave_volume.
Result<std::vector<std::string>> volumes_to_end(const Cloud& cloud, const Scope& scope, const InstanceRecord& instance,
                                                const std::vector<std::string>& files, Timestamp now) {
  std::vector<std::string> ending;
  std::vector<std::string> kept;
  TRY(metadata::run_transaction(cloud.metadata, [&](metadata::Transaction& txn) -> Result<> {
    ending.clear();
    kept.clear();
    for (const InstanceVolume& each : instance.volumes) {
      if (stays(each)) continue;
      const auto volume = TRY(kVolumes.find(txn, scope, each.volume));
      if (!volume || volume->multi_attach || volume->attachment_to(instance.id) == nullptr) continue;
      VolumeRecord freed = *volume;
      freed.free_of(instance.id);
      const bool has_file = std::ranges::find(files, volume->id) != files.end();
      const bool is_kept = has_file && TRY(keep_in_bin(txn, scope, freed, now));
      (is_kept ? kept : ending).push_back(volume->id);
    }
    return {};
  }));
  for (const std::string& each : kept) cloud.bin_changed(scope, each);
  return ending;
}

enum class Left : uint8_t { nothing, gone, free, in_bin };

// With the last one that has it, what others may have as well is removed where that one says so.
Result<Left> leave_volume(metadata::Transaction& txn, const Scope& scope, const InstanceRecord& instance,
                          const InstanceVolume& entry, Timestamp now) {
  auto volume = TRY(kVolumes.find(txn, scope, entry.volume));
  // It may be another instance's by now.
  if (!volume || volume->attachment_to(instance.id) == nullptr) return Left::nothing;
  if (!stays(entry) && !volume->multi_attach) {
    kVolumes.erase(txn, scope, *volume);
    return Left::gone;
  }
  volume->free_of(instance.id);
  if (!stays(entry) && !volume->is_attached()) {
    if (TRY(keep_in_bin(txn, scope, *volume, now))) return Left::in_bin;
    volume->removed = true;
  }
  kVolumes.put(txn, scope, *volume);
  return Left::free;
}

}  // namespace

aerolith::Result<void, LaunchFailure> remove_volumes(const Cloud& cloud, const Scope& scope,
                                                     const InstanceRecord& instance, Timestamp now) {
  const auto files = cloud.volumes->list();
  if (!files.has_value()) return std::unexpected(of_volumes(files.error()));
  const auto ending = volumes_to_end(cloud, scope, instance, *files, now);
  if (!ending.has_value()) {
    return std::unexpected(LaunchFailure{.code = "Server.InternalError", .detail = ending.error().message});
  }
  for (const std::string& each : *ending) {
    const auto removed = cloud.volumes->remove(each);
    if (!removed.has_value()) return std::unexpected(of_volumes(removed.error()));
    step("terminate/volume-file-removed");
  }
  std::map<std::string, Left> left;
  const auto done = metadata::run_transaction(cloud.metadata, [&](metadata::Transaction& txn) -> Result<> {
    left.clear();
    for (const InstanceVolume& each : instance.volumes) {
      left[each.volume] = TRY(leave_volume(txn, scope, instance, each, now));
    }
    return {};
  });
  if (!done.has_value()) {
    return std::unexpected(LaunchFailure{.code = "Server.InternalError", .detail = done.error().message});
  }
  for (const auto& [volume, how] : left) {
    if (how == Left::free) tell_holders(cloud, scope, volume);
    if (how == Left::in_bin) cloud.bin_changed(scope, volume);
  }
  return {};
}

}  // namespace aerolith::ec2
