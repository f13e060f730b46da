// What other services ask of the Recycle Bin: whether something that is being deleted is to be kept, and for how long.
// It is they who keep it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/strong_string.h"
#include "metadata/store.h"

namespace aerolith::rbin {

// Values are stored: they never change.
enum class ResourceType : uint8_t { ebs_snapshot = 0, ec2_image = 1, ebs_volume = 2 };

struct Deleted {
  AccountId account;
  Region region;
  ResourceType type = ResourceType::ebs_snapshot;
  std::map<std::string, std::string> tags;  // that it has at this moment
};

// The longest period of all rules that match it; nullopt: there is none.
metadata::Result<std::optional<std::chrono::days>> find_retention(metadata::ReadTransaction& txn,
                                                                  const Deleted& deleted);

// Of an account that is to be deleted: what it has here, and its end.
metadata::Result<size_t> count_rules(metadata::ReadTransaction& txn, const AccountId& account);
metadata::Result<> erase_account(metadata::Transaction& txn, const AccountId& account);

}  // namespace aerolith::rbin
