// For tests: a host of its own to make networks on. The process leaves the machine's network and its /run/netns for
// good, so nothing is left behind however it ends, and nothing on the machine is touched.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "network/fabric.h"
#include "os/test_directory.h"

namespace aerolith::network {

// Empty: this process is on a host of its own from now on. Else why that can't be.
std::string enter_test_host();

// Beyond the host: a namespace with this address, behind the host's default route.
inline constexpr const char* kOutsideAddress = "203.0.113.9";
inline constexpr const char* kOutsideHostAddress = "203.0.113.1";  // the host's on that link
std::string make_outside();                                        // -> path of its namespace

// A namespace for a container. -> its path
std::string make_guest_namespace(const std::string& name);

// One subnet 10.0.1.0/24 with subnet-a, its ACL lets all pass, its route table has no routes; group sg-a, whose members
// may reach one another and everything else.
Vpc make_test_vpc(const std::string& id = "vpc-00000000000000001");
Subnet& add_subnet(Vpc& vpc, const std::string& name, const std::string& cidr);
// In subnet `name`, in a container's namespace "<vpc>-<id>" that is made if missing.
Interface& add_interface(Vpc& vpc, const std::string& id, const std::string& address,
                         const std::string& subnet = "subnet-a", const std::string& group = "sg-a");
Route& add_route(Vpc& vpc, const std::string& table, const std::string& destination, RouteTarget target);

GroupRule allow_tcp(int port, Peer peer = {});
GroupRule allow_all(Peer peer = {});

}  // namespace aerolith::network
