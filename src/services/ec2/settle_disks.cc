#include "services/ec2/settle_disks.h"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "base/step.h"
#include "services/ec2/instance_spec.h"
#include "services/ec2/settle_volume.h"
#include "services/ec2/snapshot_tables.h"
#include "services/ec2/volume_attachments.h"
#include "services/ec2/volume_sizes.h"
#include "services/ec2/volume_types.h"

namespace aerolith::ec2 {
namespace {

using namespace std::chrono_literals;
using reconcile::Again;
using reconcile::Failed;
using reconcile::Outcome;

struct AttachedDisk {
  VolumeRecord volume;
  VolumeAttachmentRecord attachment;  // to the instance
};

class DiskWork {
 public:
  // `driver`: null where the instance is at rest.
  DiskWork(const InstanceTools& tools, const Key& key, compute::Driver* driver, const InstanceRecord& instance)
      : tools_(tools), key_(key), driver_(driver), instance_(instance) {}

  std::optional<Outcome> run() {
    const auto looked = look();
    if (!looked.has_value()) return Failed{looked.error().message};
    if (disks_.empty()) return std::nullopt;
    // One that can't go, or come, doesn't keep the others.
    for (const AttachedDisk& each : disks_) {
      auto failure = settle(each);
      if (failure && !failure_) failure_ = std::move(failure);
    }
    if (failure_) return *failure_;
    return Again{0ms};
  }

 private:
  Result<> look() {
    const auto txn = tools_.cloud.metadata.begin_read();
    for (const InstanceVolume& each : instance_.volumes) {
      auto volume = TRY(kVolumes.find(*txn, key_.scope, each.volume));
      const VolumeAttachmentRecord* const attachment = volume ? volume->attachment_to(key_.id) : nullptr;
      if (attachment == nullptr) continue;
      const bool moves = driver_ != nullptr && attachment->state != AttachmentState::attached;
      // Until its snapshot is read it stays as it is: open where it is to go, closed where it has come.
      if (moves && TRY(is_being_read(*txn, key_.scope, volume->id))) continue;
      const bool changes = volume->is_changing() && (driver_ != nullptr || TRY(is_closed(*txn, *volume)));
      if (moves || changes) disks_.push_back({.volume = *volume, .attachment = *attachment});
    }
    return {};
  }

  // No other instance that has it runs. One that begins to meanwhile waits: who has the file open keeps others from it.
  Result<bool> is_closed(metadata::ReadTransaction& txn, const VolumeRecord& volume) const {
    for (const VolumeAttachmentRecord& each : volume.attachments) {
      if (each.instance == key_.id) continue;
      const auto other = TRY(kInstances.find(txn, key_.scope, each.instance));
      if (other && other->state != LifeState::stopped) return false;
    }
    return true;
  }

  std::optional<Failed> settle(const AttachedDisk& disk) {
    if (driver_ != nullptr && disk.attachment.is_ending()) return detach(disk);
    if (driver_ != nullptr && disk.attachment.state == AttachmentState::attaching) return attach(disk);
    return disk.volume.modification->state == ModificationState::modifying ? grow(disk) : limit(disk);
  }

  // Changes both records where the volume is still as it was looked at.
  template <typename Change>
  std::optional<Failed> update(const AttachedDisk& looked_at, Change change) {
    const auto changed = metadata::run_transaction(tools_.cloud.metadata, [&](metadata::Transaction& txn) -> Result<> {
      auto volume = TRY(kVolumes.find(txn, key_.scope, looked_at.volume.id));
      auto instance = TRY(kInstances.find(txn, key_.scope, key_.id));
      if (!volume || !instance) return {};
      const VolumeAttachmentRecord* const attachment = volume->attachment_to(key_.id);
      if (attachment == nullptr || attachment->state != looked_at.attachment.state) return {};
      change(txn, *volume, *instance);
      return {};
    });
    step("disk/noted");
    if (changed.has_value()) return std::nullopt;
    return Failed{changed.error().message};
  }
  // What is done of its modification; of one that several have, others may have done it, and the next one begun.
  template <typename Change>
  std::optional<Failed> update_volume(const AttachedDisk& looked_at, Change change) {
    return update(looked_at, [&](metadata::Transaction& txn, VolumeRecord& volume, InstanceRecord&) {
      const ModificationRecord& done = *looked_at.volume.modification;
      const bool is_it = volume.modification && volume.modification->started_at == done.started_at &&
                         volume.modification->state == done.state;
      if (!is_it) return;
      change(volume);
      kVolumes.put(txn, key_.scope, volume);
    });
  }

