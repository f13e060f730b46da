#include "services/ec2/settle_volume.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/step.h"
#include "services/ec2/instance_spec.h"
#include "services/ec2/settle_network.h"
#include "services/ec2/snapshot_tables.h"
#include "services/ec2/volume_sizes.h"

namespace aerolith::ec2 {
namespace {

using namespace std::chrono_literals;
using reconcile::Again;
using reconcile::Failed;
using reconcile::Outcome;
using reconcile::Settled;

constexpr auto kVolumePatience = 60s;    // for steps that should not fail
constexpr auto kLookAtSnapshot = 100ms;  // that is made of it

class VolumeWork {
 public:
  VolumeWork(const Cloud& cloud, const Clock& clock, Key key, VolumeRecord record)
      : cloud_(cloud), clock_(clock), key_(std::move(key)), record_(std::move(record)) {}

  Outcome run() {
    const auto being_read = is_being_read(*cloud_.metadata.begin_read(), key_.scope, record_.id);
    if (!being_read.has_value()) return Failed{being_read.error().message};
    if (*being_read) return Again{kLookAtSnapshot};
    if (record_.removed) return remove();
    if (record_.is_attached()) return Settled{};
    if (record_.file == VolumeFile::to_make) return record_.source_volume.empty() ? make() : make_copy();
    if (record_.is_changing()) return change();
    return Settled{};
  }

 private:
  // Where nothing else has become of it.
  template <typename Change>
  Outcome update(Change change) {
    const auto updated = metadata::run_transaction(cloud_.metadata, [&](metadata::Transaction& txn) -> Result<> {
      auto stored = TRY(kVolumes.find(txn, key_.scope, key_.id));
      if (!stored || stored->removed || stored->is_attached()) return {};
      change(*stored);
      kVolumes.put(txn, key_.scope, *stored);
      return {};
    });
    step("volume/noted");
    if (!updated.has_value()) return Failed{updated.error().message};
    return Again{0ms};
  }

  // Its snapshot goes with the change: nothing but the volume needs it.
  template <typename Change>
  Outcome update_copy(Change change) {
    const auto gone = metadata::run_transaction(cloud_.metadata, [&](metadata::Transaction& txn) -> Result<> {
      auto snapshot = TRY(kSnapshots.find(txn, snapshot_scope(key_.scope), record_.snapshot));
      auto stored = TRY(kVolumes.find(txn, key_.scope, key_.id));
      if (!stored) return {};
      change(*stored);
      kVolumes.put(txn, key_.scope, *stored);
      if (!snapshot || snapshot->for_volume != record_.id) return {};
      snapshot->removed = true;
      kSnapshots.put(txn, snapshot_scope(key_.scope), *snapshot);
      return {};
    });
    step("volume/copy-noted");
    if (!gone.has_value()) return Failed{gone.error().message};
    cloud_.snapshot_changed(key_.scope, record_.snapshot);
    return Again{0ms};
  }

  Outcome make_copy() {
    const auto found = kSnapshots.find(*cloud_.metadata.begin_read(), snapshot_scope(key_.scope), record_.snapshot);
    if (!found.has_value()) return Failed{found.error().message};
    const auto& snapshot = *found;
    // The process ended before the source's moment: nobody was told of the copy.
    if (!snapshot || snapshot->removed) return update_copy([](VolumeRecord& volume) { volume.removed = true; });
    if (snapshot->state == SnapshotState::pending) return Again{kLookAtSnapshot};
    if (snapshot->state == SnapshotState::error) return fail_copy(snapshot->failure);
    const auto made = cloud_.volumes->create(file_wanted(record_));
    step("volume/made");
    if (made.has_value()) return update_copy([](VolumeRecord& volume) { volume.file = VolumeFile::made; });
    const LaunchFailure failure = of_volumes(made.error());
    if (failure.may_pass && clock_.now() - snapshot->completed_at < kVolumePatience) return Failed{failure.detail};
    return fail_copy(failure.detail);
  }

