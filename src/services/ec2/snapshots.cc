#include "services/ec2/snapshots.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/step.h"
#include "blocks/block_store.h"
#include "services/ec2/launch_plan.h"
#include "services/ec2/public_sharing.h"
#include "services/ec2/snapshot_locks.h"
#include "services/ec2/snapshot_storage.h"
#include "services/ec2/tags.h"

namespace aerolith::ec2 {
namespace {

struct Holder {
  std::string id;
  SnapshotSource source = SnapshotSource::closed_volume;
};

bool is_at_rest(const InstanceRecord& instance, LifeState state, Desired desired) {
  return instance.state == state && instance.desired == desired;
}

// Nullopt: it is on its way.
std::optional<SnapshotSource> source_at(const InstanceRecord& instance) {
  if (!instance.imaging.empty() || !instance.replacing.empty() || instance.reboot_wanted) return std::nullopt;
  if (is_at_rest(instance, LifeState::stopped, Desired::stopped)) return SnapshotSource::closed_volume;
  if (is_at_rest(instance, LifeState::running, Desired::running)) return SnapshotSource::guest;
  return std::nullopt;
}

std::unexpected<CallError> on_its_way(const InstanceRecord& instance, const VolumeRecord& volume) {
  const std::string_view doing = !instance.imaging.empty()     ? "being made an image of"
                                 : !instance.replacing.empty() ? "given a new root volume"
                                 : instance.reboot_wanted      ? "rebooting"
                                                               : name_of(instance.state);
  return errors::of("IncorrectState", fmt::format("The instance {}, which has the volume {}, is {}: a snapshot needs "
                                                  "it running or stopped.",
                                                  instance.id, volume.id, doing));
}

// Of several instances that have it, one that runs. Where none does, the volume itself: none of them may start then.
Result<Holder> holder_of_shared(metadata::ReadTransaction& txn, const Scope& scope, const VolumeRecord& volume) {
  std::optional<InstanceRecord> moving;
  for (const VolumeAttachmentRecord& each : volume.attachments) {
    InstanceRecord instance = TRY(kInstances.get(txn, scope, each.instance));
    const auto source = source_at(instance);
    const bool has_it = each.state == AttachmentState::attached;
    if (source == SnapshotSource::guest && has_it) return Holder{.id = instance.id, .source = *source};
    if (source != SnapshotSource::closed_volume) moving = std::move(instance);
  }
  if (moving) return on_its_way(*moving, volume);
  return Holder{.id = volume.id};
}

Result<Holder> holder_of(metadata::ReadTransaction& txn, const Scope& scope, const VolumeRecord& volume) {
  const bool has_file = volume.file == VolumeFile::made || volume.file == VolumeFile::with_instance;
  const bool is_moving =
      !volume.multi_attach && volume.is_attached() && volume.attachments.front().state != AttachmentState::attached;
  if (!has_file || is_moving) {
    return errors::of("IncorrectState", fmt::format("The volume {} is {}: a snapshot needs it available or attached.",
                                                    volume.id, has_file ? "on its way" : "not made yet"));
  }
  if (!volume.is_attached()) return Holder{.id = volume.id};
  if (volume.multi_attach) return holder_of_shared(txn, scope, volume);
  const InstanceRecord instance = TRY(kInstances.get(txn, scope, volume.attachments.front().instance));
  const auto source = source_at(instance);
  if (!source) return on_its_way(instance, volume);
  return Holder{.id = instance.id, .source = *source};
}

// A volume that was made of a snapshot goes on where that one is.
Result<std::string> origin_of_volume(metadata::ReadTransaction& txn, const Scope& scope, const VolumeRecord& volume) {
  if (volume.snapshot.empty()) return volume.id;
  const auto snapshot = TRY(kSnapshots.find(txn, snapshot_scope(scope), volume.snapshot));
  return snapshot ? origin_of(*snapshot) : volume.id;
}

compute::Driver* driver_of(const Cloud& cloud, const InstanceRecord& instance) {
  return instance.driver == DriverChoice::vm ? cloud.vm : cloud.container;
}

std::unexpected<CallError> failed(const SnapshotRecord& record, const std::string& why) {
  log_error("ec2: a snapshot can't be begun", {{"snapshot", record.id}, {"volume", record.volume}, {"why", why}});
  return errors::of("IncorrectState",
                    fmt::format("The volume {} of {} can't be read now: {}", record.volume, record.holder, why));
}

// The last one of the volume whose blocks are there, and since whose moment the driver knows what has changed.
Result<std::string> choose_base(metadata::ReadTransaction& txn, const Scope& scope, const std::string& volume,
                                const std::vector<compute::CopyBase>& known) {
  std::optional<SnapshotRecord> last;
  for (const compute::CopyBase& each : known) {
    auto found = TRY(kSnapshots.find(txn, snapshot_scope(scope), each.name));
    const bool fits = found && found->volume == volume && found->state == SnapshotState::completed && !found->removed &&
                      found->place == SnapshotPlace::blocks;
    if (fits && (!last || last->started_at < found->started_at)) last = std::move(found);
  }
  return last ? last->id : std::string();
}

// What a copy is to be of, and what it can come to take.
using Bases = std::map<std::string, compute::CopyBase>;

// Noted before anything is copied: until the snapshot is there, its base stays.
Result<Bases> note_bases(Call& call, compute::Driver& driver, const std::vector<SnapshotRecord>& records) {
  std::map<std::string, std::vector<compute::CopyBase>> known;
  bool has_any = false;
  for (const SnapshotRecord& record : records) {
    auto bases = driver.copy_bases(record.holder, record.volume);
    if (!bases.has_value()) return failed(record, bases.error().detail);
    has_any = has_any || !bases->empty();
    known[record.volume] = *std::move(bases);
  }
  Bases chosen;
  if (!has_any) return chosen;
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    chosen.clear();
    for (const SnapshotRecord& record : records) {
      const std::vector<compute::CopyBase>& bases = known[record.volume];
      const std::string base = TRY(choose_base(txn, call.scope, record.volume, bases));
      auto stored = TRY(kSnapshots.find(txn, snapshot_scope(call.scope), record.id));
      if (base.empty() || !stored) continue;
      chosen[record.id] = *std::ranges::find(bases, base, &compute::CopyBase::name);
      stored->base = base;
      kSnapshots.put(txn, snapshot_scope(call.scope), *stored);
    }
    return {};
  }));
  step("snapshot/bases-noted");
  return chosen;
}

