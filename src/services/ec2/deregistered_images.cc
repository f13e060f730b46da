#include "services/ec2/deregistered_images.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "services/ec2/launch_plan.h"

namespace aerolith::ec2 {
namespace {

using metadata::Direction;

constexpr auto kRemembered = std::chrono::hours(1);

}  // namespace

Result<> remember_deregistered(metadata::Transaction& txn, const Call& call, const ImageRecord& image) {
  const RegionName& region = call.scope.region;
  std::vector<std::pair<Timestamp, std::string>> known;
  auto rows = kDeregistered.scan(txn, Direction::forward, region);
  while (TRY(rows.next())) known.emplace_back(TRY(rows.record()).at, std::get<1>(rows.key()));
  std::ranges::sort(known);
  for (size_t i = 0; i < known.size(); ++i) {
    const auto& [at, id] = known[i];
    if (known.size() - i < kMaxDeregistered && call.context.now - at < kRemembered) break;
    kDeregistered.erase(txn, {region, id});
  }
  kDeregistered.put(
      txn, {region, image.id},
      {.owner = image.owner, .is_public = image.is_public, .shared_with = image.shared_with, .at = call.context.now});
  return {};
}

Result<bool> is_deregistered(metadata::ReadTransaction& txn, const Call& call, const std::string& id) {
  if (const auto known = TRY(kDeregistered.get(txn, {call.scope.region, id}))) {
    const ImageRecord was{.owner = known->owner, .is_public = known->is_public, .shared_with = known->shared_with};
    if (call.context.now - known->at < kRemembered && may_launch(call.scope, was)) return true;
  }
  auto rows = kInstances.rows().scan(txn, Direction::forward, call.scope.account, call.scope.region);
  while (TRY(rows.next())) {
    const InstanceRecord instance = TRY(rows.record());
    if (instance.image == id && instance.state != LifeState::terminated) return true;
  }
  return false;
}

}  // namespace aerolith::ec2
