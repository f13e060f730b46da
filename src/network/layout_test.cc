#include "network/layout.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "network/check.h"
#include "network/kernel_state.h"

namespace aerolith::network {
namespace {

Vpc make_vpc() {
  Vpc vpc{.id = "vpc-1", .cidrs = {"10.0.0.0/16"}, .has_internet_gateway = true};
  vpc.subnets = {{.id = "subnet-a", .cidr = "10.0.1.0/24", .route_table = "rtb-a"}};
  vpc.route_tables = {{.id = "rtb-a", .routes = {}}};
  vpc.interfaces = {{.id = "eni-1",
                     .subnet = "subnet-a",
                     .mac = "02:00:00:00:00:AB",
                     .private_addresses = {"10.0.1.5", "10.0.1.6"},
                     .port = PortKind::tap}};
  vpc.nat_gateways = {{.id = "nat-1", .subnet = "subnet-a", .private_address = "10.0.1.9", .public_address = ""}};
  vpc.peerings = {{.id = "pcx-1", .other_vpc = "vpc-2", .other_cidrs = {"10.1.0.0/16"}}};
  return vpc;
}

// Where packets to `destination` go by the subnet's table, the first choice and the last.
struct Ways {
  std::string first;
  std::string last;
  bool operator==(const Ways&) const = default;
};
Ways ways_to(const std::string& destination, RouteTarget target, const std::string& s3_address = "") {
  Vpc vpc = make_vpc();
  vpc.route_tables[0].routes = {{.destination = destination, .target = std::move(target)}};
  EXPECT_TRUE(check(vpc));
  std::vector<KernelRoute> found;
  for (const KernelRoute& route : make_layout(vpc, s3_address).tables.routes) {
    if (route.table != kMainTable && route.destination == (destination == "0.0.0.0/0" ? "default" : destination)) {
      found.push_back(route);
    }
  }
  std::ranges::sort(found, {}, &KernelRoute::metric);
  const auto text = [](const KernelRoute& route) {
    return route.type == "unicast" ? route.device + " " + route.gateway : route.type;
  };
  if (found.empty()) return {};
  return {text(found.front()), text(found.back())};
}

TEST(Layout, EachTargetHasItsDeviceAndABlackHoleBehindIt) {
  EXPECT_EQ(ways_to("0.0.0.0/0", ToInternetGateway{}), (Ways{"internet 169.254.254.1", "blackhole"}));
  EXPECT_EQ(ways_to("10.7.0.0/16", ToNatGateway{"nat-1"}), (Ways{"nat1 10.0.1.9", "blackhole"}));
  EXPECT_EQ(ways_to("10.1.0.0/16", ToPeering{"pcx-1"}), (Ways{"pcx1 169.254.254.1", "blackhole"}));
  EXPECT_EQ(ways_to("10.7.0.0/16", ToInterface{"eni-1"}), (Ways{"eni1 10.0.1.5", "blackhole"}));
  EXPECT_EQ(ways_to("198.18.0.3", ToS3Endpoint{}, "169.254.128.1"), (Ways{"s3 169.254.254.1", "blackhole"}));
  EXPECT_EQ(ways_to("10.7.0.0/16", Blackhole{}), (Ways{"blackhole", "blackhole"}));
}

TEST(Layout, TargetsThatAreNotThereAreBlackHoles) {
  const Ways nowhere{"blackhole", "blackhole"};
  EXPECT_EQ(ways_to("10.7.0.0/16", ToNatGateway{"nat-2"}), nowhere);
  EXPECT_EQ(ways_to("10.7.0.0/16", ToPeering{"pcx-2"}), nowhere);
  EXPECT_EQ(ways_to("10.7.0.0/16", ToInterface{"eni-2"}), nowhere);
  EXPECT_EQ(ways_to("198.18.0.3", ToS3Endpoint{}), nowhere);
}

// The main table has a route for each interface; a route table sends there what it has no better match for.
TEST(Layout, LocalRoutesComeFromTheMainTable) {
  EXPECT_EQ(ways_to("10.0.1.0/24", ToInterface{"eni-1"}), (Ways{"eni1 10.0.1.5", "blackhole"}));
  const Vpc vpc = make_vpc();
  const Layout layout = make_layout(vpc, "");
  ASSERT_EQ(layout.tables.rules.size(), 2u);  // the interface's and the NAT gateway's
  const uint32_t table = layout.tables.rules.begin()->table;
  EXPECT_TRUE(layout.tables.routes.contains({table, "10.0.0.0/16", 0, "throw", "", ""}));
  EXPECT_TRUE(layout.tables.routes.contains({kMainTable, "10.0.1.6", 0, "unicast", "", "eni1"}));
  EXPECT_TRUE(layout.tables.neighbours.contains({"eni1", "10.0.1.6", "02:00:00:00:00:ab"}));
  EXPECT_TRUE(layout.tables.addresses.contains({"eni1", "10.0.1.1", ""}));
}

TEST(Layout, NumbersOfTablesDependOnNothingButTheirIds) {
  Vpc vpc = make_vpc();
  const uint32_t before = make_layout(vpc, "").tables.rules.begin()->table;
  vpc.route_tables.insert(vpc.route_tables.begin(), {.id = "rtb-0", .routes = {}});
  EXPECT_EQ(make_layout(vpc, "").tables.rules.begin()->table, before);
}

using Lines = std::vector<std::string>;

TEST(Commands, NothingToDoIsNothing) {
  const Vpc vpc = make_vpc();
  const KernelTables tables = make_layout(vpc, "").tables;
  EXPECT_EQ(make_commands(tables, tables, {}), Lines{});
}

TEST(Commands, AChangedTargetReplacesAndRemovesNothing) {
  KernelTables is;
  is.routes = {{7, "default", 100, "unicast", "169.254.254.1", "internet"}};
  KernelTables should;
  should.routes = {{7, "default", 100, "unicast", "10.0.1.9", "nat1"}};
  EXPECT_EQ(make_commands(is, should, {}),
            Lines{"route replace default via 10.0.1.9 dev nat1 onlink metric 100 table 7 proto static"});
}

TEST(Commands, WhatWasOnADeviceThatIsGoneIsMadeAnewAndNotRemoved) {
  KernelTables is;
  is.addresses = {{"eni1", "10.0.1.1", ""}};
  is.routes = {{kMainTable, "10.0.1.5", 0, "unicast", "", "eni1"}, {kMainTable, "10.0.1.8", 0, "unicast", "", "eni1"}};
  is.rules = {{1000, "eni1", 7}};
  KernelTables should = is;
  should.routes.erase({kMainTable, "10.0.1.8", 0, "unicast", "", "eni1"});
  EXPECT_EQ(
      make_commands(is, should, {"eni1"}),
      (Lines{"addr add 10.0.1.1/32 dev eni1", "route replace 10.0.1.5 dev eni1 metric 0 table 254 proto static"}));
}

TEST(Commands, WhatIsTooMuchGoes) {
  KernelTables is;
  is.addresses = {{"s3", "169.254.254.1", "169.254.128.1"}};
  is.routes = {{7, "10.0.0.0/16", 0, "throw", "", ""}};
  is.rules = {{1000, "eni1", 7}};
  is.neighbours = {{"s3", "169.254.128.1", "ee:ee:ee:ee:ee:ee"}};
  EXPECT_EQ(make_commands(is, {}, {}),
            (Lines{"rule del pref 1000 iif eni1 lookup 7", "route del throw 10.0.0.0/16 metric 0 table 7 proto static",
                   "neigh del 169.254.128.1 dev s3", "addr del 169.254.254.1 peer 169.254.128.1/32 dev s3"}));
}

// As iproute2 6.1 prints it, shortened.
TEST(KernelState, ReadsWhatIpSays) {
  const auto state = parse_kernel_state(R"([{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP"],
 "addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8},{"family":"inet","local":"169.254.169.254","prefixlen":32}]},
{},{"ifindex":4,"link_index":2,"ifname":"eni1","flags":["BROADCAST"],"linkinfo":{"info_kind":"veth"},
 "addr_info":[{"family":"inet","local":"169.254.254.1","address":"169.254.128.7","prefixlen":32},{"family":"inet6","local":"fe80::1"}]},
{"ifindex":5,"ifname":"eni2","flags":["UP"],"linkinfo":{"info_kind":"tun","info_data":{"type":"tap","user":64055}},"addr_info":[]}]
[{"type":"blackhole","dst":"default","table":"1073741999","protocol":"static","metric":4000000000,"flags":[]},
{"type":"unicast","dst":"10.0.0.5","dev":"eni1","protocol":"static","scope":"link","flags":[]},
{"type":"local","dst":"10.0.0.1","dev":"eni1","table":"local","protocol":"kernel","flags":[]},
{"type":"unicast","dst":"default","gateway":"fe80::1","dev":"eni1","protocol":"static","metric":1024,"pref":"medium"}]
[{"priority":0,"src":"all","table":"local","protocol":"kernel"},{"priority":1000,"src":"all","iif":"eni1","iif_detached":null,"table":"1073741999"}]
[{"dst":"10.0.0.5","dev":"eni1","lladdr":"02:00:00:00:00:01","state":["PERMANENT"]},{"dst":"ff02::16","dev":"eni1","lladdr":"33:33:00:00:00:16","state":["PERMANENT"]}]
)");
  ASSERT_TRUE(state) << state.error().detail;
  EXPECT_TRUE(state->devices.at("lo").is_up);
  EXPECT_FALSE(state->devices.at("eni1").is_up);
  EXPECT_EQ(state->devices.at("eni1").peer_index, 2);
  EXPECT_EQ(state->devices.at("eni2").owner, "64055");
  const std::set<DeviceAddress> addresses = {{"lo", "169.254.169.254", ""}, {"eni1", "169.254.254.1", "169.254.128.7"}};
  EXPECT_EQ(state->tables.addresses, addresses);
  const std::set<KernelRoute> routes = {{1073741999, "default", 4'000'000'000, "blackhole", "", ""},
                                        {kMainTable, "10.0.0.5", 0, "unicast", "", "eni1"}};
  EXPECT_EQ(state->tables.routes, routes);
  const std::set<PolicyRule> rules = {{1000, "eni1", 1073741999}};
  EXPECT_EQ(state->tables.rules, rules);
  const std::set<Neighbour> neighbours = {{"eni1", "10.0.0.5", "02:00:00:00:00:01"}};
  EXPECT_EQ(state->tables.neighbours, neighbours);
  EXPECT_FALSE(parse_kernel_state("[]\n[]\n"));
  EXPECT_FALSE(parse_kernel_state("[{]"));
}

}  // namespace
}  // namespace aerolith::network
