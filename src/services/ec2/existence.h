// Whether there is anything of an id that the caller may see, whatever its kind.
#pragma once

#include <string>

#include "services/ec2/resources.h"

namespace aerolith::ec2 {

// Invalid….NotFound of its kind; InvalidID where the id is of none.
Result<> require_existing(metadata::ReadTransaction& txn, const Scope& scope, const std::string& id);

}  // namespace aerolith::ec2
