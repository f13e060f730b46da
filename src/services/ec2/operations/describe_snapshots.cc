#include "ec2/operations/describe_snapshots.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "services/ec2/describe.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/snapshot_storage.h"
#include "services/ec2/snapshots.h"

namespace aerolith::ec2 {
namespace {

using SnapshotFilter = FilterDefinition<SnapshotRecord>;

constexpr std::array kSnapshotFilters{
    SnapshotFilter{"description",
                   [](const Lookup&, const SnapshotRecord& r) -> Result<Strings> { return Strings{r.description}; }},
    SnapshotFilter{
        "encrypted",
        [](const Lookup&, const SnapshotRecord& r) -> Result<Strings> { return Strings{flag(r.encrypted)}; }},
    SnapshotFilter{"owner-alias", [](const Lookup&, const SnapshotRecord&) -> Result<Strings> { return Strings(); }},
    SnapshotFilter{"owner-id",
                   [](const Lookup&, const SnapshotRecord& r) -> Result<Strings> { return Strings{r.owner}; }},
    SnapshotFilter{"progress",
                   [](const Lookup&, const SnapshotRecord& r) -> Result<Strings> {
                     return Strings{fmt::format("{}%", r.percent)};
                   }},
    SnapshotFilter{"snapshot-id",
                   [](const Lookup&, const SnapshotRecord& r) -> Result<Strings> { return Strings{r.id}; }},
    SnapshotFilter{"start-time",
                   [](const Lookup&, const SnapshotRecord& r) -> Result<Strings> {
                     return Strings{format_iso8601_millis(r.started_at)};
                   }},
    SnapshotFilter{"status",
                   [](const Lookup&, const SnapshotRecord& r) -> Result<Strings> {
                     return Strings{std::string(name_of(r.state))};
                   }},
    SnapshotFilter{"storage-tier",
                   [](const Lookup& where, const SnapshotRecord& r) -> Result<Strings> {
                     const auto tier = TRY(find_tier(where.txn, where.scope, r));
                     return Strings{tier && tier->is_archived ? "archive" : "standard"};
                   }},
    SnapshotFilter{"transfer-type",
                   [](const Lookup&, const SnapshotRecord& r) -> Result<Strings> {
                     return r.source == SnapshotSource::snapshot ? Strings{"standard"} : Strings();
                   }},
    SnapshotFilter{"volume-id",
                   [](const Lookup&, const SnapshotRecord& r) -> Result<Strings> { return Strings{r.volume}; }},
    SnapshotFilter{
        "volume-size",
        [](const Lookup&, const SnapshotRecord& r) -> Result<Strings> { return Strings{std::to_string(r.size_gib)}; }},
};

bool is_owned_by(const Scope& scope, const SnapshotRecord& snapshot, const std::string& owner) {
  return snapshot.owner == (owner == "self" ? scope.account.view() : std::string_view(owner));
}

// To whom it was given: "self", "all" or an account. Its owner needs nothing to be given.
Result<bool> is_restorable_by(metadata::ReadTransaction& txn, const Scope& scope, const SnapshotRecord& snapshot,
                              const std::string& user) {
  if (user == "all") return TRY(is_shared_with_all(txn, scope, snapshot));
  const std::string_view account = user == "self" ? scope.account.view() : std::string_view(user);
  return std::ranges::find(snapshot.shared_with, account) != snapshot.shared_with.end();
}

Result<bool> is_asked_for(metadata::ReadTransaction& txn, const Scope& scope, const SnapshotRecord& snapshot,
                          const DescribeSnapshotsInput& input) {
  if (snapshot.is_hidden() || !TRY(may_use(txn, scope, snapshot))) return false;
  const Strings owners = input.owner_ids.value_or(Strings());
  const auto is_its = [&](const std::string& owner) { return is_owned_by(scope, snapshot, owner); };
  if (!owners.empty() && std::ranges::none_of(owners, is_its)) return false;
  const Strings users = input.restorable_by_user_ids.value_or(Strings());
  for (const std::string& user : users) {
    if (TRY(is_restorable_by(txn, scope, snapshot, user))) return true;
  }
  return users.empty();
}

// The error names all that aren't there, or aren't the caller's to see.
Result<std::vector<SnapshotRecord>> get_all(metadata::ReadTransaction& txn, const Scope& scope, const Strings& ids) {
  std::vector<SnapshotRecord> snapshots = TRY((find_all<SnapshotRecord>(txn, snapshot_scope(scope), kSnapshots, ids)));
  Strings hidden;
  for (const SnapshotRecord& each : snapshots) {
    if (each.is_hidden() || !TRY(may_use(txn, scope, each))) hidden.push_back(each.id);
  }
  if (!hidden.empty()) return not_found_all(Kind::snapshot, hidden);
  std::ranges::sort(snapshots, {}, &SnapshotRecord::id);
  return snapshots;
}

}  // namespace

// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshots.html
Result<DescribeSnapshotsOutput> describe_snapshots(Call& call, const DescribeSnapshotsInput& input) {
  constexpr int32_t kLeast = 5;
  constexpr int32_t kMost = 1000;  // more is taken for it
  TRY(check_filters<SnapshotRecord>(input.filters, kSnapshotFilters));
  const bool names_ids = input.snapshot_ids && !input.snapshot_ids->empty();
  if (input.max_results && names_ids) {
    return errors::invalid_combination("The parameter snapshotSet cannot be used with the parameter maxResults");
  }
  if (input.max_results && *input.max_results < kLeast) TRY(check_max_results(input.max_results, kLeast, kMost));
  const auto txn = call.read();
  const std::string after = TRY(read_token(input.next_token));
  const std::vector<SnapshotRecord> snapshots = names_ids ? TRY(get_all(*txn, call.scope, *input.snapshot_ids))
                                                          : TRY(kSnapshots.all(*txn, snapshot_scope(call.scope)));
  const size_t limit = input.max_results ? static_cast<size_t>(std::min(*input.max_results, kMost)) : SIZE_MAX;
  DescribeSnapshotsOutput output{.snapshots = std::vector<Snapshot>()};
  const Lookup lookup{.txn = *txn, .scope = call.scope};
  for (const SnapshotRecord& each : snapshots) {
    if (each.id <= after || !TRY(is_asked_for(*txn, call.scope, each, input))) continue;
    const TagMap tags = TRY(tags_of(*txn, call.scope, each.id));
    if (!TRY(matches<SnapshotRecord>(input.filters, kSnapshotFilters, lookup, each, tags))) continue;
    if (output.snapshots->size() == limit) {
      output.next_token = make_token(*output.snapshots->back().snapshot_id);
      break;
    }
    output.snapshots->push_back(to_wire(each, tags));
    if (const auto tier = TRY(find_tier(*txn, call.scope, each))) {
      if (tier->is_archived) output.snapshots->back().storage_tier = "archive";
      output.snapshots->back().restore_expiry_time = tier->restored_until;
    }
    if (each.source == SnapshotSource::snapshot) output.snapshots->back().transfer_type = "standard";
  }
  return output;
}

}  // namespace aerolith::ec2
