// Makes the fabric's VPC what the records say: the work behind a key of the VPCs' queue.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "network/fabric.h"
#include "reconcile/queue.h"
#include "services/ec2/cloud.h"
#include "services/ec2/network_model.h"
#include "services/ec2/turns.h"

namespace aerolith::ec2 {

// "account/region/id"
std::string make_key(const Scope& scope, std::string_view id);
struct Key {
  Scope scope;
  std::string id;
};
Key read_key(std::string_view key);

struct NetworkTools {
  const Cloud& cloud;
  network::Fabric& fabric;
  Turns& turns;  // of VPCs: the same for all who settle them
};

// Takes off the host what the records don't have, or have without guests.
reconcile::Outcome settle_network(const NetworkTools& tools, std::string_view key);

}  // namespace aerolith::ec2
