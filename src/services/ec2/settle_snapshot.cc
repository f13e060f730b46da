#include "services/ec2/settle_snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "base/step.h"
#include "blocks/block_store.h"
#include "services/ec2/encryption.h"
#include "services/ec2/image_making.h"
#include "services/ec2/import_tables.h"
#include "services/ec2/instance_spec.h"
#include "services/ec2/recycle_bin.h"
#include "services/ec2/settle_network.h"
#include "services/ec2/snapshot_uploads.h"
#include "services/ec2/snapshots.h"

namespace aerolith::ec2 {
namespace {

using namespace std::chrono_literals;
using reconcile::Again;
using reconcile::Failed;
using reconcile::Outcome;
using reconcile::Settled;

// A volume that was made of it may live for years; it goes soon after the last one.
constexpr auto kLookAtUse = std::chrono::minutes(1);
constexpr auto kLookAtCopy = 100ms;
constexpr auto kLookAtSmallCopy = 10ms;
constexpr auto kTellEvery = 500ms;
constexpr auto kSnapshotPatience = 60s;  // for steps that should not fail

// `by_volume`: its file, but not its blocks. `by_volume_to_make`: whatever there is of it.
enum class SnapshotUse : uint8_t { none, by_volume, by_volume_to_make, by_image, by_record, by_copy };

bool names(const ImageRecord& image, const std::string& snapshot) {
  return std::ranges::find(image.devices, snapshot, &BlockDeviceRecord::snapshot) != image.devices.end();
}

// By what is in the Recycle Bin. `had_record`: it was deleted for good, so that images there can't be restored.
Result<SnapshotUse> use_in_bin(metadata::ReadTransaction& txn, const std::string& snapshot, bool had_record) {
  auto records = kBinnedSnapshots.rows().scan(txn, metadata::Direction::forward);
  while (TRY(records.next())) {
    if (std::get<2>(records.key()) == snapshot) return SnapshotUse::by_record;
  }
  auto images = kBinnedImages.rows().scan(txn, metadata::Direction::forward);
  while (!had_record && TRY(images.next())) {
    if (names(TRY(images.record()), snapshot)) return SnapshotUse::by_image;
  }
  auto volumes = kBinnedVolumes.rows().scan(txn, metadata::Direction::forward);
  while (TRY(volumes.next())) {
    if (TRY(volumes.record()).snapshot == snapshot) return SnapshotUse::by_volume;
  }
  return SnapshotUse::none;
}

// `made`: volumes whose files are there.
Result<SnapshotUse> use_of(metadata::ReadTransaction& txn, const std::string& snapshot,
                           const std::vector<std::string>& made, bool had_record) {
  auto images = kImages.rows().scan(txn, metadata::Direction::forward);
  while (TRY(images.next())) {
    if (names(TRY(images.record()), snapshot)) return SnapshotUse::by_image;
  }
  // The key of what lies on the disk alone has no region to find the record by.
  auto records = kSnapshots.rows().scan(txn, metadata::Direction::forward);
  while (TRY(records.next())) {
    const SnapshotRecord record = TRY(records.record());
    if (record.id == snapshot) return SnapshotUse::by_record;
    if (record.state != SnapshotState::pending) continue;
    if (record.source_snapshot == snapshot || record.base == snapshot) return SnapshotUse::by_copy;
  }
  if (TRY(is_being_imported(txn, snapshot))) return SnapshotUse::by_record;  // that is about to come
  SnapshotUse use = SnapshotUse::none;
  auto volumes = kVolumes.rows().scan(txn, metadata::Direction::forward);
  while (TRY(volumes.next())) {
    const VolumeRecord volume = TRY(volumes.record());
    if (volume.snapshot != snapshot) continue;
    const bool is_made = volume.removed || std::ranges::find(made, volume.id) != made.end();
    if (!is_made && volume.file != VolumeFile::failed) return SnapshotUse::by_volume_to_make;
    use = SnapshotUse::by_volume;
  }
  if (const SnapshotUse binned = TRY(use_in_bin(txn, snapshot, had_record)); binned != SnapshotUse::none) return binned;
  return use;
}

// Of no record, at least not any more.
Outcome remove_unused(const Cloud& cloud, const std::string& snapshot, bool had_record) {
  const auto made = cloud.volumes->list();  // before the records: what is made since then counts as not made
  if (!made.has_value()) return Failed{made.error().detail};
  const auto use = use_of(*cloud.metadata.begin_read(), snapshot, *made, had_record);
  if (!use.has_value()) return Failed{use.error().message};
  if (*use == SnapshotUse::by_image || *use == SnapshotUse::by_record) return Settled{};
  if (*use == SnapshotUse::by_copy) return Again{kLookAtCopy};
  if (*use == SnapshotUse::by_volume_to_make) return Again{kLookAtUse};
  cloud.volumes->let_file_go(snapshot);  // it may have been made ahead until just now
  const auto removed = cloud.volumes->remove_snapshot(snapshot);
  step("snapshot/removed");
  if (removed.has_value()) {
    log_info("ec2: removed a snapshot that nothing needs", {{"snapshot", snapshot}});
    return Settled{};
  }
  if (removed.error().code == blocks::VolumeErrorCode::in_use) return Again{kLookAtUse};
  return Failed{removed.error().detail};
}

class SnapshotWork {
 public:
  SnapshotWork(const Cloud& cloud, const Clock& clock, Key key, SnapshotRecord record)
      : cloud_(cloud), clock_(clock), key_(std::move(key)), record_(std::move(record)) {}