  compute::Disk wanted(const AttachedDisk& disk) const {
    return make_disk(tools_.cloud, disk.volume, disk.attachment.device);
  }
  static Failed failed(const AttachedDisk& disk, std::string_view done, const compute::DriverError& error) {
    return Failed{fmt::format("{} can't be {}: {}", disk.volume.id, done, error.detail)};
  }

  std::optional<Failed> detach(const AttachedDisk& disk) {
    const bool by_force = disk.attachment.state == AttachmentState::detaching_by_force;
    const auto detached =
        driver_->detach(key_.id, wanted(disk), by_force ? compute::Detach::by_force : compute::Detach::in_order);
    step("disk/detached");
    if (!detached.has_value()) return failed(disk, "detached", detached.error());
    auto failure = update(disk, [&](metadata::Transaction& txn, VolumeRecord& stored, InstanceRecord& instance) {
      end_volume_attachment(txn, key_.scope, stored, instance);
    });
    // A modification that came meanwhile is others' now: the volume's own queue, or who has it still.
    if (!failure) tell_holders(tools_.cloud, key_.scope, disk.volume.id);
    return failure;
  }

  std::optional<Failed> attach(const AttachedDisk& disk) {
    const auto attached = driver_->attach(key_.id, wanted(disk));
    step("disk/attached");
    if (!attached.has_value()) return failed(disk, "attached", attached.error());
    return update(disk, [&](metadata::Transaction& txn, VolumeRecord& stored, InstanceRecord& instance) {
      set_attachment_state(txn, key_.scope, AttachmentState::attached, stored, instance);
    });
  }

  std::optional<Failed> grow(const AttachedDisk& disk) {
    const uint64_t bytes = bytes_of_gib(disk.volume.modification->target.size_gib);
    if (driver_ != nullptr) {
      const auto grown = driver_->grow(key_.id, wanted(disk), bytes);
      step("disk/grown-online");
      if (!grown.has_value()) return failed(disk, "grown", grown.error());
      return update_volume(disk, note_grown);
    }
    const auto grown = tools_.cloud.volumes->grow({disk.volume.id, disk.volume.snapshot}, bytes);
    if (grown.has_value()) return update_volume(disk, note_grown);
    const LaunchFailure failure = of_volumes(grown.error());
    if (failure.may_pass) return Failed{failure.detail};
    return update_volume(
        disk, [&](VolumeRecord& stored) { note_modification_failed(stored, failure.detail, tools_.clock.now()); });
  }

  std::optional<Failed> limit(const AttachedDisk& disk) {
    if (driver_ != nullptr) {
      const auto limited = driver_->limit(key_.id, wanted(disk));
      step("disk/limited");
      if (!limited.has_value()) return failed(disk, "limited", limited.error());
    }
    return update_volume(disk, [&](VolumeRecord& stored) { note_modified(stored, tools_.clock.now()); });
  }

  const InstanceTools& tools_;
  const Key& key_;
  compute::Driver* const driver_;
  const InstanceRecord& instance_;
  std::vector<AttachedDisk> disks_;
  std::optional<Failed> failure_;
};

}  // namespace

std::optional<Outcome> settle_disks(const InstanceTools& tools, const Key& key, compute::Driver& driver,
                                    const InstanceRecord& instance) {
  return DiskWork(tools, key, &driver, instance).run();
}

std::optional<Outcome> settle_disks_at_rest(const InstanceTools& tools, const Key& key,
                                            const InstanceRecord& instance) {
  return DiskWork(tools, key, nullptr, instance).run();
}

}  // namespace aerolith::ec2
