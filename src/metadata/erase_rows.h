// Takes away all rows of a table under the first parts of their keys.
#pragma once

#include <vector>

#include "metadata/table.h"

namespace aerolith::metadata {

template <typename Table, typename... Given>
Result<> erase_rows(Transaction& txn, const Table& table, const Given&... parts) {
  std::vector<typename Table::Key> keys;
  auto rows = table.scan(txn, Direction::forward, parts...);
  while (TRY(rows.next())) keys.push_back(rows.key());
  for (const auto& key : keys) table.erase(txn, key);
  return {};
}

}  // namespace aerolith::metadata
