// Routes: where they lead, and whether that is still there.
#pragma once

#include <optional>
#include <string>

#include "ec2/model/route.h"
#include "services/ec2/network_tables.h"

namespace aerolith::ec2 {

// "active", or "blackhole" where what it leads to is gone or not attached.
Result<std::string> route_state(metadata::ReadTransaction& txn, const Scope& scope, const std::string& vpc,
                                const RouteRecord& route);
Result<Route> shown_route(metadata::ReadTransaction& txn, const Scope& scope, const std::string& vpc,
                          const RouteRecord& route);

}  // namespace aerolith::ec2