  Outcome run() {
    if (record_.removed) return remove();
    if (record_.state != SnapshotState::pending) return Settled{};
    switch (record_.source) {
      case SnapshotSource::closed_volume:
        return read_closed_volume();
      case SnapshotSource::guest:
        return follow_copy();
      case SnapshotSource::snapshot:
        return end_with(copy_source());
      case SnapshotSource::copy:
        return store();
      case SnapshotSource::blocks:
        return follow_upload();
      case SnapshotSource::image:
      case SnapshotSource::file:  // it has its record when its bytes are there
        return Settled{};
    }
    std::unreachable();
  }

 private:
  template <typename Change>
  Result<> update(Change change) {
    return metadata::run_transaction(cloud_.metadata, [&](metadata::Transaction& txn) -> Result<> {
      auto stored = TRY(kSnapshots.find(txn, snapshot_scope(key_.scope), key_.id));
      if (!stored) return {};
      change(txn, *stored);
      kSnapshots.put(txn, snapshot_scope(key_.scope), *stored);
      if (is_upload_over(*stored)) TRY(erase_upload(txn, key_.scope.region, key_.id));
      if (stored->state != SnapshotState::pending && !stored->image.empty()) {
        TRY(end_image_of_snapshots(txn, key_.scope, stored->image));
      }
      return {};
    });
  }

  static bool is_upload_over(const SnapshotRecord& record) {
    return record.source == SnapshotSource::blocks && record.state != SnapshotState::pending;
  }

  Outcome follow_upload() {
    const auto found = settle_upload(cloud_, clock_, key_.scope.region, record_);
    if (const auto* again = std::get_if<Again>(&found)) return *again;
    if (const auto* failed = std::get_if<Failed>(&found)) return *failed;
    const std::string& failure = std::get<UploadOver>(found).failure;
    step("snapshot/made");
    return end(failure.empty() ? SnapshotState::completed : SnapshotState::error, failure);
  }
  // What stays here goes at the next start.
  void drop_upload() const {
    if (record_.source != SnapshotSource::blocks || cloud_.uploads == nullptr) return;
    const auto removed = cloud_.uploads->remove(record_.id);
    if (!removed.has_value()) log_warning("ec2: an upload's bytes stay", {{"why", removed.error().detail}});
  }

  Outcome end(SnapshotState state, const std::string& failure = {}) {
    const auto ended = update([&](metadata::Transaction& txn, SnapshotRecord& record) {
      stop_reading(txn, key_.scope, record);
      record.state = state;
      record.failure = failure;
      record.completed_at = clock_.now();
      if (state == SnapshotState::completed) record.percent = 100;
      record.holder.clear();
      record.base.clear();
      record.place = place_of(cloud_, record.id);
    });
    if (!ended.has_value()) return Failed{ended.error().message};
    step("snapshot/ended");
    drop_upload();
    if (!failure.empty()) log_error("ec2: a snapshot failed", {{"snapshot", record_.id}, {"why", failure}});
    // It may wait to start or stop.
    if (record_.holder.starts_with(info(Kind::instance).prefix)) cloud_.instance_changed(key_.scope, record_.holder);
    if (!record_.for_volume.empty()) cloud_.volume_changed(key_.scope, record_.for_volume);
    return Settled{};
  }

