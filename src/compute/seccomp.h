// What system calls a container may make: Docker's default list in spirit, without what only its extra capabilities
// open.
#pragma once

#include <boost/json.hpp>

namespace aerolith::compute {

boost::json::object seccomp_profile();

}  // namespace aerolith::compute
