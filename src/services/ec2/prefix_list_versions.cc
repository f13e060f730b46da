#include "services/ec2/prefix_list_versions.h"

#include <fmt/format.h>

namespace aerolith::ec2 {

void keep_version(metadata::Transaction& txn, const Scope& scope, const PrefixListRecord& list) {
  kPrefixListVersions.put(txn, {scope.account, scope.region, list.id, list.version}, {.entries = list.entries});
}

Result<std::vector<PrefixListEntryRecord>> entries_of_version(metadata::ReadTransaction& txn, const Scope& scope,
                                                              const PrefixListRecord& list, int64_t version) {
  if (version == list.version) return list.entries;
  const auto kept = TRY(kPrefixListVersions.get(txn, {scope.account, scope.region, list.id, version}));
  if (kept) return kept->entries;
  return errors::of("PrefixListVersionNotFound",
                    fmt::format("The prefix list '{}' has no version {}.", list.id, version));
}

Result<> forget_versions(metadata::Transaction& txn, const Scope& scope, const PrefixListRecord& list) {
  std::vector<int64_t> versions;
  auto rows = kPrefixListVersions.scan(txn, metadata::Direction::forward, scope.account, scope.region, list.id);
  while (TRY(rows.next())) versions.push_back(std::get<3>(rows.key()));
  for (const int64_t version : versions) {
    kPrefixListVersions.erase(txn, {scope.account, scope.region, list.id, version});
  }
  return {};
}

}  // namespace aerolith::ec2
