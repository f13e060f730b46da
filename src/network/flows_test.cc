// Flows as they are counted, with real packets.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "network/fabric_test_fixture.h"

namespace aerolith::network {
namespace {

class FlowsTest : public FabricFixture {
 protected:
  void SetUp() override {
    FabricFixture::SetUp();
    if (IsSkipped()) return;
    add_subnet(vpc, "b", "10.0.2.0/24");
    vpc.groups.push_back({.id = "sg-b", .ingress = {allow_tcp(80)}, .egress = {allow_all()}});
    one = add_interface(vpc, "one", "10.0.1.10").guest_namespace;
    far = add_interface(vpc, "far", "10.0.2.10", "subnet-b", "sg-b").guest_namespace;
    vpc.interfaces[0].flow_label = "label one";
    vpc.interfaces[1].flow_label = "label far";
  }

  std::vector<FlowWindow> turn() {
    const auto clock = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    now = std::max(now + std::chrono::milliseconds(1), clock);
    auto windows = fabric->turn_flows(vpc.id, now);
    EXPECT_TRUE(windows) << windows.error().detail;
    return windows ? *windows : std::vector<FlowWindow>();
  }

  static const Flow* find(const FlowWindow& window, const std::string& label, bool is_inbound, int to_port) {
    const auto found = std::ranges::find_if(window.flows, [&](const Flow& flow) {
      return flow.label == label && flow.is_inbound == is_inbound && flow.destination_port == to_port;
    });
    return found == window.flows.end() ? nullptr : &*found;
  }

