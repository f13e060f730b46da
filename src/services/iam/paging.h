// Lists in pages: Marker, MaxItems, IsTruncated. A marker is the base64 of the key after which the next page begins.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "metadata/table.h"
#include "services/iam/errors.h"

namespace aerolith::iam {

inline constexpr size_t kDefaultPage = 100;
inline constexpr size_t kLargestPage = 1000;

struct Page {
  size_t limit = kDefaultPage;
  std::string after;  // empty: from the beginning
};

// ValidationError for a marker that we never gave.
Result<Page> make_page(const std::optional<std::string>& marker, const std::optional<int32_t>& max_items);
std::string make_marker(std::string_view key);

template <typename Input>
Result<Page> read_page(const Input& input) {
  return make_page(input.marker, input.max_items);
}

// Walks the rows below `leading`, whose last key part is the string that markers name. `wants(record)` filters,
// `add(name, record)` puts one into the answer; both answer a Result.
template <typename Output, typename Table, typename Wants, typename Add, typename... Leading>
Result<> list_rows(metadata::ReadTransaction& txn, const Table& table, const Page& page, Output& output, Wants wants,
                   Add add, const Leading&... leading) {
  output.is_truncated = false;
  auto rows = table.scan(txn, metadata::Direction::forward, leading...);
  if (!page.after.empty()) rows.seek_past(leading..., page.after);
  std::string last;
  size_t taken = 0;
  while (TRY(rows.next())) {
    auto record = TRY(rows.record());
    if (!TRY(wants(record))) continue;
    if (taken == page.limit) {
      output.is_truncated = true;
      output.marker = make_marker(last);
      return {};
    }
    last = std::get<sizeof...(Leading)>(rows.key());
    TRY(add(last, record));
    ++taken;
  }
  return {};
}

inline constexpr auto kWantsAll = [](const auto&) -> Result<bool> { return true; };

// One page of what was gathered whole; the marker is a position.
template <typename Output, typename Item>
Result<std::vector<Item>> list_items(const Page& page, Output& output, std::vector<Item> items) {
  size_t begin = 0;
  for (const char c : page.after) {
    if (c < '0' || c > '9' || begin > 100'000'000) return errors::validation_error("Invalid Marker.");
    begin = begin * 10 + static_cast<size_t>(c - '0');
  }
  begin = std::min(begin, items.size());
  const size_t end = std::min(items.size(), begin + page.limit);
  output.is_truncated = end < items.size();
  if (end < items.size()) output.marker = make_marker(std::to_string(end));
  items.erase(items.begin() + static_cast<std::ptrdiff_t>(end), items.end());
  items.erase(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(begin));
  return items;
}

}  // namespace aerolith::iam
