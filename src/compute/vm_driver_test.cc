#include <signal.h>

#include "compute/instance_folder.h"
#include "compute/missing.h"
#include "compute/test_host.h"

namespace aerolith::compute {
namespace {

class VmTest : public TestHost {
 protected:
  std::vector<std::string> missing() override { return find_missing_for_vms(); }

  void SetUp() override {
    TestHost::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (image_.kernel.empty()) GTEST_SKIP() << image_.without_kernel;
    driver_ = make_vm_driver(settings());
    dhcp_.push_back(make_tap("tap0", kRouter, "02:00:00:00:00:05", kGuest));
  }

  // As the fabric does: a tap in the VPC's namespace, and DHCP on it.
  os::ProcessIdentity make_tap(const std::string& tap, const std::string& router, const std::string& mac,
                               const std::string& guest) {
    run({"ip", "-n", vpc_, "tuntap", "add", tap, "mode", "tap"});
    run({"ip", "-n", vpc_, "addr", "add", router + "/24", "dev", tap});
    run({"ip", "-n", vpc_, "link", "set", tap, "up"});
    const std::string file = folder_ / (tap + ".conf");
    const std::string leases = folder_ / (tap + ".leases");
    std::ofstream(file) << "start " << guest << "\nend " << guest << "\ninterface " << tap << "\nlease_file " << leases
                        << "\npidfile " << (folder_ / (tap + ".pid")) << "\noption subnet 255.255.255.0\noption router "
                        << router << "\noption dns " << router << "\noption staticroutes 169.254.169.254/32 " << router
                        << ",0.0.0.0/0 " << router << "\noption lease 3600\nstatic_lease " << mac << " " << guest
                        << "\n";  // unasked
    std::ofstream(leases).flush();
    const auto started = os::start_program(
        {.arguments = {"ip", "netns", "exec", vpc_, "busybox", "udhcpd", "-f", file}}, folder_ / (tap + ".log"));
    return os::identify(started.value()).value();
  }

  void TearDown() override {
    for (const os::ProcessIdentity& each : dhcp_) os::kill_and_wait(each);
    TestHost::TearDown();
  }

  Spec vm_spec() const {
    Spec made = spec(Kind::vm);
    made.ports[0].tap = "tap0";
    made.ports[0].tap_namespace = "/run/netns/" + vpc_;
    made.kernel = image_.kernel;
    made.initramfs = image_.initramfs;
    made.kernel_arguments = image_.kernel_arguments;
    return made;
  }

  void launch() {
    const auto begin = std::chrono::steady_clock::now();
    const auto launched = driver_->launch(vm_spec());
    ASSERT_TRUE(launched.has_value()) << launched.error().detail;
    const auto took = std::chrono::steady_clock::now() - begin;
    const int64_t ssh_ms = wait_for_ssh(begin);
    ASSERT_GE(ssh_ms, 0);
    RecordProperty("ssh_ms", static_cast<int>(ssh_ms));
    fmt::print("launch {} ms, SSH after {} ms\n", took / std::chrono::milliseconds(1), ssh_ms);
  }

  os::ProcessIdentity qemu() const {
    return InstanceFolder(folder_ / "run/vm", instance_).read_process("qemu.process").value().identity;
  }

