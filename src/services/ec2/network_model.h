// From the records of a VPC to what the fabric makes: a pure function.
#pragma once

#include <map>
#include <string>

#include "ec2/model/vpc.h"
#include "network/fabric.h"
#include "services/ec2/network_records.h"

namespace aerolith::ec2 {

// How an interface's instance is plugged in, by the interface's id; those that aren't there have no device.
struct Plug {
  network::PortKind kind = network::PortKind::none;
  uint32_t owner_uid = 0;
  std::string guest_namespace;
  std::string guest_device;
};
using Plugs = std::map<std::string, Plug>;

network::Vpc make_network(const NetworkRecords& records, const Plugs& plugs);

}  // namespace aerolith::ec2
