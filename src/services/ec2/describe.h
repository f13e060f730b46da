// The Describe calls: ids, filters and pages over one table, for all kinds alike.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "services/ec2/call.h"
#include "services/ec2/filters.h"

namespace aerolith::ec2 {

template <typename Record>
struct Tagged {
  Record record;
  TagMap tags;
};

template <typename Record>
struct Page {
  std::vector<Tagged<Record>> items;
  std::optional<std::string> next_token;
};

// What a Describe call asks for. Views; they outlive the call of describe().
struct Asked {
  const std::optional<std::vector<std::string>>& ids;
  const FilterList& filters;
  std::optional<int32_t> max_results;
  std::optional<std::string> next_token;
};

// From a token to the last key of the page before, and back.
std::string make_token(std::string_view last);
Result<std::string> read_token(const std::optional<std::string>& token);
// MaxResults of operations whose model has no range for it.
Result<> check_max_results(std::optional<int32_t> given, int32_t least, int32_t most);
// NotFound of all that aren't there.
std::unexpected<CallError> not_found_all(Kind kind, const std::vector<std::string>& ids);

// Tags of things that come in the order of their ids: a walk beside theirs takes less than a search for each.
class TagWalk {
 public:
  // The transaction outlives it.
  TagWalk(metadata::ReadTransaction& txn, const Scope& scope)
      : scope_(scope), rows_(kTags.scan(txn, metadata::Direction::forward, scope.account, scope.region)) {}
  // `id` is beyond all that were asked for before.
  Result<TagMap> of(const std::string& id);

 private:
  // Whether there is a row at or after `id`, on which it stands then.
  Result<bool> reach(const std::string& id);
  const std::string& current() const { return std::get<2>(rows_.key()); }

  const Scope scope_;
  decltype(kTags)::Row rows_;
  bool on_row_ = false;
  bool ended_ = false;
};

template <typename Record, typename Table>
Result<std::vector<Record>> find_all(metadata::ReadTransaction& txn, const Scope& scope, const Table& table,
                                     const std::vector<std::string>& ids) {
  std::vector<Record> result;
  std::vector<std::string> missing;
  for (const std::string& id : ids) {
    const bool malformed = !is_well_formed(table.kind(), id) && !info(table.kind()).malformed_code.empty();
    if (malformed) return errors::malformed_id(table.kind(), id);
    auto found = TRY(table.find(txn, scope, id));
    if (found) {
      result.push_back(*std::move(found));
    } else {
      missing.push_back(id);
    }
  }
  if (!missing.empty()) return not_found_all(table.kind(), missing);
  return result;
}

template <typename Record>
Result<Page<Record>> describe(metadata::ReadTransaction& txn, const Scope& scope, const Resources<Record>& table,
                              std::span<const FilterDefinition<Record>> known, const Asked& asked) {
  TRY(check_filters(asked.filters, known));
  const Lookup lookup{.txn = txn, .scope = scope};
  const std::string after = TRY(read_token(asked.next_token));
  const size_t limit = asked.max_results ? static_cast<size_t>(*asked.max_results) : SIZE_MAX;
  Page<Record> page;
  if (asked.max_results) page.items.reserve(limit);
  // False once the page is full and something is left.
  const auto take = [&](Record&& record, TagMap&& tags) -> Result<bool> {
    if (!TRY(matches(asked.filters, known, lookup, record, tags))) return true;
    if (page.items.size() == limit) {
      page.next_token = make_token(page.items.back().record.id);
      return false;
    }
    page.items.emplace_back(std::move(record), std::move(tags));
    return true;
  };
  if (asked.ids && !asked.ids->empty()) {
    auto records = TRY((find_all<Record>(txn, scope, table, *asked.ids)));
    std::ranges::sort(records, {}, &Record::id);
    for (Record& record : records) {
      if (record.id <= after) continue;
      TagMap tags = TRY(tags_of(txn, scope, record.id));
      if (!TRY(take(std::move(record), std::move(tags)))) break;
    }
    return page;
  }
  auto rows = table.rows().scan(txn, metadata::Direction::forward, scope.account, scope.region);
  if (!after.empty()) rows.seek_past(scope.account, scope.region, after);
  TagWalk tags(txn, scope);
  while (TRY(rows.next())) {
    Record record = TRY(rows.record());
    TagMap own = TRY(tags.of(record.id));
    if (!TRY(take(std::move(record), std::move(own)))) break;
  }
  return page;
}

}  // namespace aerolith::ec2
