#include "services/ec2/snapshot_storage.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/step.h"
#include "services/ec2/instance_spec.h"
#include "services/ec2/settle_network.h"

namespace aerolith::ec2 {
namespace {

using namespace std::chrono_literals;
using reconcile::Again;
using reconcile::Failed;
using reconcile::Outcome;
using reconcile::Settled;

constexpr auto kTierPatience = 60s;  // for steps that should not fail
// A clock may be turned.
constexpr std::chrono::milliseconds kLookAtTier = std::chrono::minutes(1);

using FastRestores = std::vector<std::pair<decltype(kFastRestores)::Key, FastRestoreRecord>>;

Result<FastRestores> fast_restores_of(metadata::ReadTransaction& txn, const Scope& scope, const std::string& snapshot) {
  FastRestores found;
  auto rows = kFastRestores.scan(txn, metadata::Direction::forward);
  while (TRY(rows.next())) {
    const bool is_of_it = std::get<1>(rows.key()) == scope.region && std::get<2>(rows.key()) == snapshot;
    if (is_of_it) found.emplace_back(rows.key(), TRY(rows.record()));
  }
  return found;
}

class StorageWork {
 public:
  StorageWork(const Cloud& cloud, const Clock& clock, Key key)
      : cloud_(cloud), clock_(clock), key_(std::move(key)), now_(clock.now()) {}

  Outcome run() {
    Outcome fast = settle_fast_restores();
    if (!std::holds_alternative<Settled>(fast)) return fast;
    return settle_tier();
  }

 private:
  template <typename Change>
  Result<> write(Change change) {
    return metadata::run_transaction(cloud_.metadata, change);
  }
  Result<std::optional<SnapshotRecord>> find_snapshot(metadata::ReadTransaction& txn) const {
    auto found = TRY(kSnapshots.find(txn, snapshot_scope(key_.scope), key_.id));
    if (found && found->removed) found.reset();
    return found;
  }

  // Of those that go, none is left; the others are begun. Whether there are others.
  Result<bool> begin_fast_restores() {
    bool has_some = false;
    TRY(write([&](metadata::Transaction& txn) -> Result<> {
      has_some = false;
      const auto snapshot = TRY(find_snapshot(txn));
      for (auto& [key, record] : TRY(fast_restores_of(txn, key_.scope, key_.id))) {
        if (!snapshot || record.state == FastRestoreState::disabling) {
          kFastRestores.erase(txn, key);
          continue;
        }
        has_some = true;
        if (record.state != FastRestoreState::enabling) continue;
        record.state = FastRestoreState::optimizing;
        record.optimizing_at = now_;
        kFastRestores.put(txn, key, record);
      }
      return {};
    }));
    return has_some;
  }

  Outcome settle_fast_restores() {
    const auto has_some = begin_fast_restores();
    if (!has_some.has_value()) return Failed{has_some.error().message};
    step("storage/fast-restores-begun");
    if (!*has_some) {
      cloud_.volumes->let_file_go(key_.id);
      return Settled{};
    }
    if (const auto kept = cloud_.volumes->keep_file(key_.id); !kept.has_value()) return Failed{kept.error().detail};
    step("storage/file-kept");
    const auto noted = write([&](metadata::Transaction& txn) -> Result<> {
      for (auto& [key, record] : TRY(fast_restores_of(txn, key_.scope, key_.id))) {
        if (record.state != FastRestoreState::optimizing) continue;
        record.state = FastRestoreState::enabled;
        record.enabled_at = clock_.now();
        kFastRestores.put(txn, key, record);
      }
      return {};
    });
    if (!noted.has_value()) return Failed{noted.error().message};
    return Settled{};
  }

  template <typename Change>
  Outcome update_tier(Change change) {
    const auto changed = write([&](metadata::Transaction& txn) -> Result<> {
      auto snapshot = TRY(find_snapshot(txn));
      if (!snapshot) return {};
      auto tier = TRY(find_tier(txn, key_.scope, *snapshot));
      if (!tier) return {};
      change(*snapshot, *tier);
      kSnapshots.put(txn, snapshot_scope(key_.scope), *snapshot);
      kSnapshotTiers.put(txn, {AccountId(snapshot->owner), key_.scope.region, snapshot->id}, *tier);
      return {};
    });
    step("storage/tier-noted");
    if (!changed.has_value()) return Failed{changed.error().message};
    return Again{0ms};
  }

