// The datapath with real packets: ways out of a VPC and back.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "network/fabric_test_fixture.h"
#include "network/host.h"
#include "network/names.h"
#include "os/program.h"

namespace aerolith::network {
namespace {

constexpr const char* kHost = "";  // the namespace of the test itself

class GatewaysTest : public FabricFixture {
 protected:
  void SetUp() override {
    FabricFixture::SetUp();
    if (IsSkipped()) return;
    outside = make_outside();
    vpc.has_internet_gateway = true;
    vpc.groups[0].ingress = {allow_all()};
    vpc.route_tables.push_back({.id = "rtb-private", .routes = {}});
    add_subnet(vpc, "b", "10.0.2.0/24").route_table = "rtb-private";
    add_route(vpc, "rtb-a", "0.0.0.0/0", ToInternetGateway{});
    Interface& public_one = add_interface(vpc, "one", "10.0.1.10");
    public_one.public_addresses = {{.private_address = "10.0.1.10", .public_address = "198.18.0.10"}};
    one = public_one.guest_namespace;
    hidden = add_interface(vpc, "hidden", "10.0.2.10", "subnet-b").guest_namespace;
  }

  std::string outside;
  std::string one;     // with a public address
  std::string hidden;  // in the private subnet
};

TEST_F(GatewaysTest, APublicAddressIsReachedFromTheHostAndSeenBeyondItAsTheHosts) {
  apply();
  const EchoServer server(one, 80);
  EXPECT_EQ(reach(kHost, "198.18.0.10", 80), "198.18.0.1");
  const EchoServer beyond(outside, 80);
  EXPECT_EQ(reach(one, kOutsideAddress, 80), kOutsideHostAddress);
  EXPECT_TRUE(ping(one, kOutsideAddress));
}

TEST_F(GatewaysTest, WithoutAPublicAddressARouteOrAGatewayThereIsNoWayOut) {
  vpc.interfaces[0].public_addresses.clear();
  apply();
  const EchoServer beyond(outside, 80);
  EXPECT_EQ(reach(one, kOutsideAddress, 80, kDropped), "");
  EXPECT_EQ(reach(hidden, kOutsideAddress, 80, kDropped), "");
  vpc.interfaces[0].public_addresses = {{.private_address = "10.0.1.10", .public_address = "198.18.0.11"}};
  apply();
  EXPECT_EQ(reach(one, kOutsideAddress, 80), kOutsideHostAddress);
  vpc.has_internet_gateway = false;
  apply();
  EXPECT_EQ(reach(one, kOutsideAddress, 80, kDropped), "");
}

TEST_F(GatewaysTest, WhereTheInternetIsNotAllowedTheHostStillReachesIn) {
  settings.allows_internet = false;
  open();
  apply();
  const EchoServer beyond(outside, 80);
  EXPECT_EQ(reach(one, kOutsideAddress, 80, kDropped), "");
  const EchoServer server(one, 80);
  EXPECT_EQ(reach(kHost, "198.18.0.10", 80), "198.18.0.1");
  EXPECT_EQ(read_kernel_setting("net/ipv4/conf/uplink/forwarding"), "0");
}

TEST_F(GatewaysTest, GuestsReachNothingOfTheHost) {
  apply();
  const EchoServer server(kHost, 80);
  EXPECT_EQ(reach(one, "198.18.0.1", 80, kDropped), "");
  EXPECT_EQ(reach(one, kOutsideHostAddress, 80, kDropped), "");
  EXPECT_FALSE(ping(one, kOutsideHostAddress, kDropped));
  // And nobody beyond reaches guests, nor through the host.
  ASSERT_TRUE(inside(outside, [] { return run_ip({"route add 198.18.0.0/16 via 203.0.113.1"}); }));
  const EchoServer guest(one, 80);
  EXPECT_EQ(reach(outside, "198.18.0.10", 80, kDropped), "");
}

TEST_F(GatewaysTest, TheHostForwardsForNobodyElse) {
  // A network of somebody else's on the same host.
  const std::string other = make_guest_namespace("other");
  ASSERT_TRUE(run_ip(
      {"link add other type veth peer name eth0 netns other", "addr add 192.0.2.1/24 dev other", "link set other up"}));
  ASSERT_TRUE(inside(other, [] {
    return run_ip({"addr add 192.0.2.2/24 dev eth0", "link set eth0 up", "route add default via 192.0.2.1"});
  }));
  ASSERT_TRUE(inside(outside, [] { return run_ip({"route add 192.0.2.0/24 via 203.0.113.1"}); }));
  EXPECT_TRUE(ping(other, "192.0.2.1"));
  apply();
  EXPECT_EQ(read_kernel_setting("net/ipv4/conf/uplink/forwarding"), "1");
  EXPECT_FALSE(ping(outside, "192.0.2.2", kDropped));
  EXPECT_FALSE(ping(other, kOutsideAddress, kDropped));
  EXPECT_TRUE(ping(one, kOutsideAddress));
}

// Another installation on the same host needs it as well, and has the last word.
TEST_F(GatewaysTest, TheHostForwardsForAsLongAsAnInstallationNeedsIt) {
  settings.host_folder = folder.path();
  settings.run_folder = folder / "test/network";
  open();
  apply();
  // Of one that is gone there is only its record.
  std::filesystem::create_directories(folder / "gone/network");
  std::ofstream(folder / "gone/network/forwarding") << "uplink\n";
  const FabricSettings theirs{.installation = "other",
                              .run_folder = folder / "other/network",
                              .host_folder = folder.path(),
                              .public_cidr = "198.19.0.0/16"};
  const auto opened = Fabric::open(theirs);
  ASSERT_TRUE(opened);
  Vpc their_vpc = make_test_vpc("vpc-00000000000000002");
  their_vpc.has_internet_gateway = true;
  add_route(their_vpc, "rtb-a", "0.0.0.0/0", ToInternetGateway{});
  Interface& interface = add_interface(their_vpc, "one", "10.0.1.10");
  interface.public_addresses = {{.private_address = "10.0.1.10", .public_address = "198.19.0.10"}};
  const std::string guest = interface.guest_namespace;
  const auto applied = (*opened)->apply(their_vpc);
  ASSERT_TRUE(applied) << applied.error().detail;
  EXPECT_TRUE(ping(guest, kOutsideAddress));
  ASSERT_TRUE(fabric->remove(vpc.id));
  EXPECT_EQ(read_kernel_setting("net/ipv4/conf/uplink/forwarding"), "1");
  EXPECT_TRUE(ping(guest, kOutsideAddress));
  // It is the other's guard now: the host is no router for anybody else.
  EXPECT_NE(os::run_checked({.arguments = {"nft", "list", "ruleset"}})->find("ct status"), std::string::npos);
  ASSERT_TRUE((*opened)->remove(their_vpc.id));
  EXPECT_EQ(read_kernel_setting("net/ipv4/conf/uplink/forwarding"), "0");
}

TEST_F(GatewaysTest, AnAddressThatWasTakenAwayIsGoneAtOnce) {
  apply();
  const EchoServer server(one, 80);
  auto connection = Connection::open(kHost, "198.18.0.10", 80);
  ASSERT_TRUE(connection);
  EXPECT_TRUE(connection->echoes());
  vpc.interfaces[0].public_addresses.clear();
  apply();
  EXPECT_FALSE(connection->echoes(kDropped));
  EXPECT_EQ(reach(kHost, "198.18.0.10", 80, kDropped), "");
}

TEST_F(GatewaysTest, SecurityGroupsAndAclsSeePrivateAddressesWithinAndPublicOnesBeyond) {
  vpc.groups[0].ingress = {allow_tcp(80, {.cidr = "198.18.0.1/32", .group = ""})};
  vpc.acls[0].rules.push_back(
      {.number = 50, .allows = false, .egress = true, .protocol = 1, .cidr = std::string(kOutsideAddress) + "/32"});
  apply();
  const EchoServer server(one, 80);
  EXPECT_EQ(reach(kHost, "198.18.0.10", 80), "198.18.0.1");
  EXPECT_FALSE(ping(one, kOutsideAddress, kDropped));
  vpc.groups[0].ingress = {allow_tcp(80, {.cidr = "198.18.0.9/32", .group = ""})};
  apply();
  EXPECT_EQ(reach(kHost, "198.18.0.10", 80, kDropped), "");
}

TEST_F(GatewaysTest, ANatGatewayIsAWayOutAndNoWayIn) {
  vpc.nat_gateways = {
      {.id = "nat-1", .subnet = "subnet-a", .private_address = "10.0.1.20", .public_address = "198.18.0.20"}};
  add_route(vpc, "rtb-private", "0.0.0.0/0", ToNatGateway{"nat-1"});
  apply();
  const EchoServer beyond(outside, 80);
  EXPECT_EQ(reach(hidden, kOutsideAddress, 80), kOutsideHostAddress);
  // Within the installation one sees which address it goes by.
  const EchoServer server(one, 80);
  EXPECT_EQ(reach(hidden, "198.18.0.10", 80), "198.18.0.20");
  EXPECT_EQ(reach(hidden, "10.0.1.10", 80), "10.0.2.10");
  const EchoServer hidden_server(hidden, 80);
  EXPECT_EQ(reach(kHost, "198.18.0.20", 80, kDropped), "");
  EXPECT_EQ(reach(one, "10.0.1.20", 80, kDropped), "");
  vpc.nat_gateways.clear();
  apply();
  EXPECT_EQ(reach(hidden, kOutsideAddress, 80, kDropped), "");
}

TEST_F(GatewaysTest, TheWayOverPublicAddressesWithinAVpc) {
  Interface& second = add_interface(vpc, "second", "10.0.1.11");
  second.public_addresses = {{.private_address = "10.0.1.11", .public_address = "198.18.0.11"}};
  apply();
  const EchoServer server(one, 80);
  EXPECT_EQ(reach(second.guest_namespace, "198.18.0.10", 80), "198.18.0.11");
}

TEST_F(GatewaysTest, TheS3EndpointLeadsToThisProgramAndNowhereElse) {
  apply();
  const auto listening = fabric->listen_inside("", gateway_of(settings), 443, true);
  ASSERT_TRUE(listening) << listening.error().detail;
  const EchoServer gateway(*listening);
  EXPECT_EQ(reach(one, gateway_of(settings), 443), "198.18.0.10");
  EXPECT_EQ(reach(kHost, gateway_of(settings), 443), "198.18.0.1");
  EXPECT_EQ(reach(hidden, gateway_of(settings), 443, kDropped), "");
  EXPECT_EQ(fabric->vpc_of_s3_link("169.254.128.1"), "");
  add_route(vpc, "rtb-private", gateway_of(settings) + "/32", ToS3Endpoint{});
  apply();
  EXPECT_EQ(reach(hidden, gateway_of(settings), 443), "169.254.128.1");
  EXPECT_EQ(fabric->vpc_of_s3_link("169.254.128.1"), vpc.id);
  EXPECT_EQ(fabric->vpc_of_s3_link("169.254.128.2"), "");
  for (const char* address : {"169.254.128.1", "169.254.128.2"}) EXPECT_TRUE(is_s3_link_address(address)) << address;
  for (const char* address : {"169.254.128.0", "169.254.254.2", "198.18.0.10", "", "::1"}) {
    EXPECT_FALSE(is_s3_link_address(address)) << address;
  }
  // Nothing else is behind it, whatever a route table says.
  const EchoServer beyond(outside, 80);
  add_route(vpc, "rtb-private", "203.0.113.0/24", ToS3Endpoint{});
  apply();
  EXPECT_EQ(reach(hidden, kOutsideAddress, 80, kDropped), "");
  EXPECT_EQ(reach(hidden, "198.18.0.10", 80, kDropped), "");
}

TEST_F(GatewaysTest, VpcsOfOneRangeOfAddressesKnowNothingOfOneAnother) {
  Vpc twin = make_test_vpc("vpc-00000000000000002");
  twin.interfaces.reserve(4);
  twin.has_internet_gateway = true;
  twin.groups[0].ingress = {allow_all()};
  add_route(twin, "rtb-a", "0.0.0.0/0", ToInternetGateway{});
  Interface& other = add_interface(twin, "one", "10.0.1.10");
  Interface& single = add_interface(twin, "single", "10.0.1.77");
  other.public_addresses = {{.private_address = "10.0.1.10", .public_address = "198.18.0.30"}};
  apply();
  apply(twin);
  const EchoServer server(one, 80);
  const EchoServer other_server(other.guest_namespace, 80);
  const EchoServer single_server(single.guest_namespace, 80);
  EXPECT_EQ(reach(one, "10.0.1.77", 80, kDropped), "");
  EXPECT_EQ(reach(single.guest_namespace, "10.0.1.10", 80), "10.0.1.77");
  EXPECT_EQ(reach(one, "198.18.0.30", 80), "198.18.0.10");
  EXPECT_EQ(reach(kHost, "198.18.0.30", 80), "198.18.0.1");
}

class PeeringTest : public FabricFixture {
 protected:
  void SetUp() override {
    FabricFixture::SetUp();
    if (IsSkipped()) return;
    one = add_interface(vpc, "one", "10.0.1.10").guest_namespace;
    other = make_test_vpc("vpc-00000000000000002");
    other.interfaces.reserve(4);
    other.cidrs = {"10.9.0.0/16"};
    other.subnets[0].cidr = "10.9.1.0/24";
    far = add_interface(other, "far", "10.9.1.10").guest_namespace;
    vpc.peerings = {{.id = "pcx-1", .other_vpc = other.id, .other_cidrs = other.cidrs}};
    other.peerings = {{.id = "pcx-1", .other_vpc = vpc.id, .other_cidrs = vpc.cidrs}};
    add_route(vpc, "rtb-a", "10.9.0.0/16", ToPeering{"pcx-1"});
    add_route(other, "rtb-a", "10.0.0.0/16", ToPeering{"pcx-1"});
    other.groups[0].ingress = {allow_tcp(80, {.cidr = "10.0.0.0/16", .group = ""})};
  }

