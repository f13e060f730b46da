#include "services/ec2/recycle_bin.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/step.h"
#include "services/ec2/settle_network.h"
#include "services/ec2/snapshot_storage.h"
#include "services/rbin/api.h"

namespace aerolith::ec2 {
namespace {

using reconcile::Again;
using reconcile::Failed;
using reconcile::Outcome;
using reconcile::Settled;

// Nobody edits or deletes it.
constexpr std::string_view kTag = "aws:recycle-bin:resource-in-bin";
// A clock may be turned.
constexpr std::chrono::milliseconds kLookAtBin = std::chrono::minutes(1);

struct Place {
  const Scope& scope;  // of what is there
  const Scope& owner;
  rbin::ResourceType type;
};

template <typename Record>
Result<bool> keep(metadata::Transaction& txn, const Place& place, const Resources<Record>& there,
                  const Resources<Record>& binned, const Record& record, Timestamp now) {
  const Scope& owner = place.owner;
  TagMap tags = TRY(tags_of(txn, owner, record.id));
  const auto period = TRY(
      rbin::find_retention(txn, {.account = owner.account, .region = owner.region, .type = place.type, .tags = tags}));
  if (!period) return false;
  there.rows().erase(txn, {place.scope.account, place.scope.region, record.id});
  binned.put(txn, owner, record);
  kBinStays.put(txn, {owner.account, owner.region, record.id}, {.entered_at = now, .exits_at = now + *period});
  tags[std::string(kTag)] = "true";
  put_tags(txn, owner, record.id, tags);
  return true;
}

template <typename Record>
Result<Record> take_out(metadata::Transaction& txn, const Scope& scope, const Scope& owner,
                        const Resources<Record>& there, const Resources<Record>& binned, const std::string& id) {
  Record record = TRY(binned.get(txn, owner, id));
  binned.rows().erase(txn, {owner.account, owner.region, id});
  kBinStays.erase(txn, {owner.account, owner.region, id});
  there.put(txn, scope, record);
  TagMap tags = TRY(tags_of(txn, owner, id));
  tags.erase(std::string(kTag));
  put_tags(txn, owner, id, tags);
  return record;
}

// What is to be told when its time is over.
struct Ended {
  std::vector<std::string> changed_snapshots;
  std::vector<std::string> unused_snapshots;
  std::vector<std::string> changed_volumes;
};

// Each goes on as what was deleted without a bin does.
Result<> end_stay(metadata::Transaction& txn, const Scope& owner, const std::string& id, Ended& ended) {
  const auto kind = kind_of_id(id);
  if (kind == Kind::snapshot) {
    SnapshotRecord snapshot = TRY(take_snapshot_out(txn, owner, id));
    snapshot.removed = true;
    kSnapshots.put(txn, snapshot_scope(owner), snapshot);
    ended.changed_snapshots.push_back(id);
  } else if (kind == Kind::volume) {
    VolumeRecord volume = TRY(take_volume_out(txn, owner, id));
    volume.removed = true;
    kVolumes.put(txn, owner, volume);
    ended.changed_volumes.push_back(id);
  } else {
    const ImageRecord image = TRY(take_image_out(txn, owner, id));
    kImages.erase(txn, image_scope(owner), image);
    put_tags(txn, owner, id, {});
    for (const BlockDeviceRecord& device : image.devices) {
      if (!device.snapshot.empty()) ended.unused_snapshots.push_back(device.snapshot);
    }
  }
  return {};
}

}  // namespace

Result<bool> keep_in_bin(metadata::Transaction& txn, const Scope& scope, const SnapshotRecord& snapshot,
                         Timestamp now) {
  if (snapshot.state != SnapshotState::completed) return false;
  const Scope shared = snapshot_scope(scope);
  const bool is_kept = TRY(keep(txn, {.scope = shared, .owner = scope, .type = rbin::ResourceType::ebs_snapshot},
                                kSnapshots, kBinnedSnapshots, snapshot, now));
  if (is_kept) TRY(erase_fast_restores(txn, scope, snapshot.id));
  return is_kept;
}

Result<bool> keep_in_bin(metadata::Transaction& txn, const Scope& scope, const ImageRecord& image, Timestamp now) {
  if (image.state != ImageState::available && image.state != ImageState::disabled) return false;
  const Scope shared = image_scope(scope);
  return keep(txn, {.scope = shared, .owner = scope, .type = rbin::ResourceType::ec2_image}, kImages, kBinnedImages,
              image, now);
}

Result<bool> keep_in_bin(metadata::Transaction& txn, const Scope& scope, const VolumeRecord& volume, Timestamp now) {
  const bool is_there = volume.file == VolumeFile::made || volume.file == VolumeFile::with_instance;
  if (!is_there) return false;
  return keep(txn, {.scope = scope, .owner = scope, .type = rbin::ResourceType::ebs_volume}, kVolumes, kBinnedVolumes,
              volume, now);
}

Result<SnapshotRecord> take_snapshot_out(metadata::Transaction& txn, const Scope& scope, const std::string& id) {
  return take_out(txn, snapshot_scope(scope), scope, kSnapshots, kBinnedSnapshots, id);
}

Result<ImageRecord> take_image_out(metadata::Transaction& txn, const Scope& scope, const std::string& id) {
  return take_out(txn, image_scope(scope), scope, kImages, kBinnedImages, id);
}

Result<VolumeRecord> take_volume_out(metadata::Transaction& txn, const Scope& scope, const std::string& id) {
  return take_out(txn, scope, scope, kVolumes, kBinnedVolumes, id);
}

Result<bool> is_in_bin(metadata::ReadTransaction& txn, const Scope& scope, const std::string& id) {
  return TRY(kBinStays.contains(txn, {scope.account, scope.region, id}));
}

Outcome settle_bin(const Cloud& cloud, const Clock& clock, std::string_view key) {
  const Key parsed = read_key(key);
  const Timestamp now = clock.now();
  std::optional<BinStayRecord> left;
  Ended ended;
  const auto done = metadata::run_transaction(cloud.metadata, [&](metadata::Transaction& txn) -> Result<> {
    ended = Ended();
    left = TRY(kBinStays.get(txn, {parsed.scope.account, parsed.scope.region, parsed.id}));
    if (!left || now < left->exits_at) return {};
    left.reset();
    return end_stay(txn, parsed.scope, parsed.id, ended);
  });
  if (!done.has_value()) return Failed{done.error().message};
  // Nothing is made of it soon.
  if (left && cloud.volumes != nullptr) cloud.volumes->let_file_go(parsed.id);
  if (left) return Again{std::min(left->exits_at - now, kLookAtBin)};
  step("bin/left");
  for (const std::string& each : ended.changed_snapshots) cloud.snapshot_changed(parsed.scope, each);
  for (const std::string& each : ended.unused_snapshots) cloud.snapshot_unused(parsed.scope, each);
  for (const std::string& each : ended.changed_volumes) cloud.volume_changed(parsed.scope, each);
  return Settled{};
}

}  // namespace aerolith::ec2
