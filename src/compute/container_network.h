// The network namespace of a container, and its addresses inside it. The devices come from the fabric.
#pragma once

#include <string>

#include "compute/driver.h"

namespace aerolith::compute {

// Makes it where it isn't there. -> its path
Result<std::string> make_namespace(const std::string& name);
// With all devices in it. Fine where none is.
Result<> remove_namespace(const std::string& name);
// Gives eth0, eth1, … the addresses of the spec's ports. eth0 has the default route; what another port's address sends
// goes by a route table of that port, as Amazon Linux sets it up: it would be dropped where it left by eth0.
Result<> configure_ports(const std::string& name, const Spec& spec);
Result<> configure_port(const std::string& name, const NetworkPort& port);
// Its device, both ends, and its rule. Fine where there is none.
Result<> remove_port(const std::string& name, const NetworkPort& port);
// Lines for `ip -batch`.
std::string port_commands(const NetworkPort& port);

}  // namespace aerolith::compute
