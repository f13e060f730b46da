// From whatever is there to what is described, and to nothing at the end.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <thread>

#include "network/fabric_test_fixture.h"
#include "network/host.h"
#include "network/kernel_state.h"
#include "network/names.h"
#include "network/test_tap.h"
#include "os/process.h"
#include "os/program.h"

namespace aerolith::network {
namespace {

class ConvergeTest : public FabricFixture {
 protected:
  void SetUp() override {
    FabricFixture::SetUp();
    if (IsSkipped()) return;
    outside = make_outside();
    vpc.has_internet_gateway = true;
    vpc.nat_gateways = {
        {.id = "nat-1", .subnet = "subnet-a", .private_address = "10.0.1.20", .public_address = "198.18.0.20"}};
    vpc.route_tables.push_back({.id = "rtb-private", .routes = {}});
    add_subnet(vpc, "b", "10.0.2.0/24").route_table = "rtb-private";
    add_route(vpc, "rtb-a", "0.0.0.0/0", ToInternetGateway{});
    add_route(vpc, "rtb-private", "0.0.0.0/0", ToNatGateway{"nat-1"});
    add_route(vpc, "rtb-private", gateway_of(settings) + "/32", ToS3Endpoint{});
    one = add_interface(vpc, "one", "10.0.1.10").guest_namespace;
    two = add_interface(vpc, "two", "10.0.2.10", "subnet-b").guest_namespace;
    vpc.interfaces[0].public_addresses = {{.private_address = "10.0.1.10", .public_address = "198.18.0.10"}};
    vpc.groups[0].ingress.push_back(allow_tcp(80));
    path = path_of_namespace(namespace_of(settings, vpc.id));
    edge_path = path_of_namespace(edge_namespace_of(settings));
  }

  // Everything works that the description has.
  void expect_all() {
    const EchoServer server(one, 80);
    EXPECT_EQ(reach("", "198.18.0.10", 80), "198.18.0.1");
    EXPECT_EQ(reach(two, "10.0.1.10", 80), "10.0.2.10");
    EXPECT_EQ(reach(two, "198.18.0.10", 80), "198.18.0.20");
    EXPECT_TRUE(ping(one, kOutsideAddress));
    EXPECT_TRUE(ping(two, kOutsideAddress));
  }

  static KernelState state_of(const std::string& name) {
    KernelState state;
    const auto read = inside(name, [&]() -> Result<> {
      state = TRY(read_kernel_state());
      return {};
    });
    EXPECT_TRUE(read);
    return state;
  }

