// What networks can't do without at all; virtual machines need more (find_missing in fabric.h).
#pragma once

#include <string>
#include <vector>

#include "network/fabric.h"

namespace aerolith::network {

std::vector<std::string> find_missing_basics();

}  // namespace aerolith::network
