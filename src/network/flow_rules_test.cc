#include "network/flow_rules.h"

#include <gtest/gtest.h>

#include "network/rules.h"

namespace aerolith::network {
namespace {

constexpr Timestamp kBegin{std::chrono::milliseconds(1764257000123)};

Vpc make_vpc(const std::string& label) {
  Vpc vpc{.id = "vpc-1", .cidrs = {"10.0.0.0/16"}};
  vpc.subnets = {{.id = "subnet-a", .cidr = "10.0.1.0/24", .acl = "acl-a"}};
  vpc.groups = {{.id = "sg-a"}};
  vpc.acls = {{.id = "acl-a",
               .rules = {{.number = 1, .allows = false, .egress = true, .cidr = "192.0.2.0/24"},
                         {.number = 2, .allows = true, .egress = true, .cidr = "0.0.0.0/0"}}}};
  vpc.interfaces = {{.id = "eni-00000000000000001",
                     .subnet = "subnet-a",
                     .mac = "02:00:00:00:00:01",
                     .private_addresses = {"10.0.1.5"},
                     .groups = {"sg-a"},
                     .port = PortKind::tap,
                     .flow_label = label}};
  return vpc;
}

bool has(const std::string& text, std::string_view line) { return text.find(line) != std::string::npos; }

TEST(FlowRules, WhoHasNoFlowLogPaysNothing) {
  const std::string text = make_rules(make_vpc(""));
  EXPECT_FALSE(has(text, "meta mark"));
  EXPECT_FALSE(has(text, "chain enforce"));
  EXPECT_TRUE(has(text, "delete table inet aerolith_flows\n"));
  EXPECT_TRUE(flow_labels_of(make_vpc("")).empty());
}

TEST(FlowRules, WhatIsRefusedIsMarkedAndDroppedBehindTheCount) {
  const std::string text = make_rules(make_vpc("one"));
  EXPECT_FALSE(has(text, "aerolith_flows"));
  EXPECT_TRUE(has(text, "    ip daddr 192.0.2.0/24 meta mark set meta mark or 0x1 return\n    return\n"));
  EXPECT_TRUE(has(text, "  chain acl_in_acl_a {\n    meta mark set meta mark or 0x2 return\n  }\n"));
  EXPECT_TRUE(has(text, "    jump out_sg_a\n    meta mark set meta mark or 0x1 accept\n"));
  EXPECT_TRUE(has(text, "    jump in_sg_a\n    meta mark set meta mark or 0x2 accept\n"));
  EXPECT_TRUE(has(text,
                  "  chain enforce {\n    type filter hook forward priority filter + 2; policy accept;\n"
                  "    meta mark and 0x3 != 0x0 drop\n  }\n"));
  // A guest's own mark doesn't count.
  EXPECT_LT(text.find("meta mark set 0x0"), text.find("iifname vmap @leave"));
}

TEST(FlowRules, AnInterfaceThatIsNotAttachedIsNotCounted) {
  Vpc vpc = make_vpc("one");
  vpc.interfaces[0].port = PortKind::none;
  EXPECT_TRUE(flow_labels_of(vpc).empty());
}

TEST(FlowRules, AWindowIsThreeBoundedSets) {
  const std::string text = turn_flow_rules(kBegin);
  EXPECT_TRUE(has(text,
                  "add set inet aerolith_flows flows_tcp_1764257000123 { type mark . ipv4_addr . ipv4_addr . "
                  "inet_service . inet_service; size 100000; flags dynamic; }\n"));
  EXPECT_TRUE(has(text,
                  "flush chain inet aerolith_flows count_other\nadd rule inet aerolith_flows count_other update "
                  "@flows_other_1764257000123 { meta mark . ip saddr . ip daddr . meta l4proto counter }\n"));
}

TEST(FlowRules, NumbersStayAndAreNotUsedTwice) {
  const FlowNumbers numbers{.devices = {{"enia", 1}, {"enib", 2}}, .labels = {{1, "a"}, {2, "b"}, {3, "gone"}}};
  EXPECT_EQ(renumber_flows(numbers, {{"enia", "a"}, {"enib", "b"}}), "");
  EXPECT_EQ(renumber_flows(numbers, {{"enia", "a"}, {"enic", "c"}}),
            "delete element inet aerolith_flows logged { \"enib\" }\n"
            "add element inet aerolith_flows labels { 0x00040000 comment \"c\" }\n"
            "add element inet aerolith_flows logged { \"enic\" : 0x00040000 }\n");
  EXPECT_EQ(drop_flow_windows({}, numbers), "delete element inet aerolith_flows labels { 0x00030000 }\n");
}

TEST(FlowRules, ReadsWhatNftSays) {
  const auto numbers = parse_flow_numbers(
      R"({"nftables":[{"metainfo":{}},{"map":{"name":"logged","elem":[["enia",65536]]}}]})",
      R"({"nftables":[{"set":{"name":"labels","elem":[{"elem":{"val":65536,"comment":"eni-a x"}}]}}]})");
  ASSERT_TRUE(numbers);
  EXPECT_EQ(numbers->devices.at("enia"), 1);
  EXPECT_EQ(numbers->labels.at(1), "eni-a x");
  FlowWindow window;
  // An inbound SYN and the rest of its connection; a refused one that leaves by the internet gateway.
  ASSERT_TRUE(parse_flow_set(
      R"({"nftables":[{"set":{"name":"flows_tcp_1","elem":[
         {"elem":{"val":{"concat":[66052,"10.0.2.2","10.0.1.5",4000,80]},"counter":{"packets":1,"bytes":60}}},
         {"elem":{"val":{"concat":[65540,"10.0.2.2","10.0.1.5",4000,80]},"counter":{"packets":3,"bytes":900}}},
         {"elem":{"val":{"concat":[65665,"10.0.1.5","192.0.2.1",4001,443]},"counter":{"packets":2,"bytes":120}}}
      ]}}]})",
      *numbers, window));
  ASSERT_EQ(window.flows.size(), 2U);
  const Flow& out = window.flows[0];
  EXPECT_FALSE(out.is_inbound);
  EXPECT_FALSE(out.is_accepted);
  EXPECT_EQ(out.path, FlowPath::internet_gateway);
  EXPECT_EQ(out.packets, 2U);
  const Flow& in = window.flows[1];
  EXPECT_TRUE(in.is_inbound);
  EXPECT_TRUE(in.is_accepted);
  EXPECT_EQ(in.label, "eni-a x");
  EXPECT_EQ(in.protocol, 6);
  EXPECT_EQ(in.source_port, 4000);
  EXPECT_EQ(in.destination_port, 80);
  EXPECT_EQ(in.tcp_flags, 2);
  EXPECT_EQ(in.packets, 4U);
  EXPECT_EQ(in.bytes, 960U);
  EXPECT_FALSE(parse_flow_set("{}", *numbers, window));
  EXPECT_FALSE(parse_flow_set(R"({"nftables":[{"set":{"name":"flows_tcp_1","elem":[7]}}]})", *numbers, window));
}

TEST(FlowRules, FindsWindowsByTheirNames) {
  const auto begins = parse_flow_windows(
      R"({"nftables":[{"set":{"name":"labels"}},{"set":{"name":"flows_tcp_20"}},{"set":{"name":"flows_udp_20"}},
         {"set":{"name":"flows_tcp_10"}}]})");
  ASSERT_TRUE(begins);
  EXPECT_EQ(*begins, (std::vector<Timestamp>{Timestamp(std::chrono::milliseconds(10)),
                                             Timestamp(std::chrono::milliseconds(20))}));
}

}  // namespace
}  // namespace aerolith::network