  Outcome end_with(const blocks::Result<>& made) {
    step("snapshot/made");
    if (made.has_value()) return end(SnapshotState::completed);
    const LaunchFailure failure = of_volumes(made.error());
    if (failure.may_pass && clock_.now() - record_.started_at < kSnapshotPatience) return Failed{failure.detail};
    return end(SnapshotState::error, failure.detail);
  }

  Outcome read_closed_volume() {
    const auto volume = kVolumes.find(*cloud_.metadata.begin_read(), key_.scope, record_.volume);
    if (!volume.has_value()) return Failed{volume.error().message};
    const std::string base = *volume ? (*volume)->snapshot : std::string();
    return end_with(cloud_.volumes->snapshot({record_.volume, base}, record_.id, tells_from(0)));
  }

  blocks::Result<> copy_source() {
    if (record_.kms_key.empty()) return cloud_.volumes->link_snapshot(record_.source_snapshot, record_.id);
    return cloud_.volumes->encrypt_snapshot(record_.source_snapshot,
                                            {.snapshot = record_.id, .key = key_name(record_.kms_key)}, tells_from(0));
  }

  // Nullptr: it is gone, or its driver is.
  Result<compute::Driver*> driver() const {
    const auto txn = cloud_.metadata.begin_read();
    const auto instance = TRY(kInstances.find(*txn, key_.scope, record_.holder));
    if (!instance) return nullptr;
    return instance->driver == DriverChoice::vm ? cloud_.vm : cloud_.container;
  }

  Outcome follow_copy() {
    const auto driver = this->driver();
    if (!driver.has_value()) return Failed{driver.error().message};
    compute::CopyProgress progress;
    if (*driver != nullptr) {
      auto seen = (*driver)->copy_progress(record_.holder, record_.id);
      if (!seen.has_value()) return Failed{seen.error().detail};
      progress = *std::move(seen);
    }
    switch (progress.state) {
      case compute::CopyProgress::State::running:
        return note_progress(progress.percent);
      case compute::CopyProgress::State::done:
        return keep(*driver);
      case compute::CopyProgress::State::failed:
        return give_up(*driver, progress.detail);
      case compute::CopyProgress::State::absent:
        return look_for_kept(*driver);
    }
    std::unreachable();
  }

  // To read the volume is half of it, to store what was read the other half.
  Outcome note_progress(int percent) {
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - record_.started_at);
    const Again again{std::clamp<std::chrono::milliseconds>(age / 8, kLookAtSmallCopy, kLookAtCopy)};
    // The call was answered only where the record says so; where it wasn't, the process before this one was killed.
    if (record_.begun && percent / 2 <= record_.percent) return again;
    const auto noted = update([&](metadata::Transaction&, SnapshotRecord& record) {
      record.percent = std::clamp(percent / 2, 0, 50);
      record.begun = true;
    });
    if (!noted.has_value()) return Failed{noted.error().message};
    return again;
  }

  // Now and then, of the part of the work that begins there.
  blocks::Told tells_from(int first) {
    return [this, first, told_at = std::chrono::steady_clock::now()](int percent) mutable {
      const auto now = std::chrono::steady_clock::now();
      if (now - told_at < kTellEvery) return;
      told_at = now;
      (void)update([&](metadata::Transaction&, SnapshotRecord& record) {
        record.percent = std::clamp(first + percent * (100 - first) / 100, 0, 99);
      });
    };
  }

  // The copy is whole before the driver forgets that it was done, and the guest is free of it before it is stored.
  Outcome keep(compute::Driver* driver) {
    if (const auto kept = cloud_.volumes->keep_copy(record_.id); !kept.has_value()) return Failed{kept.error().detail};
    step("snapshot/kept");
    if (driver != nullptr) {
      // One that goes again soon is no base: what was one before stays it.
      const auto ended = driver->end_copy(
          record_.holder, copy(), record_.for_volume.empty() ? compute::CopyEnd::taken : compute::CopyEnd::dropped);
      if (!ended.has_value()) return Failed{ended.error().detail};
    }
    step("snapshot/copy-forgotten");
    const auto noted = update([&](metadata::Transaction& txn, SnapshotRecord& record) {
      stop_reading(txn, key_.scope, record);
      record.source = SnapshotSource::copy;
      record.begun = true;
      record.holder.clear();
    });
    if (!noted.has_value()) return Failed{noted.error().message};
    step("snapshot/copy-noted");
    // It may wait to start or stop.
    cloud_.instance_changed(key_.scope, record_.holder);
    return store();
  }