  std::string one;
  std::string far;
  Timestamp now;
};

TEST_F(FlowsTest, AcceptedAndRefusedAtBothEnds) {
  apply();
  const EchoServer open_port(far, 80);
  const EchoServer closed(far, 81);
  EXPECT_EQ(reach(one, "10.0.2.10", 80), "10.0.1.10");
  EXPECT_EQ(reach(one, "10.0.2.10", 81, kDropped), "");
  const auto windows = turn();
  ASSERT_EQ(windows.size(), 1U);
  const FlowWindow& window = windows[0];
  EXPECT_LT(window.begin, window.end);
  EXPECT_EQ(window.labels.size(), 2U);
  EXPECT_FALSE(window.is_overrun);
  const Flow* sent = find(window, "label one", false, 80);
  const Flow* received = find(window, "label far", true, 80);
  ASSERT_TRUE(sent != nullptr && received != nullptr);
  EXPECT_TRUE(sent->is_accepted && received->is_accepted);
  EXPECT_EQ(sent->source, "10.0.1.10");
  EXPECT_EQ(received->destination, "10.0.2.10");
  EXPECT_EQ(sent->path, FlowPath::inside_vpc);
  EXPECT_EQ(received->path, FlowPath::none);
  EXPECT_EQ(sent->protocol, 6);
  EXPECT_GE(sent->packets, 3U);
  EXPECT_EQ(sent->packets, received->packets);
  EXPECT_EQ(sent->tcp_flags & 2, 2);
  // Its answer begins with SYN-ACK.
  const auto answer = std::ranges::find_if(window.flows, [](const Flow& flow) {
    return flow.label == "label far" && !flow.is_inbound && flow.source_port == 80;
  });
  ASSERT_NE(answer, window.flows.end());
  EXPECT_EQ(answer->tcp_flags & 18, 18);
  // As on AWS: who sends may, who receives refuses.
  const Flow* tried = find(window, "label one", false, 81);
  const Flow* refused = find(window, "label far", true, 81);
  ASSERT_TRUE(tried != nullptr && refused != nullptr);
  EXPECT_TRUE(tried->is_accepted);
  EXPECT_FALSE(refused->is_accepted);
  EXPECT_GE(refused->packets, 1U);
}

TEST_F(FlowsTest, WhatTheSenderMayNotSendNeverArrives) {
  vpc.groups[0].egress = {allow_tcp(80)};
  vpc.acls[0].rules.push_back({.number = 1,
                               .allows = false,
                               .egress = false,
                               .protocol = 6,
                               .from_port = 82,
                               .to_port = 82,
                               .cidr = "0.0.0.0/0"});
  apply();
  const EchoServer server(far, 81);
  EXPECT_EQ(reach(one, "10.0.2.10", 81, kDropped), "");
  EXPECT_EQ(reach(one, "10.0.2.10", 82, kDropped), "");
  const auto windows = turn();
  ASSERT_EQ(windows.size(), 1U);
  for (const int port : {81, 82}) {
    const Flow* sent = find(windows[0], "label one", false, port);
    ASSERT_NE(sent, nullptr) << port;
    EXPECT_FALSE(sent->is_accepted);
    EXPECT_EQ(find(windows[0], "label far", true, port), nullptr);
  }
}

TEST_F(FlowsTest, NetworkAclsRefuseEstablishedConnectionsToo) {
  apply();
  const EchoServer server(far, 80);
  auto connection = Connection::open(one, "10.0.2.10", 80);
  ASSERT_TRUE(connection);
  EXPECT_TRUE(connection->echoes());
  turn();
  vpc.acls[0].rules.push_back({.number = 1,
                               .allows = false,
                               .egress = false,
                               .protocol = 6,
                               .from_port = 80,
                               .to_port = 80,
                               .cidr = "0.0.0.0/0"});
  apply();
  EXPECT_FALSE(connection->echoes(kDropped));
  const auto windows = turn();
  ASSERT_EQ(windows.size(), 2U);
  const Flow* refused = find(windows[1], "label far", true, 80);
  ASSERT_NE(refused, nullptr);
  EXPECT_FALSE(refused->is_accepted);
}

TEST_F(FlowsTest, CountsOutliveTheProcessAndOtherRules) {
  apply();
  const EchoServer server(far, 80);
  auto connection = Connection::open(one, "10.0.2.10", 80);
  ASSERT_TRUE(connection);
  open();  // as after a kill
  vpc.groups[1].ingress.push_back(allow_tcp(443));
  apply();
  EXPECT_TRUE(connection->echoes());
  std::this_thread::sleep_for(std::chrono::milliseconds(250));  // its last acknowledgement may be a delayed one
  auto windows = turn();
  ASSERT_EQ(windows.size(), 1U);
  EXPECT_NE(find(windows[0], "label far", true, 80), nullptr);
  // Until they are dropped they are told again.
  windows = turn();
  ASSERT_EQ(windows.size(), 2U);
  EXPECT_NE(find(windows[0], "label far", true, 80), nullptr);
  EXPECT_EQ(windows[0].end, windows[1].begin);
  EXPECT_TRUE(fabric->drop_flows(vpc.id, windows[0].begin));
  windows = turn();
  ASSERT_EQ(windows.size(), 2U);
  EXPECT_EQ(find(windows[0], "label far", true, 80), nullptr);
  EXPECT_TRUE(connection->echoes());
}

TEST_F(FlowsTest, AnInterfaceThatLeavesIsToldOnceMore) {
  apply();
  const EchoServer server(far, 80);
  EXPECT_EQ(reach(one, "10.0.2.10", 80), "10.0.1.10");
  vpc.interfaces[1].flow_label.clear();
  apply();
  auto windows = turn();
  ASSERT_EQ(windows.size(), 1U);
  EXPECT_NE(find(windows[0], "label far", true, 80), nullptr);
  EXPECT_EQ(windows[0].labels, std::vector<std::string>{"label one"});
  EXPECT_TRUE(fabric->drop_flows(vpc.id, windows[0].begin));
  EXPECT_EQ(reach(one, "10.0.2.10", 80), "10.0.1.10");
  windows = turn();
  ASSERT_EQ(windows.size(), 1U);
  EXPECT_EQ(find(windows[0], "label far", true, 80), nullptr);
  EXPECT_NE(find(windows[0], "label one", false, 80), nullptr);
}

TEST_F(FlowsTest, NothingIsLeftWhereNothingIsCounted) {
  apply();
  const EchoServer server(far, 80);
  auto connection = Connection::open(one, "10.0.2.10", 80);
  ASSERT_TRUE(connection);
  for (Interface& interface : vpc.interfaces) interface.flow_label.clear();
  apply();
  EXPECT_TRUE(connection->echoes());
  EXPECT_TRUE(turn().empty());
  EXPECT_TRUE(fabric->drop_flows(vpc.id, now));
  EXPECT_EQ(reach(one, "10.0.2.10", 81, kDropped), "");
  EXPECT_TRUE(fabric->turn_flows("vpc-not-there", now)->empty());
}

}  // namespace
}  // namespace aerolith::network