  std::vector<os::ProcessIdentity> dhcp_;
};

TEST_F(VmTest, BootsTakesKeysAndShutsDown) {
  ASSERT_NO_FATAL_FAILURE(launch());
  EXPECT_EQ(ssh("hostname").value_or(""), "ip-10-77-0-5\n");
  EXPECT_EQ(ssh("cat /sys/class/dmi/id/sys_vendor; head -c 3 /sys/class/dmi/id/product_uuid").value_or(""),
            "Amazon\nec2");
  EXPECT_EQ(ssh("id -un", "ec2-user").value_or(""), "ec2-user\n");
  EXPECT_TRUE(console_says("BEGIN SSH HOST KEY FINGERPRINTS"));
  EXPECT_TRUE(console_says("user data says 42"));
  const Observation seen = driver_->observe(instance_).value();
  EXPECT_EQ(seen.state, State::running);
  EXPECT_GT(seen.memory_bytes, uint64_t{32} << 20);
  fmt::print("resident {} MB\n", seen.memory_bytes >> 20);
  // It may read nothing of the host, and change its user no more.
  std::ifstream status(fmt::format("/proc/{}/status", qemu().pid));
  const std::string text((std::istreambuf_iterator<char>(status)), {});
  EXPECT_NE(text.find("NoNewPrivs:\t1"), std::string::npos);
  EXPECT_NE(text.find("Seccomp:\t2"), std::string::npos);
  EXPECT_NE(text.find("CapEff:\t0000000000000000"), std::string::npos);
  EXPECT_EQ(text.find("Uid:\t0"), std::string::npos);

  ASSERT_TRUE(ssh("echo kept > /root/kept").has_value());
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(driver_->stop(instance_, std::chrono::seconds(60)).has_value());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(50)) << "the button wasn't heard";
  EXPECT_EQ(driver_->observe(instance_)->state, State::stopped);
  EXPECT_TRUE(volumes_->snapshot({"vol-0123456789abcdef0", "snap-1"}, "snap-2", [](int) {}).has_value())
      << "its disk is still open";
  ASSERT_NO_FATAL_FAILURE(launch());
  EXPECT_EQ(ssh("cat /root/kept").value_or(""), "kept\n");
}

TEST_F(VmTest, IsFoundAgainAndACrashIsTold) {
  ASSERT_NO_FATAL_FAILURE(launch());
  const os::ProcessIdentity before = qemu();
  driver_ = make_vm_driver(settings());
  EXPECT_EQ(driver_->list().value(), std::vector<std::string>{instance_});
  EXPECT_EQ(driver_->observe(instance_)->state, State::running);
  EXPECT_TRUE(driver_->launch(vm_spec()).has_value());
  EXPECT_EQ(qemu().pid, before.pid);
  ASSERT_TRUE(os::send_signal(before, SIGKILL));
  wait_for_state(State::crashed);
  EXPECT_EQ(driver_->observe(instance_)->state, State::crashed) << "until something is done about it";
  ASSERT_NO_FATAL_FAILURE(launch());
}

TEST_F(VmTest, VolumesComeAndGoAndItReboots) {
  ASSERT_NO_FATAL_FAILURE(launch());
  ASSERT_TRUE(volumes_->create({.volume = "vol-1", .size_bytes = uint64_t{64} << 20}).has_value());
  const Disk disk{.volume = "vol-1", .file = volumes_->file_of("vol-1"), .device = "/dev/sdf"};
  const auto attached = driver_->attach(instance_, disk);
  ASSERT_TRUE(attached.has_value()) << attached.error().detail;
  std::optional<std::string> size;
  for (int tries = 0; tries < 100 && size.value_or("").empty(); ++tries) size = ssh("blockdev --getsize64 /dev/vdb");
  EXPECT_EQ(size.value_or(""), "67108864\n");
  EXPECT_EQ(ssh("cat /sys/block/vdb/serial").value_or(""), "vol1");
  EXPECT_TRUE(ssh("echo kept | dd of=/dev/vdb bs=512 conv=sync,fsync 2>/dev/null").has_value());
  const auto detached = driver_->detach(instance_, disk, Detach::in_order);
  ASSERT_TRUE(detached.has_value()) << detached.error().detail;
  EXPECT_FALSE(ssh("test -e /dev/vdb").has_value());
  EXPECT_TRUE(volumes_->snapshot({"vol-1"}, "snap-3", [](int) {}).has_value()) << "it is still open";
  ASSERT_TRUE(driver_->attach(instance_, disk).has_value());  // the slot is free again

  ASSERT_TRUE(driver_->reboot(instance_).has_value());
  EXPECT_GE(wait_for_ssh(std::chrono::steady_clock::now()), 0);
  EXPECT_LT(std::stod(ssh("cut -d ' ' -f 1 /proc/uptime").value_or("1e9")), 60.0 * 60);
  EXPECT_EQ(ssh("head -c 4 /dev/vdb").value_or(""), "kept");
  (void)ssh("poweroff");
  wait_for_state(State::stopped);
}

TEST_F(VmTest, PortsComeAndGoWhileItRuns) {
  ASSERT_NO_FATAL_FAILURE(launch());
  dhcp_.push_back(make_tap("tap1", "10.78.0.1", "02:00:00:00:00:06", "10.78.0.5"));
  const NetworkPort port{.interface = "eni-2",
                         .mac = "02:00:00:00:00:06",
                         .address = "10.78.0.5/24",
                         .gateway = "10.78.0.1",
                         .device_index = 1,
                         .tap = "tap1",
                         .tap_namespace = "/run/netns/" + vpc_};
  const auto is_reached = [&] {
    // From eth0's subnet: an answer that left by eth0 would go astray.
    const std::vector<std::string> ping{"ip", "netns", "exec", vpc_, "busybox", "ping",     "-c",
                                        "1",  "-W",    "2",    "-I", kRouter,   "10.78.0.5"};
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      if (os::run_checked({.arguments = ping}).has_value()) return true;
    }
    return false;
  };
  const auto attached = driver_->attach_port(instance_, port);
  ASSERT_TRUE(attached.has_value()) << attached.error().detail;
  EXPECT_TRUE(driver_->attach_port(instance_, port).has_value()) << "it is there already";
  EXPECT_TRUE(is_reached()) << ssh("ip addr; ip rule; ip route show table 101").value_or("");
  EXPECT_EQ(ssh("cat /sys/class/net/eth1/address").value_or(""), "02:00:00:00:00:06\n");
  const std::string ways = ssh("ip rule; ip route").value_or("");
  EXPECT_NE(ways.find("from 10.78.0.5 lookup 101"), std::string::npos) << ways;
  EXPECT_NE(ways.find("default via 10.77.0.1 dev eth0"), std::string::npos) << ways;
  const auto detached = driver_->detach_port(instance_, "eni-2", Detach::in_order);
  ASSERT_TRUE(detached.has_value()) << detached.error().detail;
  EXPECT_TRUE(driver_->detach_port(instance_, "eni-2", Detach::in_order).has_value()) << "it is gone already";
  EXPECT_FALSE(driver_->detach_port(instance_, "eni-1", Detach::by_force).has_value()) << "the first one stays";
  EXPECT_FALSE(ssh("test -e /sys/class/net/eth1").has_value());
  run({"ip", "-n", vpc_, "link", "del", "tap1"});  // QEMU has closed it
  dhcp_.push_back(make_tap("tap1", "10.78.0.1", "02:00:00:00:00:06", "10.78.0.5"));
  ASSERT_TRUE(driver_->attach_port(instance_, port).has_value());  // its place is free again
  EXPECT_TRUE(is_reached());
}

TEST_F(VmTest, WhatCanNotStartLeavesNothing) {
  Spec bad = vm_spec();
  bad.ports[0].tap = "no-such-tap";
  const auto launched = driver_->launch(bad);
  ASSERT_FALSE(launched.has_value());
  EXPECT_NE(launched.error().detail.find("no-such-tap"), std::string::npos) << launched.error().detail;
  bad = vm_spec();
  bad.instance_type = "t3,bad=option";
  const auto refused = driver_->launch(bad);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().detail.find("smbios"), std::string::npos) << refused.error().detail;
  EXPECT_EQ(driver_->observe(instance_)->state, State::absent);
}

}  // namespace
}  // namespace aerolith::compute
