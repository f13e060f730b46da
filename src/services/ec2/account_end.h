// What keeps an account from being deleted, and what goes with it.
#pragma once

#include <string>
#include <vector>

#include "base/strong_string.h"
#include "metadata/store.h"

namespace aerolith::ec2 {

// "2 instances", "1 VPC": what somebody made. Not the default VPC, nor instances that are terminated.
metadata::Result<std::vector<std::string>> find_account_content(metadata::ReadTransaction& txn,
                                                                const AccountId& account);
// All rows that are left of an account without content.
metadata::Result<> erase_account(metadata::Transaction& txn, const AccountId& account);

}  // namespace aerolith::ec2
