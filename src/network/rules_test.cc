#include "network/rules.h"

#include <gtest/gtest.h>

#include <sstream>
#include <vector>

#include "network/check.h"

namespace aerolith::network {
namespace {

using Lines = std::vector<std::string>;

Interface make_interface(const std::string& id, const std::string& address, PortKind port = PortKind::tap) {
  return {.id = id,
          .subnet = "subnet-a",
          .mac = "02:00:00:00:00:01",
          .private_addresses = {address},
          .groups = {"sg-a"},
          .port = port};
}

Vpc make_vpc() {
  Vpc vpc{.id = "vpc-1", .cidrs = {"10.0.0.0/16"}};
  vpc.subnets = {{.id = "subnet-a", .cidr = "10.0.1.0/24"}};
  vpc.groups = {{.id = "sg-a"}};
  return vpc;
}

// The rules of one chain, or the one line of a set or map.
Lines part(const std::string& text, const std::string& head) {
  std::istringstream stream(text);
  Lines lines;
  bool is_in = false;
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("  " + head + " {")) {
      if (line.ends_with("}")) return {line.substr(2)};
      is_in = true;
    } else if (is_in && line == "  }") {
      break;
    } else if (is_in) {
      lines.push_back(line.substr(4));
    }
  }
  return lines;
}

Lines ingress_of(const GroupRule& rule) {
  Vpc vpc = make_vpc();
  vpc.groups[0].ingress = {rule};
  EXPECT_TRUE(check(vpc));
  return part(make_rules(vpc), "chain in_sg_a");
}

TEST(Rules, GroupRulesInTheWordsOfNft) {
  EXPECT_EQ(ingress_of({}), Lines{"accept"});
  EXPECT_EQ(ingress_of({.protocol = 6, .from_port = 80, .to_port = 80}), Lines{"tcp dport 80 accept"});
  EXPECT_EQ(ingress_of({.protocol = 17, .from_port = 1, .to_port = 9, .peer = {.cidr = "192.0.2.7/24"}}),
            Lines{"udp dport 1-9 ip saddr 192.0.2.0/24 accept"});
  EXPECT_EQ(ingress_of({.protocol = 6, .from_port = 0, .to_port = 65535}), Lines{"meta l4proto tcp accept"});
  EXPECT_EQ(ingress_of({.protocol = 1, .peer = {.cidr = "0.0.0.0/0"}}), Lines{"meta l4proto icmp accept"});
  EXPECT_EQ(ingress_of({.protocol = 1, .from_port = 8, .to_port = -1}), Lines{"icmp type 8 accept"});
  EXPECT_EQ(ingress_of({.protocol = 1, .from_port = 3, .to_port = 4}), Lines{"icmp type 3 icmp code 4 accept"});
  EXPECT_EQ(ingress_of({.protocol = 50}), Lines{"meta l4proto 50 accept"});
  EXPECT_EQ(ingress_of({.peer = {.group = "sg-b"}}), Lines{"ip saddr @members_sg_b accept"});
}

// A rule that can't match must not become one that matches everything.
TEST(Rules, PeerOfIPv6MatchesNothing) {
  EXPECT_EQ(ingress_of({.peer = {.cidr = "::/0"}}), Lines{});
  EXPECT_EQ(ingress_of({.protocol = 6, .from_port = 22, .to_port = 22, .peer = {.cidr = "2001:db8::/32"}}), Lines{});
}

TEST(Rules, EgressGoesOnToTheOtherEnd) {
  Vpc vpc = make_vpc();
  vpc.groups[0].egress = {{.protocol = 6, .from_port = 443, .to_port = 443, .peer = {.cidr = "10.0.0.0/8"}}};
  EXPECT_EQ(part(make_rules(vpc), "chain out_sg_a"), Lines{"tcp dport 443 ip daddr 10.0.0.0/8 goto arrive"});
}

TEST(Rules, MembersAreTheAddressesOfTheGroupsInterfaces) {
  Vpc vpc = make_vpc();
  vpc.groups[0].ingress = {{.peer = {.group = "sg-a"}}, {.peer = {.group = "sg-far"}}, {.peer = {.group = "sg-none"}}};
  vpc.interfaces = {make_interface("eni-1", "10.0.1.5"), make_interface("eni-2", "10.0.1.6", PortKind::none)};
  vpc.interfaces[0].private_addresses.push_back("10.0.1.7");
  vpc.peer_groups = {{.id = "sg-far", .addresses = {"10.9.0.4"}}};
  const std::string text = make_rules(vpc);
  EXPECT_EQ(part(text, "set members_sg_a"),
            Lines{"set members_sg_a { type ipv4_addr; elements = { 10.0.1.5, 10.0.1.6, 10.0.1.7 } }"});
  EXPECT_EQ(part(text, "set members_sg_far"), Lines{"set members_sg_far { type ipv4_addr; elements = { 10.9.0.4 } }"});
  EXPECT_EQ(part(text, "set members_sg_none"), Lines{"set members_sg_none { type ipv4_addr; }"});
}

