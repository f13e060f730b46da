// The resolvers that the host itself asks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace aerolith::main_program {

// The "nameserver" lines of a resolv.conf as "host:port"; what is no address is passed over.
std::vector<std::string> read_resolvers(std::string_view resolv_conf);
// Of /etc/resolv.conf.
std::vector<std::string> host_resolvers();

}  // namespace aerolith::main_program
