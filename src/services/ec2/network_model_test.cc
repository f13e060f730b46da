#include "services/ec2/network_model.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ec2/model/vpc.h"

namespace aerolith::ec2 {
namespace {

NetworkRecords make_records() {
  NetworkRecords records{.vpc = {.id = "vpc-1", .cidrs = {{.id = "a", .cidr = "10.0.0.0/16"}}}};
  records.vpc.main_route_table = "rtb-main";
  records.vpc.default_acl = "acl-default";
  records.subnets = {{.id = "subnet-1", .vpc = "vpc-1", .cidr = "10.0.1.0/24"},
                     {.id = "subnet-2", .vpc = "vpc-1", .cidr = "10.0.2.0/24"}};
  records.route_tables = {{.id = "rtb-main", .associations = {{.id = "m"}}},
                          {.id = "rtb-own", .associations = {{.id = "o", .subnet = "subnet-2"}}}};
  records.acls = {{.id = "acl-default", .is_default = true},
                  {.id = "acl-own", .associations = {{.id = "x", .subnet = "subnet-1"}}}};
  return records;
}

TEST(NetworkModel, SubnetsHaveTheirTablesOrTheMainOne) {
  const network::Vpc vpc = make_network(make_records(), {});
  ASSERT_EQ(vpc.subnets.size(), 2U);
  EXPECT_EQ(vpc.subnets[0].route_table, "rtb-main");
  EXPECT_EQ(vpc.subnets[1].route_table, "rtb-own");
  EXPECT_EQ(vpc.subnets[0].acl, "acl-own");
  EXPECT_EQ(vpc.subnets[1].acl, "acl-default");
  EXPECT_FALSE(vpc.has_internet_gateway);
}

TEST(NetworkModel, RoutesToWhatIsGoneAreBlackHoles) {
  NetworkRecords records = make_records();
  records.internet_gateways = {{.id = "igw-1", .vpc = "vpc-1"}};
  records.endpoints = {{.id = "vpce-1", .vpc = "vpc-1"}};
  records.prefix_lists["pl-1"] = {"198.18.0.3/32", "198.18.0.4/32"};
  records.route_tables[0].routes = {
      {.destination = "0.0.0.0/0", .kind = TargetKind::internet_gateway, .target = "igw-1"},
      {.destination = "10.9.0.0/16", .kind = TargetKind::peering, .target = "pcx-gone"},
      {.destination = "10.8.0.0/16", .kind = TargetKind::nat_gateway, .target = "nat-gone"},
      {.destination = "pl-1", .kind = TargetKind::endpoint, .target = "vpce-1"}};
  const auto vpc = make_network(records, {});
  const auto& routes = vpc.route_tables[0].routes;
  ASSERT_EQ(routes.size(), 5U);
  EXPECT_TRUE(vpc.has_internet_gateway);
  EXPECT_TRUE(std::holds_alternative<network::ToInternetGateway>(routes[0].target));
  EXPECT_TRUE(std::holds_alternative<network::Blackhole>(routes[1].target));
  EXPECT_TRUE(std::holds_alternative<network::Blackhole>(routes[2].target));
  EXPECT_TRUE(std::holds_alternative<network::ToS3Endpoint>(routes[3].target));
  EXPECT_EQ(routes[4].destination, "198.18.0.4/32");
}

TEST(NetworkModel, RulesOfGroupsAndAcls) {
  NetworkRecords records = make_records();
  records.prefix_lists["pl-1"] = {"192.0.2.0/24", "198.51.100.0/24"};
  GroupRecord group{.id = "sg-1", .vpc = "vpc-1"};
  group.rules = {{.id = "1", .protocol = "tcp", .from_port = 22, .to_port = 22, .cidr_v4 = "10.0.0.0/8"},
                 {.id = "2", .protocol = "udp", .from_port = 1, .to_port = 2, .prefix_list = "pl-1"},
                 {.id = "3", .protocol = "50", .group = "sg-2"},
                 {.id = "4", .egress = true, .cidr_v6 = "::/0"}};
  records.groups = {group};
  records.peer_groups["sg-2"] = {"10.9.0.5"};
  records.acls[0].entries = {{.number = 100,
                              .egress = true,
                              .allows = true,
                              .protocol = 6,
                              .from_port = 1,
                              .to_port = 9,
                              .cidr_v4 = "0.0.0.0/0"}};
  const network::Vpc vpc = make_network(records, {});
  const network::Group& made = vpc.groups.at(0);
  ASSERT_EQ(made.ingress.size(), 4U);
  EXPECT_EQ(made.ingress[0].protocol, 6);
  EXPECT_EQ(made.ingress[0].peer.cidr, "10.0.0.0/8");
  EXPECT_EQ(made.ingress[1].peer.cidr, "192.0.2.0/24");
  EXPECT_EQ(made.ingress[2].peer.cidr, "198.51.100.0/24");
  EXPECT_EQ(made.ingress[3].protocol, 50);
  EXPECT_EQ(made.ingress[3].peer.group, "sg-2");
  ASSERT_EQ(made.egress.size(), 1U);
  EXPECT_EQ(made.egress[0].peer.cidr, "::/0");
  EXPECT_EQ(vpc.peer_groups.at(0).addresses, std::vector<std::string>{"10.9.0.5"});
  EXPECT_EQ(vpc.acls[0].rules.at(0).to_port, 9);
  EXPECT_TRUE(vpc.acls[0].rules.at(0).egress);
}

TEST(NetworkModel, InterfacesArePluggedInAsTheirInstancesAre) {
  NetworkRecords records = make_records();
  InterfaceRecord interface{.id = "eni-1", .vpc = "vpc-1", .subnet = "subnet-1", .mac = "06:00:00:00:00:01"};
  interface.addresses = {{.address = "10.0.1.5", .public_address = PublicAddressRecord{.address = "198.18.0.9"}},
                         {.address = "10.0.1.6"}};
  interface.groups = {"sg-1"};
  InterfaceRecord gateways{.id = "eni-2", .vpc = "vpc-1", .type = "nat_gateway"};
  gateways.addresses = {{.address = "10.0.1.7"}};
  records.interfaces = {interface, gateways};
  records.nat_gateways = {{.id = "nat-1", .subnet = "subnet-1", .private_address = "10.0.1.7"}};
  const Plugs plugs{{"eni-1", {.kind = network::PortKind::veth, .guest_namespace = "/run/n", .guest_device = "eth0"}}};
  const network::Vpc vpc = make_network(records, plugs);
  ASSERT_EQ(vpc.interfaces.size(), 1U);
  EXPECT_EQ(vpc.interfaces[0].port, network::PortKind::veth);
  EXPECT_EQ(vpc.interfaces[0].guest_device, "eth0");
  EXPECT_EQ(vpc.interfaces[0].private_addresses, (std::vector<std::string>{"10.0.1.5", "10.0.1.6"}));
  EXPECT_EQ(vpc.interfaces[0].public_addresses.at(0).public_address, "198.18.0.9");
  EXPECT_EQ(vpc.nat_gateways.at(0).private_address, "10.0.1.7");
  EXPECT_EQ(make_network(records, {}).interfaces[0].port, network::PortKind::none);
}

}  // namespace
}  // namespace aerolith::ec2