Result<> begin_copies_from(const Call& call, compute::Driver& driver, const std::vector<SnapshotRecord>& records,
                           const Bases& bases) {
  std::vector<compute::DiskCopy> copies;
  for (const SnapshotRecord& record : records) {
    blocks::NewCopy wanted{.volume = record.volume, .snapshot = record.id};
    if (const auto base = bases.find(record.id); base != bases.end()) {
      wanted.base = base->second.name;
      // What changes between the question and the moment, too.
      wanted.most_bytes = 2 * base->second.changed_bytes;
    }
    const auto file = call.cloud.volumes->begin_copy(wanted);
    if (!file.has_value()) return failed(record, file.error().detail);
    copies.push_back({.name = record.id, .volume = record.volume, .file = *file, .base = wanted.base});
  }
  step("snapshot/files-made");
  const auto begun = driver.begin_copies(records.front().holder, copies);
  if (!begun.has_value()) return failed(records.front(), begun.error().detail);
  step("snapshot/begun");
  return {};
}

Result<> begin_copies(Call& call, const std::vector<SnapshotRecord>& records) {
  compute::Driver* driver = nullptr;
  {
    const auto txn = call.read();
    driver = driver_of(call.cloud, TRY(kInstances.get(*txn, call.scope, records.front().holder)));
  }
  if (driver == nullptr) return failed(records.front(), "the driver of its instance isn't there any more");
  const Bases bases = TRY(note_bases(call, *driver, records));
  auto begun = begin_copies_from(call, *driver, records, bases);
  if (begun.has_value() || bases.empty()) return begun;
  // What the driver knew it may have lost, or another copy needs it: then all is copied. What the records say stays: a
  // base that isn't needed does no harm.
  log_warning("ec2: a snapshot has to copy all of its volume", {{"why", begun.error().message}});
  for (const SnapshotRecord& record : records) {
    if (const auto dropped = call.cloud.volumes->drop_copy(record.id); !dropped.has_value()) {
      return failed(record, dropped.error().detail);
    }
  }
  return begin_copies_from(call, *driver, records, {});
}

// It never was.
void take_back(const Call& call, const std::vector<SnapshotRecord>& records) {
  for (const SnapshotRecord& record : records) {
    const auto erased = metadata::run_transaction(call.cloud.metadata, [&](metadata::Transaction& txn) -> Result<> {
      auto stored = TRY(kSnapshots.find(txn, snapshot_scope(call.scope), record.id));
      if (!stored) return {};
      stored->removed = true;
      kSnapshots.put(txn, snapshot_scope(call.scope), *stored);
      return {};
    });
    if (!erased.has_value()) log_error("ec2: a snapshot can't be taken back", {{"why", erased.error().message}});
    call.cloud.snapshot_changed(call.scope, record.id);
  }
}

}  // namespace

