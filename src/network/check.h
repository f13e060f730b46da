// Whether a description can be carried out. What passes is safe to be written into rule sets and command lines.
#pragma once

#include "network/fabric.h"

namespace aerolith::network {

Result<> check(const FabricSettings& settings);
// Addresses are addresses, names that are used exist, devices have names of their own.
Result<> check(const Vpc& vpc);

std::unexpected<FabricError> failed(std::string detail);  // FabricErrorCode::command

}  // namespace aerolith::network