  Outcome settle_tier() {
    const auto txn = cloud_.metadata.begin_read();
    const auto snapshot = find_snapshot(*txn);
    if (!snapshot.has_value()) return Failed{snapshot.error().message};
    if (!*snapshot) return Settled{};
    const auto tier = find_tier(*txn, key_.scope, **snapshot);
    if (!tier.has_value()) return Failed{tier.error().message};
    if (!*tier) return Settled{};
    if ((*tier)->progress == TierProgress::in_progress) return move(**tier);
    if (!(*tier)->restored_until) return Settled{};
    if (now_ < *(*tier)->restored_until) return Again{std::min(*(*tier)->restored_until - now_, kLookAtTier)};
    return update_tier([&](SnapshotRecord&, SnapshotTierRecord& record) {
      record.operation = TierOperation::archival;
      record.progress = TierProgress::in_progress;
      record.started_at = now_;
      record.restored_until.reset();
    });
  }

  Outcome move(const SnapshotTierRecord& tier) {
    if (tier.operation == TierOperation::archival) return archive(tier);
    // Its blocks are read where they lie: there is nothing to wait for.
    return update_tier([&](SnapshotRecord&, SnapshotTierRecord& record) {
      record.is_archived = false;
      record.progress = TierProgress::completed;
      record.restored_until.reset();
      if (record.operation == TierOperation::temporary_restore) {
        record.restored_until = now_ + std::chrono::days(record.restore_days);
      }
    });
  }

  Outcome archive(const SnapshotTierRecord& tier) {
    const auto moved = cloud_.volumes->keep_blocks_alone(key_.id, {});
    step("storage/archived");
    if (moved.has_value()) {
      return update_tier([&](SnapshotRecord& snapshot, SnapshotTierRecord& record) {
        snapshot.place = SnapshotPlace::blocks;
        record.is_archived = true;
        record.progress = TierProgress::completed;
        record.archived_at = clock_.now();
      });
    }
    const LaunchFailure failure = of_volumes(moved.error());
    if (failure.may_pass && now_ - tier.started_at < kTierPatience) return Failed{failure.detail};
    log_error("ec2: a snapshot can't be archived", {{"snapshot", key_.id}, {"why", failure.detail}});
    return update_tier([&](SnapshotRecord&, SnapshotTierRecord& record) {
      record.progress = TierProgress::failed;
      record.failure = failure.detail;
    });
  }

  const Cloud& cloud_;
  const Clock& clock_;
  const Key key_;
  const Timestamp now_;
};

}  // namespace

std::string_view name_of(FastRestoreState state) {
  switch (state) {
    case FastRestoreState::enabling:
      return "enabling";
    case FastRestoreState::optimizing:
      return "optimizing";
    case FastRestoreState::enabled:
      return "enabled";
    case FastRestoreState::disabling:
      return "disabling";
  }
  std::unreachable();
}

Result<std::optional<SnapshotTierRecord>> find_tier(metadata::ReadTransaction& txn, const Scope& scope,
                                                    const SnapshotRecord& snapshot) {
  return TRY(kSnapshotTiers.get(txn, {AccountId(snapshot.owner), scope.region, snapshot.id}));
}

Result<> require_restored(metadata::ReadTransaction& txn, const Scope& scope, const SnapshotRecord& snapshot) {
  const auto tier = TRY(find_tier(txn, scope, snapshot));
  if (!tier || !tier->is_archived) return {};
  return errors::of(
      "IncorrectState",
      fmt::format("The snapshot {} is in the archive tier: it must be restored before it can be used.", snapshot.id));
}

Result<bool> has_fast_restores(metadata::ReadTransaction& txn, const Scope& scope, const std::string& snapshot) {
  return !TRY(fast_restores_of(txn, scope, snapshot)).empty();
}

Result<> erase_fast_restores(metadata::Transaction& txn, const Scope& scope, const std::string& snapshot) {
  for (const auto& each : TRY(fast_restores_of(txn, scope, snapshot))) kFastRestores.erase(txn, each.first);
  return {};
}

Outcome settle_storage(const Cloud& cloud, const Clock& clock, std::string_view key) {
  return StorageWork(cloud, clock, read_key(key)).run();
}

}  // namespace aerolith::ec2