TEST(Rules, AnInterfaceAsksAllItsGroupsAndThenDrops) {
  Vpc vpc = make_vpc();
  vpc.groups.push_back({.id = "sg-b"});
  vpc.interfaces = {make_interface("eni-1", "10.0.1.5")};
  vpc.interfaces[0].groups = {"sg-a", "sg-b"};
  const std::string text = make_rules(vpc);
  EXPECT_EQ(part(text, "chain from_eni1"), (Lines{"jump out_sg_a", "jump out_sg_b", "drop"}));
  EXPECT_EQ(part(text, "chain to_eni1"), (Lines{"jump in_sg_a", "jump in_sg_b", "drop"}));
}

TEST(Rules, AclRulesByNumberAndTheLastResortDrops) {
  Vpc vpc = make_vpc();
  vpc.subnets[0].acl = "acl-a";
  vpc.acls = {{.id = "acl-a",
               .rules = {{.number = 200, .allows = true, .cidr = "0.0.0.0/0"},
                         {.number = 100, .protocol = 6, .from_port = 22, .to_port = 22, .cidr = "192.0.2.0/24"},
                         {.number = 100, .allows = true, .egress = true, .cidr = "10.0.0.0/8"},
                         {.number = 50, .cidr = "::/0"}}}};
  vpc.interfaces = {make_interface("eni-1", "10.0.1.5")};
  const std::string text = make_rules(vpc);
  EXPECT_EQ(part(text, "chain acl_in_acl_a"), (Lines{"tcp dport 22 ip saddr 192.0.2.0/24 drop", "return", "drop"}));
  EXPECT_EQ(part(text, "chain acl_out_acl_a"), (Lines{"ip daddr 10.0.0.0/8 return", "drop"}));
  EXPECT_EQ(part(text, "chain enter_subnet_a"), (Lines{"iifname @devices_subnet_a return", "jump acl_in_acl_a"}));
  EXPECT_EQ(part(text, "map leave"),
            Lines{"map leave { type ifname : verdict; elements = { \"eni1\" : jump leave_subnet_a } }"});
}

TEST(Rules, OnlyInterfacesWithTheCheckAreChecked) {
  Vpc vpc = make_vpc();
  vpc.interfaces = {make_interface("eni-1", "10.0.1.5"), make_interface("eni-2", "10.0.1.6")};
  vpc.interfaces[1].source_dest_check = false;
  const std::string text = make_rules(vpc);
  EXPECT_EQ(part(text, "set checked"), Lines{"set checked { type ifname; elements = { \"eni1\" } }"});
  EXPECT_EQ(part(text, "set guests"), Lines{"set guests { type ifname; elements = { \"eni1\", \"eni2\" } }"});
}

TEST(Rules, DnsIsAnsweredOnlyWhereTheVpcHasIt) {
  Vpc vpc = make_vpc();
  EXPECT_NE(make_rules(vpc).find("10.0.0.2"), std::string::npos);
  vpc.dns_support = false;
  EXPECT_EQ(make_rules(vpc).find("dport 53"), std::string::npos);
}

// What passes goes into a rule set and command lines as it is.
TEST(Check, RefusesWhatIsNoAddressOrName) {
  const auto refuses = [](const auto& change) {
    Vpc vpc = make_vpc();
    vpc.interfaces = {make_interface("eni-1", "10.0.1.5")};
    EXPECT_TRUE(check(vpc));
    change(vpc);
    return !check(vpc);
  };
  EXPECT_TRUE(refuses([](Vpc& vpc) { vpc.id = "vpc 1"; }));
  EXPECT_TRUE(refuses([](Vpc& vpc) { vpc.cidrs = {}; }));
  EXPECT_TRUE(refuses([](Vpc& vpc) { vpc.cidrs = {"10.0.0.0/33"}; }));
  EXPECT_TRUE(refuses([](Vpc& vpc) { vpc.interfaces[0].private_addresses = {"10.0.1.5; drop"}; }));
  EXPECT_TRUE(refuses([](Vpc& vpc) { vpc.interfaces[0].mac = "02:00:00:00:00"; }));
  EXPECT_TRUE(refuses([](Vpc& vpc) { vpc.interfaces[0].groups = {"sg-z"}; }));
  EXPECT_TRUE(refuses([](Vpc& vpc) { vpc.groups[0].ingress = {{.peer = {.cidr = "any }"}}}; }));
  EXPECT_TRUE(refuses([](Vpc& vpc) { vpc.groups[0].ingress = {{.peer = {.cidr = ":: }\ndelete"}}}; }));
  EXPECT_TRUE(refuses([](Vpc& vpc) { vpc.interfaces.push_back(make_interface("eni-2", "10.0.1.5")); }));
  // The last twelve characters of these two are the same.
  EXPECT_TRUE(refuses([](Vpc& vpc) {
    vpc.interfaces = {make_interface("eni-00000123456789abc", "10.0.1.5"),
                      make_interface("eni-99990123456789abc", "10.0.1.6")};
  }));
  EXPECT_TRUE(refuses([](Vpc& vpc) {
    vpc.interfaces[0].port = PortKind::veth;
    vpc.interfaces[0].guest_device = "eth0";
    vpc.interfaces[0].guest_namespace = "/run/netns/a b";
  }));
}

}  // namespace
}  // namespace aerolith::network