  Outcome fail_copy(const std::string& why) {
    log_warning("ec2: a volume can't be copied", {{"volume", record_.id}, {"of", record_.source_volume}, {"why", why}});
    return update_copy([&](VolumeRecord& volume) {
      volume.file = VolumeFile::failed;
      volume.failure = why;
    });
  }

  Outcome make() {
    const auto made = cloud_.volumes->create(file_wanted(record_));
    step("volume/made");
    if (made.has_value()) return update([](VolumeRecord& volume) { volume.file = VolumeFile::made; });
    const LaunchFailure failure = of_volumes(made.error());
    if (failure.may_pass && clock_.now() - record_.created_at < kVolumePatience) return Failed{failure.detail};
    log_warning("ec2: a volume can't be made", {{"volume", record_.id}, {"why", failure.detail}});
    return update([&](VolumeRecord& volume) {
      volume.file = VolumeFile::failed;
      volume.failure = failure.detail;
    });
  }

  Outcome remove() {
    const auto removed = cloud_.volumes->remove(record_.id);
    step("volume/removed");
    if (!removed.has_value()) return Failed{removed.error().detail};
    const auto gone = metadata::run_transaction(cloud_.metadata, [&](metadata::Transaction& txn) -> Result<> {
      kVolumes.erase(txn, key_.scope, record_);
      return {};
    });
    step("volume/forgotten");
    if (!gone.has_value()) return Failed{gone.error().message};
    if (!record_.snapshot.empty()) cloud_.snapshot_unused(key_.scope, record_.snapshot);
    return Settled{};
  }

  // How fast it is, only who attaches it is told.
  Outcome change() {
    if (record_.modification->state == ModificationState::optimizing) {
      return update([&](VolumeRecord& volume) { note_modified(volume, clock_.now()); });
    }
    const auto grown =
        cloud_.volumes->grow({record_.id, record_.snapshot}, bytes_of_gib(record_.modification->target.size_gib));
    if (grown.has_value()) return update([](VolumeRecord& volume) { note_grown(volume); });
    const LaunchFailure failure = of_volumes(grown.error());
    if (failure.may_pass) return Failed{failure.detail};
    return update([&](VolumeRecord& volume) { note_modification_failed(volume, failure.detail, clock_.now()); });
  }

  const Cloud& cloud_;
  const Clock& clock_;
  const Key key_;
  const VolumeRecord record_;
};

}  // namespace

bool is_unsettled(const VolumeRecord& volume) {
  if (volume.removed) return true;
  return !volume.is_attached() && (volume.file == VolumeFile::to_make || volume.is_changing());
}

reconcile::Outcome settle_volume(const Cloud& cloud, const Clock& clock, std::string_view key) {
  Key parsed = read_key(key);
  const auto txn = cloud.metadata.begin_read();
  auto record = kVolumes.find(*txn, parsed.scope, parsed.id);
  if (!record.has_value()) return Failed{record.error().message};
  if (!*record) return Settled{};
  return VolumeWork(cloud, clock, std::move(parsed), **std::move(record)).run();
}

void note_grown(VolumeRecord& volume) {
  if (!volume.modification || volume.modification->state != ModificationState::modifying) return;
  const VolumeShape& target = volume.modification->target;
  volume.size_gib = target.size_gib;
  volume.type = target.type;
  volume.iops = target.iops;
  volume.throughput = target.throughput;
  volume.multi_attach = target.multi_attach;
  volume.modification->state = ModificationState::optimizing;
}

void note_modified(VolumeRecord& volume, Timestamp now) {
  if (!volume.modification || volume.modification->state != ModificationState::optimizing) return;
  volume.modification->state = ModificationState::completed;
  volume.modification->ended_at = now;
}

void note_modification_failed(VolumeRecord& volume, std::string message, Timestamp now) {
  if (!volume.modification || volume.modification->is_over()) return;
  volume.modification->state = ModificationState::failed;
  volume.modification->message = std::move(message);
  volume.modification->ended_at = now;
}

}  // namespace aerolith::ec2