  Outcome store() {
    Outcome end = end_with(cloud_.volumes->store_copy(record_.id, record_.base, tells_from(50)));
    if (std::holds_alternative<Settled>(end) && cloud_.volumes->is_kept(record_.id)) {  // it failed
      if (const auto dropped = cloud_.volumes->drop_copy(record_.id); !dropped.has_value()) {
        return Failed{dropped.error().detail};
      }
    }
    return end;
  }

  compute::DiskCopy copy() const { return {.name = record_.id, .volume = record_.volume}; }

  Outcome give_up(compute::Driver* driver, const std::string& why) {
    if (Outcome dropped = drop_copy(driver); !std::holds_alternative<Settled>(dropped)) return dropped;
    return end(SnapshotState::error, why);
  }

  Outcome drop_copy(compute::Driver* driver) {
    if (driver != nullptr) {
      const auto ended = driver->end_copy(record_.holder, copy(), compute::CopyEnd::dropped);
      if (!ended.has_value()) return Failed{ended.error().detail};
    }
    step("snapshot/copy-ended");
    if (const auto dropped = cloud_.volumes->drop_copy(record_.id); !dropped.has_value()) {
      return Failed{dropped.error().detail};
    }
    step("snapshot/copy-dropped");
    return Settled{};
  }

  Outcome look_for_kept(compute::Driver* driver) {
    // Made by a version before, which was killed before it could say so.
    if (cloud_.volumes->snapshot_size_bytes(record_.id).has_value()) return end(SnapshotState::completed);
    if (cloud_.volumes->is_kept(record_.id)) return keep(driver);
    if (record_.begun) return give_up(driver, "The instance ended before all of the volume was read.");
    return remove();  // nobody was told of it
  }

  // Also what is written by others: they end first.
  Result<bool> is_in_work() const {
    const auto txn = cloud_.metadata.begin_read();
    if (TRY(is_being_read(*txn, snapshot_scope(key_.scope), record_.id))) return true;
    if (record_.source != SnapshotSource::image || record_.state != SnapshotState::pending) return false;
    const auto instance = TRY(kInstances.find(*txn, key_.scope, record_.holder));
    return instance && instance->imaging == record_.image;
  }

  Outcome remove() {
    const auto in_work = is_in_work();
    if (!in_work.has_value()) return Failed{in_work.error().message};
    if (*in_work) return Again{kLookAtCopy};
    if (record_.state != SnapshotState::completed) {
      compute::Driver* reader = nullptr;
      if (record_.state == SnapshotState::pending && record_.source == SnapshotSource::guest) {
        const auto driver = this->driver();
        if (!driver.has_value()) return Failed{driver.error().message};
        reader = *driver;
      }
      if (Outcome dropped = drop_copy(reader); !std::holds_alternative<Settled>(dropped)) return dropped;
    }
    const auto erased = metadata::run_transaction(cloud_.metadata, [&](metadata::Transaction& txn) -> Result<> {
      erase_snapshot(txn, key_.scope, record_);
      if (record_.source == SnapshotSource::blocks) TRY(erase_upload(txn, key_.scope.region, key_.id));
      if (!record_.image.empty()) TRY(end_image_of_snapshots(txn, key_.scope, record_.image));
      return {};
    });
    if (!erased.has_value()) return Failed{erased.error().message};
    step("snapshot/record-erased");
    drop_upload();
    if (!record_.for_volume.empty()) cloud_.volume_changed(key_.scope, record_.for_volume);
    return remove_unused(cloud_, record_.id, true);
  }

  const Cloud& cloud_;
  const Clock& clock_;
  const Key key_;
  const SnapshotRecord record_;
};

}  // namespace

reconcile::Outcome settle_snapshot(const Cloud& cloud, const Clock& clock, std::string_view key) {
  Key parsed = read_key(key);
  const auto txn = cloud.metadata.begin_read();
  auto record = kSnapshots.find(*txn, snapshot_scope(parsed.scope), parsed.id);
  if (!record.has_value()) return Failed{record.error().message};
  if (!*record) return remove_unused(cloud, parsed.id, false);
  parsed.scope.account = AccountId((*record)->owner);
  return SnapshotWork(cloud, clock, std::move(parsed), **std::move(record)).run();
}

}  // namespace aerolith::ec2
