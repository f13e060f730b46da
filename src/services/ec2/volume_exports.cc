#include "services/ec2/volume_exports.h"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "base/step.h"
#include "services/ec2/snapshots.h"

namespace aerolith::ec2 {
namespace {

// SnapshotRecord::for_volume of these: no volume's id.
constexpr std::string_view kForExport = "export";
constexpr auto kLongestExport = std::chrono::hours(24);

struct Placed {
  Scope scope;
  VolumeRecord volume;
};

Result<std::optional<Placed>> find_volume(metadata::ReadTransaction& txn, const std::string& id) {
  auto rows = kVolumes.rows().scan(txn, metadata::Direction::forward);
  while (TRY(rows.next())) {
    const auto& [account, region, volume] = rows.key();
    if (volume == id) return Placed{{.account = account, .region = region}, TRY(rows.record())};
  }
  return std::optional<Placed>();
}

struct Export {
  Scope scope;
  SnapshotRecord snapshot;
};

Result<std::vector<Export>> all_exports(metadata::ReadTransaction& txn) {
  std::vector<Export> exports;
  auto rows = kSnapshots.rows().scan(txn, metadata::Direction::forward);
  while (TRY(rows.next())) {
    SnapshotRecord record = TRY(rows.record());
    if (record.for_volume != kForExport || record.removed) continue;
    const auto& [nobody, region, id] = rows.key();
    exports.push_back({{.account = AccountId(record.owner), .region = region}, std::move(record)});
  }
  return exports;
}

Result<std::optional<Export>> find_export(metadata::ReadTransaction& txn, const std::string& snapshot) {
  for (Export& each : TRY(all_exports(txn))) {
    if (each.snapshot.id == snapshot) return std::move(each);
  }
  return std::optional<Export>();
}

Result<> drop(const Cloud& cloud, const Export& dropped) {
  TRY(metadata::run_transaction(cloud.metadata, [&](metadata::Transaction& txn) -> Result<> {
    auto stored = TRY(kSnapshots.find(txn, snapshot_scope(dropped.scope), dropped.snapshot.id));
    if (!stored) return {};
    stored->removed = true;
    kSnapshots.put(txn, snapshot_scope(dropped.scope), *stored);
    return {};
  }));
  step("export/dropped");
  cloud.snapshot_changed(dropped.scope, dropped.snapshot.id);
  return {};
}

template <typename T>
aerolith::Result<T, std::string> said(Result<T> result) {
  if (!result.has_value()) return std::unexpected(result.error().message);
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return *std::move(result);
  }
}

Result<std::string> begin(Cloud& cloud, const std::string& volume, Timestamp now) {
  const auto placed = TRY(find_volume(*cloud.metadata.begin_read(), volume));
  if (!placed || placed->volume.removed) return errors::not_found(Kind::volume, volume);
  gateway::CallContext context;  // nobody's: the host's own
  context.now = now;
  Call call{.context = context, .cloud = cloud, .scope = placed->scope};
  const SnapshotRecord snapshot = TRY(call.write([&](metadata::Transaction& txn) {
    return begin_snapshot(txn, call, {.volume = volume, .for_volume = std::string(kForExport)});
  }));
  step("export/committed");
  TRY(fix_moment(call, {snapshot}));
  return snapshot.id;
}

}  // namespace

aerolith::Result<std::string, std::string> begin_export(Cloud& cloud, const std::string& volume, Timestamp now) {
  if (cloud.volumes == nullptr) {
    return std::unexpected("this installation keeps no volumes: `aerolith doctor` says what it lacks");
  }
  TRY(end_exports_before(cloud, now - kLongestExport));
  return said(begin(cloud, volume, now));
}

aerolith::Result<ExportProgress, std::string> look_at_export(Cloud& cloud, const std::string& snapshot) {
  const auto found = TRY(said(find_export(*cloud.metadata.begin_read(), snapshot)));
  if (!found) return std::unexpected(fmt::format("there is no export of a volume by {}", snapshot));
  ExportProgress progress{.percent = found->snapshot.percent, .failure = found->snapshot.failure};
  if (found->snapshot.state == SnapshotState::completed) progress.state = ExportState::completed;
  if (found->snapshot.state == SnapshotState::error) progress.state = ExportState::failed;
  return progress;
}

aerolith::Result<void, std::string> end_export(Cloud& cloud, const std::string& snapshot) {
  const auto found = TRY(said(find_export(*cloud.metadata.begin_read(), snapshot)));
  return found ? said(drop(cloud, *found)) : aerolith::Result<void, std::string>();
}

aerolith::Result<void, std::string> end_exports_before(Cloud& cloud, Timestamp time) {
  for (const Export& each : TRY(said(all_exports(*cloud.metadata.begin_read())))) {
    if (each.snapshot.started_at < time) TRY(said(drop(cloud, each)));
  }
  return {};
}

}  // namespace aerolith::ec2