  Vpc other;
  std::string one;
  std::string far;
};

TEST_F(PeeringTest, PeersReachOneAnotherByTheirPrivateAddresses) {
  apply();
  apply(other);
  const EchoServer server(far, 80);
  EXPECT_EQ(reach(one, "10.9.1.10", 80), "10.0.1.10");
  other.peerings.clear();
  apply(other);
  EXPECT_EQ(reach(one, "10.9.1.10", 80, kDropped), "");
}

TEST_F(PeeringTest, APeersGroupMayBeNamed) {
  other.groups[0].ingress = {allow_tcp(80, {.cidr = "", .group = "sg-near"})};
  other.peer_groups = {{.id = "sg-near", .addresses = {"10.0.1.11"}}};
  apply(other);
  apply();
  const EchoServer server(far, 80);
  EXPECT_EQ(reach(one, "10.9.1.10", 80, kDropped), "");
  other.peer_groups[0].addresses = {"10.0.1.10"};
  apply(other);
  EXPECT_EQ(reach(one, "10.9.1.10", 80), "10.0.1.10");
}

TEST_F(PeeringTest, OneThatWasMadeAnewIsReachedAgain) {
  apply();
  apply(other);
  const EchoServer server(far, 80);
  ASSERT_TRUE(fabric->remove(vpc.id));
  apply();
  apply(other);
  EXPECT_EQ(reach(one, "10.9.1.10", 80), "10.0.1.10");
}

TEST_F(PeeringTest, AnApplianceStandsBetweenTwoInterfaces) {
  vpc.groups[0].ingress = {allow_all()};
  vpc.route_tables.push_back({.id = "rtb-b", .routes = {}});
  add_subnet(vpc, "b", "10.0.2.0/24").route_table = "rtb-b";
  add_subnet(vpc, "c", "10.0.3.0/24").route_table = "rtb-b";
  Interface& appliance = add_interface(vpc, "box", "10.0.3.10", "subnet-c");
  const std::string target = add_interface(vpc, "target", "10.0.2.10", "subnet-b").guest_namespace;
  add_route(vpc, "rtb-a", "10.0.2.0/24", ToInterface{"eni-box"});
  apply();
  const EchoServer server(target, 80);
  // It doesn't forward, and may not receive what isn't for it.
  EXPECT_EQ(reach(one, "10.0.2.10", 80, kDropped), "");
  ASSERT_TRUE(inside(appliance.guest_namespace, [] { return write_kernel_settings({{"net/ipv4/ip_forward", "1"}}); }));
  EXPECT_EQ(reach(one, "10.0.2.10", 80, kDropped), "");
  appliance.source_dest_check = false;
  apply();
  EXPECT_EQ(reach(one, "10.0.2.10", 80), "10.0.1.10");
}

}  // namespace
}  // namespace aerolith::network
