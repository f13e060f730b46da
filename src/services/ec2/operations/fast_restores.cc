// Fast snapshot restore: a snapshot's file is made before a volume asks for it, and kept, so that the first one is
// there as soon as the next. It is asked for by zone; the file is the same for all of them.
// https://docs.aws.amazon.com/ebs/latest/userguide/ebs-fast-snapshot-restore.html
#include <fmt/format.h>

#include <array>

#include "base/step.h"
#include "ec2/operations/describe_fast_snapshot_restores.h"
#include "ec2/operations/disable_fast_snapshot_restores.h"
#include "ec2/operations/enable_fast_snapshot_restores.h"
#include "services/ec2/describe.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/snapshot_storage.h"
#include "services/ec2/snapshots.h"
#include "services/ec2/zones.h"

namespace aerolith::ec2 {
namespace {

template <typename Input>
Result<std::vector<Zone>> read_zones(const Scope& scope, const Input& input) {
  const Strings names = input.availability_zones.value_or(Strings());
  const Strings ids = input.availability_zone_ids.value_or(Strings());
  if (names.empty() && ids.empty()) return errors::missing_parameter("AvailabilityZone");
  if (!names.empty() && !ids.empty()) {
    return errors::invalid_combination("Either AvailabilityZone or AvailabilityZoneId can be specified, not both.");
  }
  std::vector<Zone> zones;
  for (const std::string& each : names.empty() ? ids : names) {
    auto zone = find_zone(scope.region, each);
    if (!zone) return errors::of("InvalidZone.NotFound", fmt::format("The zone '{}' does not exist.", each));
    zones.push_back(*std::move(zone));
  }
  return zones;
}

struct FastRestore {
  std::string snapshot;
  std::string zone;
  FastRestoreRecord record;
};

// All answers show it alike.
template <typename Shown>
Shown show(const Scope& scope, const FastRestore& fast) {
  const FastRestoreRecord& record = fast.record;
  const bool is_begun = record.state == FastRestoreState::enabling || record.state == FastRestoreState::disabling;
  Shown shown{.snapshot_id = fast.snapshot,
              .availability_zone = fast.zone,
              .state = std::string(name_of(record.state)),
              .state_transition_reason =
                  is_begun ? "Client.UserInitiated" : "Client.UserInitiated - Lifecycle state transition",
              .owner_id = scope.account.str(),
              .enabling_time = record.enabling_at,
              .optimizing_time = record.optimizing_at,
              .enabled_time = record.enabled_at,
              .disabling_time = record.disabling_at};
  if (const auto zone = find_zone(scope.region, fast.zone)) shown.availability_zone_id = zone->id;
  return shown;
}

// Of one snapshot, in all zones: why not.
template <typename ErrorItem, typename StateErrorItem, typename StateError>
ErrorItem show_error(const std::string& snapshot, const std::vector<Zone>& zones, const CallError& error) {
  ErrorItem item{.snapshot_id = snapshot, .fast_snapshot_restore_state_errors = std::vector<StateErrorItem>()};
  for (const Zone& zone : zones) {
    item.fast_snapshot_restore_state_errors->push_back(
        {.availability_zone = zone.name,
         .availability_zone_id = zone.id,
         .error = StateError{.code = "Client." + error.code, .message = error.message}});
  }
  return item;
}

Result<std::vector<FastRestore>> enable(metadata::Transaction& txn, const Call& call, const std::string& id,
                                        const std::vector<Zone>& zones) {
  const SnapshotRecord snapshot = TRY(get_usable_snapshot(txn, call.scope, id));
  const auto tier = TRY(find_tier(txn, call.scope, snapshot));
  if (tier && tier->operation == TierOperation::archival && tier->progress == TierProgress::in_progress) {
    return errors::of("IncorrectState", fmt::format("The snapshot {} is being archived.", id));
  }
  std::vector<FastRestore> enabled;
  for (const Zone& zone : zones) {
    const decltype(kFastRestores)::Key key{call.scope.account, call.scope.region, id, zone.name};
    auto record = TRY(kFastRestores.get(txn, key));
    if (!record || record->state == FastRestoreState::disabling) {
      record = FastRestoreRecord{.enabling_at = call.context.now};
      kFastRestores.put(txn, key, *record);
    }
    enabled.push_back({.snapshot = id, .zone = zone.name, .record = *record});
  }
  return enabled;
}

Result<std::vector<FastRestore>> disable(metadata::Transaction& txn, const Call& call, const std::string& id,
                                         const std::vector<Zone>& zones) {
  std::vector<FastRestore> disabled;
  for (const Zone& zone : zones) {
    const decltype(kFastRestores)::Key key{call.scope.account, call.scope.region, id, zone.name};
    auto record = TRY(kFastRestores.get(txn, key));
    if (!record) {
      return errors::of("InvalidParameterValue",
                        fmt::format("Fast snapshot restores aren't enabled for {} in {}.", id, zone.name));
    }
    if (record->state != FastRestoreState::disabling) {
      record->state = FastRestoreState::disabling;
      record->disabling_at = call.context.now;
      kFastRestores.put(txn, key, *record);
    }
    disabled.push_back({.snapshot = id, .zone = zone.name, .record = *record});
  }
  return disabled;
}

// Each snapshot by itself. `Output` has the lists of what went well and what didn't.
template <typename Output, typename Item, typename ErrorItem, typename StateErrorItem, typename StateError,
          typename Input, typename Change>
Result<Output> change_each(Call& call, const Input& input, Change change) {
  const std::vector<Zone> zones = TRY(read_zones(call.scope, input));
  Output output{.successful = std::vector<Item>(), .unsuccessful = std::vector<ErrorItem>()};
  for (const std::string& id : *input.source_snapshot_ids) {
    const auto changed = call.write([&](metadata::Transaction& txn) { return change(txn, call, id, zones); });
    if (!changed.has_value()) {
      if (changed.error().http_status >= 500) return std::unexpected(changed.error());
      output.unsuccessful->push_back(show_error<ErrorItem, StateErrorItem, StateError>(id, zones, changed.error()));
      continue;
    }
    step("fast-restores/committed");
    for (const FastRestore& each : *changed) output.successful->push_back(show<Item>(call.scope, each));
    if (!call.dry_run) call.cloud.storage_changed(call.scope, id);
  }
  return output;
}

using FastRestoreFilter = FilterDefinition<FastRestore>;
constexpr std::array kFastRestoreFilters{
    FastRestoreFilter{"availability-zone",
                      [](const Lookup&, const FastRestore& r) -> Result<Strings> { return Strings{r.zone}; }},
    FastRestoreFilter{"availability-zone-id",
                      [](const Lookup& where, const FastRestore& r) -> Result<Strings> {
                        const auto zone = find_zone(where.scope.region, r.zone);
                        return zone ? Strings{zone->id} : Strings();
                      }},
    FastRestoreFilter{
        "owner-id",
        [](const Lookup& where, const FastRestore&) -> Result<Strings> { return Strings{where.scope.account.str()}; }},
    FastRestoreFilter{"snapshot-id",
                      [](const Lookup&, const FastRestore& r) -> Result<Strings> { return Strings{r.snapshot}; }},
    FastRestoreFilter{"state",
                      [](const Lookup&, const FastRestore& r) -> Result<Strings> {
                        return Strings{std::string(name_of(r.record.state))};
                      }},
};

}  // namespace

Result<EnableFastSnapshotRestoresOutput> enable_fast_snapshot_restores(Call& call,
                                                                       const EnableFastSnapshotRestoresInput& input) {
  return change_each<EnableFastSnapshotRestoresOutput, EnableFastSnapshotRestoreSuccessItem,
                     EnableFastSnapshotRestoreErrorItem, EnableFastSnapshotRestoreStateErrorItem,
                     EnableFastSnapshotRestoreStateError>(call, input, &enable);
}

Result<DisableFastSnapshotRestoresOutput> disable_fast_snapshot_restores(
    Call& call, const DisableFastSnapshotRestoresInput& input) {
  return change_each<DisableFastSnapshotRestoresOutput, DisableFastSnapshotRestoreSuccessItem,
                     DisableFastSnapshotRestoreErrorItem, DisableFastSnapshotRestoreStateErrorItem,
                     DisableFastSnapshotRestoreStateError>(call, input, &disable);
}

Result<DescribeFastSnapshotRestoresOutput> describe_fast_snapshot_restores(
    Call& call, const DescribeFastSnapshotRestoresInput& input) {
  TRY(check_filters<FastRestore>(input.filters, kFastRestoreFilters));
  // Nought is no limit, as the model's bounds have it.
  const int32_t most = input.max_results.value_or(0);
  const auto txn = call.read();
  // "snapshot zone": where the page before ended.
  const std::string after = TRY(read_token(input.next_token));
  const size_t limit = most > 0 ? static_cast<size_t>(most) : SIZE_MAX;
  const Lookup lookup{.txn = *txn, .scope = call.scope};
  std::vector<DescribeFastSnapshotRestoreSuccessItem> items;
  DescribeFastSnapshotRestoresOutput output;
  auto rows = kFastRestores.scan(*txn, metadata::Direction::forward, call.scope.account, call.scope.region);
  while (TRY(rows.next())) {
    const FastRestore each{
        .snapshot = std::get<2>(rows.key()), .zone = std::get<3>(rows.key()), .record = TRY(rows.record())};
    if (each.snapshot + " " + each.zone <= after) continue;
    if (!TRY(matches<FastRestore>(input.filters, kFastRestoreFilters, lookup, each, {}))) continue;
    if (items.size() == limit) {
      output.next_token = make_token(*items.back().snapshot_id + " " + *items.back().availability_zone);
      break;
    }
    items.push_back(show<DescribeFastSnapshotRestoreSuccessItem>(call.scope, each));
  }
  output.fast_snapshot_restores = std::move(items);
  return output;
}

}  // namespace aerolith::ec2
