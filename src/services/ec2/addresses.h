// Who has which address: private ones by subnet, public ones of the installation's pool.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "services/ec2/network_tables.h"

namespace aerolith::ec2 {

// The first four and the last of a subnet are nobody's.
// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
Result<std::string> take_private_address(metadata::Transaction& txn, const Scope& scope, const SubnetRecord& subnet,
                                         const std::string& interface, const std::optional<std::string>& wanted);
void give_private_address_back(metadata::Transaction& txn, const Scope& scope, const std::string& subnet,
                               const std::string& address);
// How many are left.
Result<int64_t> count_free_addresses(metadata::ReadTransaction& txn, const Scope& scope, const SubnetRecord& subnet);

Result<std::string> take_public_address(metadata::Transaction& txn, const std::string& pool, const Scope& scope,
                                        const std::string& owner);
void give_public_address_back(metadata::Transaction& txn, const std::string& address);

}  // namespace aerolith::ec2
