// The entries that a prefix list had before it was changed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "services/ec2/network_tables.h"

namespace aerolith::ec2 {

struct PrefixListVersionRecord {
  static constexpr uint32_t kVersion = 1;
  std::vector<PrefixListEntryRecord> entries;
};
template <class Archive>
void fields(Archive& archive, PrefixListVersionRecord& r) {
  archive(r.entries);
}
// List, version.
inline const metadata::Table<PrefixListVersionRecord, AccountId, RegionName, std::string, int64_t> kPrefixListVersions{
    "ec2.prefix_list_version"};

// To be called before the entries of `list` change.
void keep_version(metadata::Transaction& txn, const Scope& scope, const PrefixListRecord& list);
// Of an earlier version or of the list as it is. PrefixListVersionNotFound.
Result<std::vector<PrefixListEntryRecord>> entries_of_version(metadata::ReadTransaction& txn, const Scope& scope,
                                                              const PrefixListRecord& list, int64_t version);
Result<> forget_versions(metadata::Transaction& txn, const Scope& scope, const PrefixListRecord& list);

}  // namespace aerolith::ec2
