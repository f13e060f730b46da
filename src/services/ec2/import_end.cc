#include "services/ec2/import_end.h"

#include <fmt/format.h>

#include "services/ec2/imports.h"
#include "services/ec2/snapshots.h"

namespace aerolith::ec2 {
namespace {

// Snapshots that it took its disks from may go again.
void leave_sources(metadata::Transaction& txn, const Scope& scope, const ImportRecord& task) {
  const Scope shared = snapshot_scope(scope);
  for (const ImportDisk& disk : task.disks) {
    if (disk.source_snapshot.empty()) continue;
    kBeingRead.erase(txn, {shared.account, shared.region, disk.source_snapshot, disk.snapshot});
  }
}

// Those that were made of others are of their lineage.
Result<std::string> origin_of_disk(metadata::ReadTransaction& txn, const Scope& scope, const ImportDisk& disk) {
  if (disk.source_snapshot.empty()) return disk.snapshot;
  const auto source = TRY(kSnapshots.find(txn, snapshot_scope(scope), disk.source_snapshot));
  return source ? origin_of(*source) : disk.snapshot;
}

Result<std::string> key_of_disk(metadata::ReadTransaction& txn, const Scope& scope, const ImportRecord& task,
                                const ImportDisk& disk) {
  if (!task.kms_key.empty() || disk.source_snapshot.empty()) return task.kms_key;
  const auto source = TRY(kSnapshots.find(txn, snapshot_scope(scope), disk.source_snapshot));
  return source ? source->kms_key : std::string();
}

Result<> put_snapshots(metadata::Transaction& txn, const Cloud& cloud, const Scope& scope, const ImportRecord& task,
                       Timestamp now) {
  for (const ImportDisk& disk : task.disks) {
    const std::string key = TRY(key_of_disk(txn, scope, task, disk));
    kSnapshots.put(txn, snapshot_scope(scope),
                   {.id = disk.snapshot,
                    .owner = scope.account.str(),
                    .volume = std::string(kNoVolume),
                    .size_gib = disk.size_gib,
                    .description = fmt::format("Created by AWS-VMImport service for {}", task.id),
                    .encrypted = !key.empty(),
                    .started_at = task.started_at,
                    .completed_at = now,
                    .state = SnapshotState::completed,
                    .percent = 100,
                    .source = SnapshotSource::file,
                    .source_snapshot = disk.source_snapshot,
                    .place = place_of(cloud, disk.snapshot),
                    .origin = TRY(origin_of_disk(txn, scope, disk)),
                    .kms_key = key});
  }
  return {};
}

Result<ImageRecord> make_image(metadata::ReadTransaction& txn, const Scope& scope, const ImportRecord& task,
                               Timestamp now) {
  ImageRecord image{.id = task.image->id, .owner = scope.account.str(), .name = task.id};
  image.description = fmt::format("Created by AWS-VMImport service for {}", task.id);
  const std::vector<std::string> devices = devices_of(task);
  image.root_device = devices.front();
  for (size_t index = 0; index < task.disks.size(); ++index) {
    const ImportDisk& disk = task.disks[index];
    image.devices.push_back({.device = devices[index],
                             .snapshot = disk.snapshot,
                             .size_gib = disk.size_gib,
                             .encrypted = !TRY(key_of_disk(txn, scope, task, disk)).empty()});
  }
  image.created_at = now;
  image.boot_mode = task.image->boot_mode;
  return image;
}

}  // namespace

Result<> complete_import(const Cloud& cloud, const Scope& scope, const std::string& task, Timestamp now) {
  const auto& table = imports_of(task);
  return metadata::run_transaction(cloud.metadata, [&](metadata::Transaction& txn) -> Result<> {
    auto stored = TRY(table.find(txn, scope, task));
    if (!stored || stored->state != ImportState::active) return {};
    TRY(put_snapshots(txn, cloud, scope, *stored, now));
    if (stored->image) kImages.put(txn, image_scope(scope), TRY(make_image(txn, scope, *stored, now)));
    leave_sources(txn, scope, *stored);
    stored->state = ImportState::completed;
    stored->ended_at = now;
    table.put(txn, scope, *stored);
    return {};
  });
}

Result<> end_deleted_import(const Cloud& cloud, const Scope& scope, const std::string& task, Timestamp now) {
  const auto& table = imports_of(task);
  return metadata::run_transaction(cloud.metadata, [&](metadata::Transaction& txn) -> Result<> {
    auto stored = TRY(table.find(txn, scope, task));
    if (!stored || stored->state != ImportState::deleting) return {};
    leave_sources(txn, scope, *stored);
    stored->state = ImportState::deleted;
    stored->ended_at = now;
    table.put(txn, scope, *stored);
    return {};
  });
}

}  // namespace aerolith::ec2