  std::string outside;
  std::string one;
  std::string two;
  std::string path;
  std::string edge_path;
};

TEST_F(ConvergeTest, WhateverIsBrokenIsMendedByTheNextApply) {
  apply();
  expect_all();
  const auto ip_in = [](const std::string& where, const std::string& line) {
    return [=] { return inside(where, [&] { return run_ip({line}); }); };
  };
  const auto nft_in = [](const std::string& where, const std::string& text) {
    return [=] { return inside(where, [&] { return run_nft(text); }); };
  };
  struct Damage {
    const char* what;
    std::function<Result<>()> doing;
  };
  const std::vector<Damage> damages = {
      {"an interface's device", ip_in(path, "link del " + device_of("eni-one"))},
      {"an interface's device is down", ip_in(path, "link set " + device_of("eni-one") + " down")},
      {"a container's end", ip_in(one, "link del eth0")},
      {"the way out", ip_in(path, "link del internet")},
      {"the NAT gateway's device", ip_in(path, "link del " + nat_device_of("nat-1"))},
      {"the NAT gateway", [&] { return remove_namespace(nat_namespace_of(settings, vpc.id, "nat-1")); }},
      {"the route to an interface", ip_in(path, "route del 10.0.1.10")},
      {"all policy rules", ip_in(path, "rule flush")},
      {"the rule set", nft_in(path, "delete table inet aerolith\n")},
      {"a rule set's chain", nft_in(path, "flush chain inet aerolith translate_inward\n")},
      {"the edge's rules", nft_in(edge_path, "delete table inet aerolith\n")},
      {"the host's rules", nft_in("", "delete table inet aerolith_test\n")},
      {"the host's link", ip_in("", "link del " + host_device_of(settings))},
      {"the host's route", ip_in("", "route del 198.18.0.0/16")},
      {"the edge's route to an address", ip_in(edge_path, "route del 198.18.0.10")},
      {"the edge", [&] { return remove_namespace(edge_namespace_of(settings)); }},
      {"the VPC", [&] { return remove_namespace(namespace_of(settings, vpc.id)); }},
  };
  for (const Damage& damage : damages) {
    SCOPED_TRACE(damage.what);
    const auto done = damage.doing();
    ASSERT_TRUE(done) << done.error().detail;
    if (std::string(damage.what) == "all policy rules") {
      // It flushes the kernel's own as well, which nobody but the kernel makes.
      ASSERT_TRUE(inside(path, [] { return run_ip({"rule add pref 32766 lookup main proto kernel"}); }));
    }
    apply();
    expect_all();
  }
}

TEST_F(ConvergeTest, WhatAKilledProcessLeftHalfDoneIsFinishedByTheNext) {
  for (const int milliseconds : {1, 3, 6, 10, 15, 22, 30, 40, 55, 75, 100, 150}) {
    SCOPED_TRACE(milliseconds);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      static_cast<void>(fabric->apply(vpc));
      ::_exit(0);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    open();
    // A program that the child had started may still be at it: the reconciler would come again, too.
    auto applied = fabric->apply(vpc);
    for (int i = 0; i < 5 && !applied; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      applied = fabric->apply(vpc);
    }
    ASSERT_TRUE(applied) << applied.error().detail;
    expect_all();
    ASSERT_TRUE(fabric->remove(vpc.id));
  }
}

TEST_F(ConvergeTest, AnApplyWithoutAChangeTouchesNothingAndIsQuick) {
  apply();
  const auto before = state_of(path);
  // Handles are given out anew with each rule set.
  const auto handles = [&] {
    std::string text;
    EXPECT_TRUE(inside(path, [&]() -> Result<> {
      text = os::run_checked({.arguments = {"nft", "-a", "list", "ruleset"}}).value();
      return {};
    }));
    return text;
  };
  const std::string handles_before = handles();
  const auto begin = std::chrono::steady_clock::now();
  apply();
  const auto elapsed = std::chrono::steady_clock::now() - begin;
  const auto after = state_of(path);
  EXPECT_LT(elapsed, std::chrono::milliseconds(500));
  RecordProperty("milliseconds", static_cast<int>(elapsed / std::chrono::milliseconds(1)));
  ASSERT_EQ(before.devices.size(), after.devices.size());
  for (const auto& [name, device] : before.devices) EXPECT_EQ(device.index, after.devices.at(name).index) << name;
  EXPECT_EQ(before.tables.routes, after.tables.routes);
  EXPECT_EQ(handles(), handles_before);
}

TEST_F(ConvergeTest, AContainerThatIsGoneHoldsUpNobodyElse) {
  apply();
  ASSERT_TRUE(remove_namespace(vpc.id + "-two"));
  vpc.groups[0].ingress.push_back(allow_tcp(81));
  const auto applied = fabric->apply(vpc);
  ASSERT_FALSE(applied);
  EXPECT_NE(applied.error().detail.find("eni-two"), std::string::npos);
  const EchoServer server(one, 81);
  EXPECT_EQ(reach("", "198.18.0.10", 81), "198.18.0.1");
  vpc.interfaces[1].port = PortKind::none;
  apply();
}

TEST_F(ConvergeTest, RemoveLeavesNothing) {
  if (!can_have_taps()) GTEST_SKIP() << "no dnsmasq or tun";
  const KernelState before = state_of("");
  vpc.interfaces[1].port = PortKind::tap;
  vpc.interfaces[1].owner_uid = 65534;
  apply();
  os::RealFileSystem files;
  const auto pid = os::read_file(files, settings.run_folder + "/" + vpc.id + ".dhcp.pid");
  const auto dhcp = pid ? os::identify(std::stoi(*pid)) : std::nullopt;
  EXPECT_TRUE(dhcp);
  Vpc second = make_test_vpc("vpc-00000000000000002");
  apply(second);
  EXPECT_EQ(*fabric->list(), (std::vector<std::string>{vpc.id, second.id}));
  // A socket of ours keeps a namespace alive, and its devices with it, unless these are removed.
  const auto listening = fabric->listen_inside(vpc.id, "169.254.169.254", 80, true);
  ASSERT_TRUE(listening);
  ASSERT_TRUE(fabric->remove(vpc.id));
  EXPECT_EQ(*fabric->list(), std::vector<std::string>{second.id});
  EXPECT_TRUE(!dhcp || !os::is_alive(*dhcp));
  ASSERT_TRUE(fabric->remove(second.id));
  ::close(*listening);
  EXPECT_EQ(*fabric->list(), std::vector<std::string>{});
  ASSERT_TRUE(fabric->remove(second.id));
  const KernelState after = state_of("");
  EXPECT_EQ(before.devices.size(), after.devices.size());
  EXPECT_EQ(before.tables.routes, after.tables.routes);
  EXPECT_EQ(before.tables.neighbours, after.tables.neighbours);
  EXPECT_EQ(read_kernel_setting("net/ipv4/conf/uplink/forwarding"), "0");
  EXPECT_EQ(*os::run_checked({.arguments = {"nft", "list", "ruleset"}}), "");
  auto names = namespace_names();
  std::erase_if(names, [&](const std::string& name) { return !name.starts_with("test-"); });
  EXPECT_EQ(names, std::vector<std::string>{});
  EXPECT_TRUE(std::filesystem::is_empty(settings.run_folder));
}

TEST_F(ConvergeTest, ATapBelongsToItsOwnerAndDhcpRunsWhereThereIsOne) {
  if (!can_have_taps()) GTEST_SKIP() << "no dnsmasq or tun";
  vpc.interfaces[1].port = PortKind::tap;
  vpc.interfaces[1].owner_uid = 65534;
  apply();
  const std::string device = tap_of(settings, "eni-two");
  EXPECT_EQ(state_of(path).devices.at(device).kind, "tun");
  const int tap = open_tap(path, device);
  EXPECT_GE(tap, 0);
  ::close(tap);
  const std::string pid_file = settings.run_folder + "/" + vpc.id + ".dhcp.pid";
  os::RealFileSystem files;
  const auto pid = os::read_file(files, pid_file);
  ASSERT_TRUE(pid);
  // The next process finds it.
  open();
  apply();
  EXPECT_EQ(os::read_file(files, pid_file).value(), *pid);
  const auto process = os::identify(std::stoi(*pid));
  ASSERT_TRUE(process);
  vpc.interfaces[1].port = PortKind::veth;
  apply();
  EXPECT_FALSE(std::filesystem::exists(pid_file));
  EXPECT_FALSE(os::is_alive(*process));
  expect_all();
}

}  // namespace
}  // namespace aerolith::network