std::string_view name_of(SnapshotState state) {
  switch (state) {
    case SnapshotState::pending:
      return "pending";
    case SnapshotState::completed:
      return "completed";
    case SnapshotState::error:
      return "error";
  }
  std::unreachable();
}

std::string origin_of(const SnapshotRecord& record) {
  if (!record.origin.empty()) return record.origin;
  return record.volume == kNoVolume ? record.id : record.volume;
}

Result<bool> is_being_read(metadata::ReadTransaction& txn, const Scope& scope, const std::string& holder) {
  auto rows = kBeingRead.scan(txn, metadata::Direction::forward, scope.account, scope.region, holder);
  return TRY(rows.next());
}

Result<bool> are_disks_being_read(metadata::ReadTransaction& txn, const Scope& scope, const InstanceRecord& instance) {
  if (TRY(is_being_read(txn, scope, instance.id))) return true;
  for (const InstanceVolume& each : instance.volumes) {
    if (TRY(is_being_read(txn, scope, each.volume))) return true;
  }
  return false;
}

metadata::Result<bool> is_shared_with_all(metadata::ReadTransaction& txn, const Scope& scope,
                                          const SnapshotRecord& snapshot) {
  if (!snapshot.is_public) return false;
  const auto record = TRY(kPublicSharing.get(txn, {AccountId(snapshot.owner), scope.region}));
  return !record || record->state != PublicSharing::block_all_sharing;
}

metadata::Result<bool> may_use(metadata::ReadTransaction& txn, const Scope& scope, const SnapshotRecord& snapshot) {
  if (snapshot.owner == scope.account.view()) return true;
  if (std::ranges::find(snapshot.shared_with, scope.account.view()) != snapshot.shared_with.end()) return true;
  return is_shared_with_all(txn, scope, snapshot);
}

Result<SnapshotRecord> get_snapshot(metadata::ReadTransaction& txn, const Scope& scope, const std::string& id) {
  SnapshotRecord snapshot = TRY(kSnapshots.get(txn, snapshot_scope(scope), id));
  if (snapshot.is_hidden() || !TRY(may_use(txn, scope, snapshot))) return errors::not_found(Kind::snapshot, id);
  return snapshot;
}

Result<SnapshotRecord> get_own_snapshot(metadata::ReadTransaction& txn, const Scope& scope, const std::string& id) {
  SnapshotRecord snapshot = TRY(get_snapshot(txn, scope, id));
  if (snapshot.owner == scope.account.view()) return snapshot;
  return errors::of("AuthFailure", fmt::format("Not authorized for snapshot:{}", id));
}

Result<SnapshotRecord> get_usable_snapshot(metadata::ReadTransaction& txn, const Scope& scope, const std::string& id) {
  SnapshotRecord snapshot = TRY(get_snapshot(txn, scope, id));
  if (snapshot.state != SnapshotState::completed) {
    return errors::of("IncorrectState", fmt::format("Snapshot is in invalid state - {}", name_of(snapshot.state)));
  }
  TRY(require_restored(txn, scope, snapshot));
  return snapshot;
}

Result<int32_t> find_snapshot_size(metadata::ReadTransaction& txn, const Scope& scope, const std::string& snapshot) {
  if (!is_well_formed(Kind::snapshot, snapshot)) return errors::malformed_id(Kind::snapshot, snapshot);
  if (TRY(kSnapshots.find(txn, snapshot_scope(scope), snapshot))) {
    return TRY(get_usable_snapshot(txn, scope, snapshot)).size_gib;
  }
  for (const ImageRecord& image : TRY(kImages.all(txn, image_scope(scope)))) {
    if (image.state != ImageState::available || !may_launch(scope, image)) continue;
    const auto found = std::ranges::find(image.devices, snapshot, &BlockDeviceRecord::snapshot);
    if (found != image.devices.end()) return found->size_gib;
  }
  return errors::not_found(Kind::snapshot, snapshot);
}

std::string smaller_than_snapshot(int32_t size_gib, std::string_view snapshot, int32_t least_gib) {
  return fmt::format("Volume of size {}GB is smaller than snapshot '{}', expect size >= {}GB", size_gib, snapshot,
                     least_gib);
}

