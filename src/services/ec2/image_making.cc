#include "services/ec2/image_making.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "services/ec2/instance_spec.h"
#include "services/ec2/snapshots.h"

namespace aerolith::ec2 {
namespace {

constexpr auto kImagePatience = std::chrono::seconds(60);  // for steps that should not fail

// Those that were written down for it. Of a failed image none stays.
Result<> end_snapshots(metadata::Transaction& txn, const Scope& scope, const std::string& image, const ImageEnd& end,
                       Timestamp now) {
  for (SnapshotRecord& snapshot : TRY(kSnapshots.all(txn, snapshot_scope(scope)))) {
    if (snapshot.image != image || snapshot.source != SnapshotSource::image || snapshot.removed) continue;
    if (!end.failure.empty()) {
      erase_snapshot(txn, scope, snapshot);
      continue;
    }
    snapshot.state = SnapshotState::completed;
    snapshot.percent = 100;
    snapshot.completed_at = now;
    snapshot.holder.clear();
    kSnapshots.put(txn, snapshot_scope(scope), snapshot);
  }
  return {};
}

}  // namespace

aerolith::Result<ImageEnd, std::string> make_image_snapshots(const Cloud& cloud, const Scope& scope,
                                                             const InstanceRecord& instance, Timestamp now) {
  const auto txn = cloud.metadata.begin_read();
  const auto image = kImages.find(*txn, image_scope(scope), instance.imaging);
  if (!image.has_value()) return std::unexpected(image.error().message);
  if (!*image) return ImageEnd{};  // deregistered in between
  for (const BlockDeviceRecord& device : (*image)->devices) {
    const auto volume = std::ranges::find(instance.volumes, device.device, &InstanceVolume::device);
    if (volume == instance.volumes.end()) continue;  // an empty one, as the request asked
    const auto record = kVolumes.find(*txn, scope, volume->volume);
    if (!record.has_value()) return std::unexpected(record.error().message);
    const std::string base = *record ? (*record)->snapshot : std::string();
    const auto made = cloud.volumes->snapshot({volume->volume, base}, device.snapshot, {});
    if (made.has_value()) continue;
    const LaunchFailure failure = of_volumes(made.error());
    if (failure.may_pass && now - (*image)->created_at < kImagePatience) return std::unexpected(failure.detail);
    return ImageEnd{.failure = fmt::format("{} can't be copied: {}", volume->volume, failure.detail)};
  }
  return ImageEnd{};
}

Result<> end_image_making(const Cloud& cloud, const Scope& scope, const std::string& instance, const ImageEnd& end,
                          Timestamp now) {
  std::vector<std::string> unused;
  TRY(metadata::run_transaction(cloud.metadata, [&](metadata::Transaction& txn) -> Result<> {
    unused.clear();
    auto record = TRY(kInstances.find(txn, scope, instance));
    if (!record || record->imaging.empty()) return {};
    TRY(end_snapshots(txn, scope, record->imaging, end, now));
    if (auto image = TRY(kImages.find(txn, image_scope(scope), record->imaging))) {
      image->state = end.failure.empty() ? ImageState::available : ImageState::failed;
      image->failure = end.failure;
      if (!end.failure.empty()) {
        for (BlockDeviceRecord& device : image->devices) unused.push_back(std::exchange(device.snapshot, {}));
      }
      kImages.put(txn, image_scope(scope), *image);
    }
    record->imaging.clear();
    if (record->desired == Desired::running) {
      record->state = LifeState::pending;
      record->state_at = now;
      record->transition_reason = kStartedAgain;
    }
    kInstances.put(txn, scope, *record);
    return {};
  }));
  for (const std::string& snapshot : unused) {
    if (!snapshot.empty()) cloud.snapshot_unused(scope, snapshot);
  }
  return {};
}

Result<> end_image_of_snapshots(metadata::Transaction& txn, const Scope& scope, const std::string& image) {
  auto record = TRY(kImages.find(txn, image_scope(scope), image));
  if (!record || record->state != ImageState::pending) return {};
  for (const BlockDeviceRecord& device : record->devices) {
    if (device.snapshot.empty()) continue;
    const auto snapshot = TRY(kSnapshots.find(txn, snapshot_scope(scope), device.snapshot));
    if (snapshot && snapshot->state == SnapshotState::pending && !snapshot->removed) return {};
    if (snapshot && snapshot->state == SnapshotState::completed) continue;
    record->state = ImageState::failed;
    record->failure = snapshot ? snapshot->failure : fmt::format("{} is gone", device.snapshot);
    kImages.put(txn, image_scope(scope), *record);
    return {};
  }
  record->state = ImageState::available;
  kImages.put(txn, image_scope(scope), *record);
  return {};
}

}  // namespace aerolith::ec2
