#include "services/ec2/settle_snapshot.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "base/step.h"
#include "services/ec2/instance_tables.h"
#include "services/ec2/settle_network.h"

namespace aerolith::ec2 {
namespace {

using reconcile::Again;
using reconcile::Failed;
using reconcile::Settled;

// A volume that was made of it may live for years; it goes soon after the last one.
constexpr auto kLookAgain = std::chrono::minutes(1);

enum class Use : uint8_t { none, by_volume, by_image };

Result<Use> use_of(metadata::ReadTransaction& txn, const std::string& snapshot) {
  auto images = kImages.rows().scan(txn, metadata::Direction::forward);
  while (TRY(images.next())) {
    const ImageRecord image = TRY(images.record());
    if (std::ranges::find(image.devices, snapshot, &BlockDeviceRecord::snapshot) != image.devices.end()) {
      return Use::by_image;
    }
  }
  auto volumes = kVolumes.rows().scan(txn, metadata::Direction::forward);
  while (TRY(volumes.next())) {
    // Also one whose file isn't made yet.
    if (TRY(volumes.record()).snapshot == snapshot) return Use::by_volume;
  }
  return Use::none;
}

}  // namespace

reconcile::Outcome settle_snapshot(const Cloud& cloud, std::string_view key) {
  const std::string snapshot = read_key(key).id;
  const auto txn = cloud.metadata.begin_read();
  const auto use = use_of(*txn, snapshot);
  if (!use.has_value()) return Failed{use.error().message};
  if (*use == Use::by_image) return Settled{};
  if (*use == Use::by_volume) return Again{kLookAgain};
  const auto removed = cloud.volumes->remove_snapshot(snapshot);
  step("snapshot/removed");
  if (removed.has_value()) {
    log_info("ec2: removed a snapshot that nothing needs", {{"snapshot", snapshot}});
    return Settled{};
  }
  if (removed.error().code == blocks::VolumeErrorCode::in_use) return Again{kLookAgain};
  return Failed{removed.error().detail};
}

}  // namespace aerolith::ec2