Result<SnapshotRecord> begin_snapshot(metadata::Transaction& txn, const Call& call, const NewSnapshot& wanted) {
  if (call.cloud.volumes == nullptr) {
    return errors::of("Unsupported", "This installation keeps no volumes. `aerolith doctor` says what it lacks.");
  }
  const VolumeRecord volume = TRY(kVolumes.get(txn, call.scope, wanted.volume));
  if (volume.removed) return errors::not_found(Kind::volume, wanted.volume);
  Holder holder = TRY(holder_of(txn, call.scope, volume));
  SnapshotRecord record{.id = wanted.id.empty() ? make_id(Kind::snapshot) : wanted.id,
                        .owner = call.scope.account.str(),
                        .volume = volume.id,
                        .size_gib = volume.size_gib,
                        .description = wanted.description,
                        .encrypted = volume.encrypted,
                        .started_at = call.context.now,
                        .source = holder.source,
                        .holder = std::move(holder.id),
                        .image = wanted.image,
                        .origin = TRY(origin_of_volume(txn, call.scope, volume))};
  record.for_volume = wanted.for_volume;
  record.kms_key = volume.kms_key;
  kSnapshots.put(txn, snapshot_scope(call.scope), record);
  for (const std::string& each : {record.holder, record.volume}) {
    kBeingRead.put(txn, {call.scope.account, call.scope.region, each, record.id}, {});
  }
  put_tags(txn, call.scope, record.id, wanted.tags);
  return record;
}

void begin_copy(metadata::Transaction& txn, const Call& call, const SnapshotCopy& wanted) {
  const Scope shared = snapshot_scope(call.scope);
  kSnapshots.put(txn, shared,
                 {.id = wanted.id,
                  .owner = call.scope.account.str(),
                  .volume = std::string(kNoVolume),
                  .size_gib = wanted.size_gib,
                  .description = wanted.description,
                  .encrypted = !wanted.kms_key.empty(),
                  .started_at = call.context.now,
                  .source = SnapshotSource::snapshot,
                  .source_snapshot = wanted.source,
                  .holder = wanted.source,
                  .image = wanted.image,
                  .origin = wanted.origin,
                  .kms_key = wanted.kms_key});
  kBeingRead.put(txn, {shared.account, shared.region, wanted.source, wanted.id}, {});
}

Result<> fix_moment(Call& call, const std::vector<SnapshotRecord>& snapshots) {
  if (call.dry_run) return {};
  std::vector<SnapshotRecord> of_guest;
  for (const SnapshotRecord& each : snapshots) {
    if (each.source == SnapshotSource::guest) of_guest.push_back(each);
  }
  if (!of_guest.empty()) {
    if (auto begun = begin_copies(call, of_guest); !begun.has_value()) {
      take_back(call, snapshots);
      return begun;
    }
    TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
      for (const SnapshotRecord& each : of_guest) {
        auto stored = TRY(kSnapshots.find(txn, snapshot_scope(call.scope), each.id));
        if (!stored) continue;
        stored->begun = true;
        kSnapshots.put(txn, snapshot_scope(call.scope), *stored);
      }
      return {};
    }));
    step("snapshot/noted");
  }
  for (const SnapshotRecord& each : snapshots) call.cloud.snapshot_changed(call.scope, each.id);
  return {};
}

SnapshotPlace place_of(const Cloud& cloud, std::string_view snapshot) {
  return cloud.volumes->blocks().contains(snapshot) ? SnapshotPlace::blocks : SnapshotPlace::file;
}

void stop_reading(metadata::Transaction& txn, const Scope& scope, const SnapshotRecord& record) {
  if (record.holder.empty()) return;
  const Scope whose = record.source == SnapshotSource::snapshot ? snapshot_scope(scope) : scope;
  for (const std::string& each : {record.holder, record.volume}) {
    kBeingRead.erase(txn, {whose.account, whose.region, each, record.id});
  }
}

void erase_snapshot(metadata::Transaction& txn, const Scope& scope, const SnapshotRecord& record) {
  stop_reading(txn, scope, record);
  kSnapshots.erase(txn, snapshot_scope(scope), record);
  put_tags(txn, scope, record.id, {});
  kSnapshotLocks.erase(txn, {AccountId(record.owner), scope.region, record.id});
  kSnapshotTiers.erase(txn, {AccountId(record.owner), scope.region, record.id});
}

Snapshot to_wire(const SnapshotRecord& record, const TagMap& tags) {
  Snapshot snapshot{.tags = wire_tags_if_any(tags),
                    .storage_tier = "standard",
                    .snapshot_id = record.id,
                    .volume_id = record.volume,
                    .state = std::string(name_of(record.state)),
                    .start_time = record.started_at,
                    .progress = fmt::format("{}%", record.percent),
                    .owner_id = record.owner,
                    .description = record.description,
                    .volume_size = record.size_gib,
                    .encrypted = record.encrypted};
  if (!record.kms_key.empty()) snapshot.kms_key_id = record.kms_key;
  if (!record.failure.empty()) snapshot.state_message = record.failure;
  if (record.state == SnapshotState::completed) snapshot.completion_time = record.completed_at;
  return snapshot;
}

}  // namespace aerolith::ec2
