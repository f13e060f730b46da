#include "services/ec2/settle_disks.h"

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

class DiskWork {
 public:
  // `driver`: null where the instance is at rest.
  DiskWork(const InstanceTools& tools, const Key& key, compute::Driver* driver, const InstanceRecord& instance)
      : tools_(tools), key_(key), driver_(driver), instance_(instance) {}

  std::optional<Outcome> run() {
    const auto looked = look();
    if (!looked.has_value()) return Failed{looked.error().message};
    if (volumes_.empty()) return std::nullopt;
    // One that can't go, or come, doesn't keep the others.
    for (const VolumeRecord& each : volumes_) {
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
      if (!volume || volume->instance != key_.id) continue;
      const bool moves = driver_ != nullptr && volume->state != AttachmentState::attached;
      // Until its snapshot is read it stays as it is: open where it is to go, closed where it has come.
      if (moves && TRY(is_being_read(*txn, key_.scope, volume->id))) continue;
      if (moves || volume->is_changing()) volumes_.push_back(*std::move(volume));
    }
    return {};
  }

  std::optional<Failed> settle(const VolumeRecord& volume) {
    if (driver_ != nullptr && volume.is_ending()) return detach(volume);
    if (driver_ != nullptr && volume.state == AttachmentState::attaching) return attach(volume);
    return volume.modification->state == ModificationState::modifying ? grow(volume) : limit(volume);
  }

  // Changes both records where the volume is still as it was looked at.
  template <typename Change>
  std::optional<Failed> update(const VolumeRecord& looked_at, Change change) {
    const auto changed = metadata::run_transaction(tools_.cloud.metadata, [&](metadata::Transaction& txn) -> Result<> {
      auto volume = TRY(kVolumes.find(txn, key_.scope, looked_at.id));
      auto instance = TRY(kInstances.find(txn, key_.scope, key_.id));
      if (!volume || !instance || volume->instance != key_.id || volume->state != looked_at.state) return {};
      change(txn, *volume, *instance);
      return {};
    });
    step("disk/noted");
    if (changed.has_value()) return std::nullopt;
    return Failed{changed.error().message};
  }
  template <typename Change>
  std::optional<Failed> update_volume(const VolumeRecord& looked_at, Change change) {
    return update(looked_at, [&](metadata::Transaction& txn, VolumeRecord& volume, InstanceRecord&) {
      change(volume);
      kVolumes.put(txn, key_.scope, volume);
    });
  }

  std::optional<Failed> detach(const VolumeRecord& volume) {
    const bool by_force = volume.state == AttachmentState::detaching_by_force;
    const auto detached = driver_->detach(key_.id, make_disk(tools_.cloud, volume),
                                          by_force ? compute::Detach::by_force : compute::Detach::in_order);
    step("disk/detached");
    if (!detached.has_value()) return Failed{volume.id + " can't be detached: " + detached.error().detail};
    auto failure = update(volume, [&](metadata::Transaction& txn, VolumeRecord& stored, InstanceRecord& instance) {
      end_volume_attachment(txn, key_.scope, stored, instance);
    });
    // A modification that came meanwhile is the volume's own queue's now.
    if (!failure) tools_.cloud.volume_changed(key_.scope, volume.id);
    return failure;
  }

  std::optional<Failed> attach(const VolumeRecord& volume) {
    const auto attached = driver_->attach(key_.id, make_disk(tools_.cloud, volume));
    step("disk/attached");
    if (!attached.has_value()) return Failed{volume.id + " can't be attached: " + attached.error().detail};
    return update(volume, [&](metadata::Transaction& txn, VolumeRecord& stored, InstanceRecord& instance) {
      set_attachment_state(txn, key_.scope, AttachmentState::attached, stored, instance);
    });
  }

  std::optional<Failed> grow(const VolumeRecord& volume) {
    const uint64_t bytes = bytes_of_gib(volume.modification->target.size_gib);
    if (driver_ != nullptr) {
      const auto grown = driver_->grow(key_.id, make_disk(tools_.cloud, volume), bytes);
      step("disk/grown-online");
      if (!grown.has_value()) return Failed{volume.id + " can't be grown: " + grown.error().detail};
      return update_volume(volume, note_grown);
    }
    const auto grown = tools_.cloud.volumes->grow({volume.id, volume.snapshot}, bytes);
    if (grown.has_value()) return update_volume(volume, note_grown);
    const LaunchFailure failure = of_volumes(grown.error());
    if (failure.may_pass) return Failed{failure.detail};
    return update_volume(
        volume, [&](VolumeRecord& stored) { note_modification_failed(stored, failure.detail, tools_.clock.now()); });
  }

  std::optional<Failed> limit(const VolumeRecord& volume) {
    if (driver_ != nullptr) {
      const auto limited = driver_->limit(key_.id, make_disk(tools_.cloud, volume));
      step("disk/limited");
      if (!limited.has_value()) return Failed{volume.id + " can't be limited: " + limited.error().detail};
    }
    return update_volume(volume, [&](VolumeRecord& stored) { note_modified(stored, tools_.clock.now()); });
  }

  const InstanceTools& tools_;
  const Key& key_;
  compute::Driver* const driver_;
  const InstanceRecord& instance_;
  std::vector<VolumeRecord> volumes_;
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
