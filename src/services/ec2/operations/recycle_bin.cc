// What lies in the Recycle Bin is listed, and taken out again.
#include "services/ec2/recycle_bin.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "ec2/operations/list_images_in_recycle_bin.h"
#include "ec2/operations/list_snapshots_in_recycle_bin.h"
#include "ec2/operations/list_volumes_in_recycle_bin.h"
#include "ec2/operations/restore_image_from_recycle_bin.h"
#include "ec2/operations/restore_snapshot_from_recycle_bin.h"
#include "ec2/operations/restore_volume_from_recycle_bin.h"
#include "services/ec2/describe.h"
#include "services/ec2/image_checks.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/snapshots.h"
#include "services/ec2/volume_types.h"
#include "services/ec2/zones.h"

namespace aerolith::ec2 {
namespace {

template <typename Record>
struct Binned {
  Record record;
  BinStayRecord stay;
};

template <typename Record>
struct BinnedPage {
  std::vector<Binned<Record>> items;
  std::optional<std::string> next_token;
};

// By id; NotFound of those asked for that aren't in the bin.
template <typename Record>
Result<BinnedPage<Record>> list_binned(const Call& call, const Resources<Record>& table,
                                       const std::optional<std::vector<std::string>>& ids,
                                       std::optional<int32_t> max_results,
                                       const std::optional<std::string>& next_token) {
  const auto txn = call.read();
  const Scope& scope = call.scope;
  const std::string after = TRY(read_token(next_token));
  auto records = ids && !ids->empty() ? TRY((find_all<Record>(*txn, scope, table, *ids))) : TRY(table.all(*txn, scope));
  std::ranges::sort(records, {}, &Record::id);
  const size_t limit = max_results ? static_cast<size_t>(*max_results) : SIZE_MAX;
  BinnedPage<Record> page;
  for (Record& record : records) {
    if (record.id <= after) continue;
    if (page.items.size() == limit) {
      page.next_token = make_token(page.items.back().record.id);
      break;
    }
    const auto stay = TRY(kBinStays.get(*txn, {scope.account, scope.region, record.id}));
    page.items.push_back({.record = std::move(record), .stay = stay.value_or(BinStayRecord())});
  }
  return page;
}

// One that was never deleted, or was taken out already.
template <typename Record>
Result<> require_in_bin(metadata::ReadTransaction& txn, const Scope& scope, const Resources<Record>& there,
                        const Scope& scope_there, const std::string& id) {
  if (TRY(is_in_bin(txn, scope, id)) || !TRY(there.find(txn, scope_there, id))) return {};
  return errors::of("IncorrectState", fmt::format("'{}' is not in the Recycle Bin.", id));
}

// Those that came with the installation have no records: their bytes must be there.
Result<> require_snapshots(metadata::ReadTransaction& txn, const Call& call, const ImageRecord& image) {
  for (const BlockDeviceRecord& device : image.devices) {
    if (device.snapshot.empty()) continue;
    const auto record = TRY(kSnapshots.find(txn, snapshot_scope(call.scope), device.snapshot));
    if (record && !record->removed) continue;
    const bool is_binned = TRY(is_in_bin(txn, call.scope, device.snapshot));
    const bool has_bytes = !record && !is_binned && call.cloud.volumes != nullptr &&
                           call.cloud.volumes->snapshot_size_bytes(device.snapshot).has_value();
    if (has_bytes) continue;
    return errors::of(info(Kind::snapshot).not_found_code,
                      fmt::format("The snapshot '{}' of the image {} {}.", device.snapshot, image.id,
                                  is_binned ? "is in the Recycle Bin: restore it first" : "does not exist"));
  }
  return {};
}

}  // namespace

Result<ListSnapshotsInRecycleBinOutput> list_snapshots_in_recycle_bin(Call& call,
                                                                      const ListSnapshotsInRecycleBinInput& input) {
  const auto page = TRY(list_binned(call, kBinnedSnapshots, input.snapshot_ids, input.max_results, input.next_token));
  ListSnapshotsInRecycleBinOutput output{.snapshots = std::vector<SnapshotRecycleBinInfo>(),
                                         .next_token = page.next_token};
  for (const auto& [record, stay] : page.items) {
    output.snapshots->push_back({.snapshot_id = record.id,
                                 .recycle_bin_enter_time = stay.entered_at,
                                 .recycle_bin_exit_time = stay.exits_at,
                                 .description = record.description,
                                 .volume_id = record.volume});
  }
  return output;
}

Result<ListImagesInRecycleBinOutput> list_images_in_recycle_bin(Call& call, const ListImagesInRecycleBinInput& input) {
  const auto page = TRY(list_binned(call, kBinnedImages, input.image_ids, input.max_results, input.next_token));
  ListImagesInRecycleBinOutput output{.images = std::vector<ImageRecycleBinInfo>(), .next_token = page.next_token};
  for (const auto& [record, stay] : page.items) {
    output.images->push_back({.image_id = record.id,
                              .name = record.name,
                              .description = record.description,
                              .recycle_bin_enter_time = stay.entered_at,
                              .recycle_bin_exit_time = stay.exits_at});
  }
  return output;
}

Result<ListVolumesInRecycleBinOutput> list_volumes_in_recycle_bin(Call& call,
                                                                  const ListVolumesInRecycleBinInput& input) {
  TRY(check_max_results(input.max_results, 5, 500));
  const auto page = TRY(list_binned(call, kBinnedVolumes, input.volume_ids, input.max_results, input.next_token));
  ListVolumesInRecycleBinOutput output{.volumes = std::vector<VolumeRecycleBinInfo>(), .next_token = page.next_token};
  for (const auto& [record, stay] : page.items) {
    VolumeRecycleBinInfo shown{.volume_id = record.id,
                               .volume_type = record.type,
                               .state = "available",
                               .size = record.size_gib,
                               .iops = iops_of(record.shape()),
                               .throughput = throughput_of(record.shape()),
                               .availability_zone = record.zone,
                               .snapshot_id = record.source_volume.empty() ? record.snapshot : std::string(),
                               .create_time = record.created_at,
                               .recycle_bin_enter_time = stay.entered_at,
                               .recycle_bin_exit_time = stay.exits_at};
    if (!record.source_volume.empty()) shown.source_volume_id = record.source_volume;
    if (const auto zone = find_zone(call.scope.region, record.zone)) shown.availability_zone_id = zone->id;
    output.volumes->push_back(std::move(shown));
  }
  return output;
}

Result<RestoreSnapshotFromRecycleBinOutput> restore_snapshot_from_recycle_bin(
    Call& call, const RestoreSnapshotFromRecycleBinInput& input) {
  const SnapshotRecord record = TRY(call.write([&](metadata::Transaction& txn) -> Result<SnapshotRecord> {
    TRY(require_in_bin(txn, call.scope, kSnapshots, snapshot_scope(call.scope), *input.snapshot_id));
    return take_snapshot_out(txn, call.scope, *input.snapshot_id);
  }));
  call.cloud.storage_changed(call.scope, record.id);  // its tier went on waiting
  // It is there at once; the call has no other word for what it did.
  return RestoreSnapshotFromRecycleBinOutput{.snapshot_id = record.id,
                                             .description = record.description,
                                             .encrypted = record.encrypted,
                                             .owner_id = record.owner,
                                             .progress = fmt::format("{}%", record.percent),
                                             .start_time = record.started_at,
                                             .state = "recovering",
                                             .volume_id = record.volume,
                                             .volume_size = record.size_gib};
}

Result<RestoreImageFromRecycleBinOutput> restore_image_from_recycle_bin(Call& call,
                                                                        const RestoreImageFromRecycleBinInput& input) {
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    TRY(require_in_bin(txn, call.scope, kImages, image_scope(call.scope), *input.image_id));
    const ImageRecord binned = TRY(kBinnedImages.get(txn, call.scope, *input.image_id));
    TRY(check_image_name(txn, call.scope, binned.name));
    TRY(require_snapshots(txn, call, binned));
    TRY(take_image_out(txn, call.scope, binned.id));
    return {};
  }));
  return RestoreImageFromRecycleBinOutput{.return_ = true};
}

Result<RestoreVolumeFromRecycleBinOutput> restore_volume_from_recycle_bin(
    Call& call, const RestoreVolumeFromRecycleBinInput& input) {
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    TRY(require_in_bin(txn, call.scope, kVolumes, call.scope, *input.volume_id));
    TRY(take_volume_out(txn, call.scope, *input.volume_id));
    return {};
  }));
  // A modification may have waited for it.
  if (!call.dry_run) call.settle_volume(*input.volume_id);
  return RestoreVolumeFromRecycleBinOutput{.return_ = true};
}

}  // namespace aerolith::ec2
