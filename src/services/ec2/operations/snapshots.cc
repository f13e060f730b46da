// Snapshots are made, copied and deleted.
#include "services/ec2/snapshots.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/step.h"
#include "ec2/operations/copy_snapshot.h"
#include "ec2/operations/create_snapshot.h"
#include "ec2/operations/create_snapshots.h"
#include "ec2/operations/delete_snapshot.h"
#include "services/ec2/encryption.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/recycle_bin.h"
#include "services/ec2/snapshot_locks.h"
#include "services/ec2/snapshot_storage.h"
#include "services/ec2/tags.h"

namespace aerolith::ec2 {
namespace {

Result<> check_place(const std::optional<std::string>& outpost, const std::optional<std::string>& location) {
  if (outpost) return errors::unsupported("There are no Outposts.");
  if (location && *location != "regional") return errors::unsupported("Snapshots lie in the region.");
  return {};
}

// Those of the instance that the request doesn't leave out. InvalidParameterValue for what is none of them.
Result<std::vector<std::string>> volumes_of(metadata::ReadTransaction& txn, const Scope& scope,
                                            const InstanceSpecification& wanted) {
  const InstanceRecord instance = TRY(kInstances.get(txn, scope, *wanted.instance_id));
  const std::vector<std::string> excluded = wanted.exclude_data_volume_ids.value_or(std::vector<std::string>());
  for (const std::string& id : excluded) {
    const auto found = std::ranges::find(instance.volumes, id, &InstanceVolume::volume);
    if (found == instance.volumes.end() || found->is_root) {
      return errors::invalid_parameter(
          fmt::format("The volume '{}' is not a data volume attached to the instance '{}'.", id, instance.id));
    }
  }
  std::vector<std::string> volumes;
  for (const InstanceVolume& each : instance.volumes) {
    const bool is_left_out = each.is_root ? wanted.exclude_boot_volume.value_or(false)
                                          : std::ranges::find(excluded, each.volume) != excluded.end();
    if (!is_left_out) volumes.push_back(each.volume);
  }
  if (volumes.empty()) {
    return errors::invalid_parameter(
        fmt::format("The instance '{}' has no volume to take a snapshot of.", instance.id));
  }
  return volumes;
}

Result<> check_not_locked(metadata::ReadTransaction& txn, const Call& call, const SnapshotRecord& snapshot) {
  if (!TRY(is_locked(txn, call.scope, snapshot, call.context.now))) return {};
  return errors::not_permitted(fmt::format("The snapshot {} is locked and can't be deleted.", snapshot.id));
}

// What several instances have open is served by a program of its own: there is no moment that it shares with the other
// volumes of a guest that runs.
Result<> check_one_moment(metadata::ReadTransaction& txn, const Scope& scope,
                          const std::vector<SnapshotRecord>& records) {
  if (records.size() < 2) return {};
  for (const SnapshotRecord& each : records) {
    if (each.source != SnapshotSource::guest || !TRY(kVolumes.get(txn, scope, each.volume)).multi_attach) continue;
    return errors::unsupported(
        fmt::format("The Multi-Attach enabled volume {} can't be read at the same moment as other volumes of a running "
                    "instance: exclude it, and take a snapshot of it by itself.",
                    each.volume));
  }
  return {};
}

SnapshotInfo to_info(const SnapshotRecord& record, const TagMap& tags) {
  return {.description = record.description,
          .tags = wire_tags(tags),
          .encrypted = record.encrypted,
          .volume_id = record.volume,
          .state = std::string(name_of(record.state)),
          .volume_size = record.size_gib,
          .start_time = record.started_at,
          .progress = fmt::format("{}%", record.percent),
          .owner_id = record.owner,
          .snapshot_id = record.id};
}

}  // namespace

Result<CreateSnapshotOutput> create_snapshot(Call& call, const CreateSnapshotInput& input) {
  TRY(check_place(input.outpost_arn, input.location));
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::snapshot));
  const SnapshotRecord record = TRY(call.write([&](metadata::Transaction& txn) {
    return begin_snapshot(txn, call,
                          {.volume = *input.volume_id, .description = input.description.value_or(""), .tags = tags});
  }));
  TRY(fix_moment(call, {record}));
  return to_wire(record, tags);
}

