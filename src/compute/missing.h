// What this machine lacks for running instances: a sentence each, with the command that mends it. Empty: all is there.
#pragma once

#include <string>
#include <vector>

namespace aerolith::compute {

std::vector<std::string> find_missing_for_containers();
std::vector<std::string> find_missing_for_vms();

}  // namespace aerolith::compute
