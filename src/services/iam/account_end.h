// The end of an account: what must be gone before, and what goes with it.
#pragma once

#include <string>
#include <vector>

#include "base/strong_string.h"
#include "metadata/store.h"

namespace aerolith::iam {

// What somebody made in the account and has to delete: "2 users", "1 role". Empty: nothing.
metadata::Result<std::vector<std::string>> find_account_content(metadata::ReadTransaction& txn,
                                                                const AccountId& account);
// The rest of its records: alias, keys of the root, the issuer of its tokens, reports. The caller tells
// Directory::changed().
metadata::Result<> erase_account(metadata::Transaction& txn, const AccountId& account);

}  // namespace aerolith::iam