Result<CreateSnapshotsOutput> create_snapshots(Call& call, const CreateSnapshotsInput& input) {
  TRY(check_place(input.outpost_arn, input.location));
  const TagMap given = TRY(tags_to_make(input.tag_specifications, Kind::snapshot));
  const bool copies_tags = input.copy_tags_from_source.has_value();  // of volumes: the model has no other value
  std::vector<SnapshotRecord> records;
  std::vector<SnapshotInfo> infos;
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    records.clear();
    infos.clear();
    for (const std::string& volume : TRY(volumes_of(txn, call.scope, *input.instance_specification))) {
      TagMap tags = copies_tags ? TRY(tags_of(txn, call.scope, volume)) : TagMap();
      for (const auto& [key, value] : given) tags[key] = value;
      records.push_back(TRY(
          begin_snapshot(txn, call, {.volume = volume, .description = input.description.value_or(""), .tags = tags})));
      infos.push_back(to_info(records.back(), tags));
    }
    return check_one_moment(txn, call.scope, records);
  }));
  TRY(fix_moment(call, records));
  return CreateSnapshotsOutput{.snapshots = std::move(infos)};
}

// One that is still being made ends; the file of one that volumes were made of goes with the last of them.
Result<NoOutput> delete_snapshot(Call& call, const DeleteSnapshotInput& input) {
  bool is_kept = false;
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    SnapshotRecord record = TRY(get_own_snapshot(txn, call.scope, *input.snapshot_id));
    for (const ImageRecord& image : TRY(kImages.all(txn, image_scope(call.scope)))) {
      if (std::ranges::find(image.devices, record.id, &BlockDeviceRecord::snapshot) == image.devices.end()) continue;
      return errors::of("InvalidSnapshot.InUse",
                        fmt::format("The snapshot {} is currently in use by {}", record.id, image.id));
    }
    TRY(check_not_locked(txn, call, record));
    is_kept = TRY(keep_in_bin(txn, call.scope, record, call.context.now));
    if (is_kept) return {};
    TRY(erase_fast_restores(txn, call.scope, record.id));
    record.removed = true;
    kSnapshots.put(txn, snapshot_scope(call.scope), record);
    return {};
  }));
  step("delete-snapshot/committed");
  if (call.dry_run) return NoOutput{};
  (is_kept ? call.cloud.bin_changed : call.cloud.snapshot_changed)(call.scope, *input.snapshot_id);
  return NoOutput{};
}

Result<CopySnapshotOutput> copy_snapshot(Call& call, const CopySnapshotInput& input) {
  const std::string region = call.scope.region.str();
  if (*input.source_region != region || input.destination_region.value_or(region) != region) {
    return errors::unsupported(fmt::format("There is one region here, {}.", region));
  }
  if (input.destination_outpost_arn || input.destination_availability_zone) {
    return errors::unsupported("There are no Outposts and no Local Zones.");
  }
  if (input.completion_duration_minutes) return errors::unsupported("Copies take no given time: they end at once.");
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::snapshot));
  const std::string id = make_id(Kind::snapshot);
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    const SnapshotRecord source = TRY(get_usable_snapshot(txn, call.scope, *input.source_snapshot_id));
    begin_copy(txn, call,
               {.id = id,
                .source = source.id,
                .size_gib = source.size_gib,
                .description = input.description.value_or(""),
                .kms_key = TRY(choose_key(
                    txn, call.scope,
                    {.encrypted = input.encrypted, .kms_key = input.kms_key_id, .of_encrypted = source.encrypted})),
                .origin = origin_of(source)});
    put_tags(txn, call.scope, id, tags);
    return {};
  }));
  if (!call.dry_run) call.cloud.snapshot_changed(call.scope, id);
  return CopySnapshotOutput{.tags = wire_tags(tags), .snapshot_id = id};
}

}  // namespace aerolith::ec2
