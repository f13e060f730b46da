#include <fmt/ranges.h>
#include <signal.h>

#include "compute/instance_folder.h"
#include "compute/missing.h"
#include "compute/test_host.h"

namespace aerolith::compute {
namespace {

class ContainerTest : public TestHost {
 protected:
  std::vector<std::string> missing() override { return find_missing_for_containers(); }

  void SetUp() override {
    TestHost::SetUp();
    if (IsSkipped()) return;
    driver_ = make_container_driver(settings());
  }

  // As the fabric does: a veth whose other end goes into the instance's namespace.
  void connect() {
    const std::string name = std::filesystem::path(driver_->prepare(spec(Kind::container)).value()).filename().string();
    if (os::run_checked({.arguments = {"ip", "-n", name, "link", "show", "eth0"}}).has_value()) return;
    run({"ip", "-n", vpc_, "link", "add", "v0", "type", "veth", "peer", "name", "eth0", "netns", name});
    run({"ip", "-n", vpc_, "addr", "add", std::string(kRouter) + "/24", "dev", "v0"});
    run({"ip", "-n", vpc_, "link", "set", "v0", "up"});
  }

  void launch() {
    connect();
    const auto begin = std::chrono::steady_clock::now();
    const auto launched = driver_->launch(spec(Kind::container));
    ASSERT_TRUE(launched.has_value()) << launched.error().detail;
    const auto took = std::chrono::steady_clock::now() - begin;
    const int64_t ssh_ms = wait_for_ssh(begin);
    ASSERT_GE(ssh_ms, 0);
    RecordProperty("launch_ms", static_cast<int>(took / std::chrono::milliseconds(1)));
    RecordProperty("ssh_ms", static_cast<int>(ssh_ms));
    fmt::print("launch {} ms, SSH after {} ms\n", took / std::chrono::milliseconds(1), ssh_ms);
  }

  os::ProcessIdentity process(const char* record) const {
    const InstanceFolder folder(std::filesystem::canonical(folder_ / "run").string() + "/container", instance_);
    return folder.read_process(record).value().identity;
  }
  os::ProcessIdentity init() const { return process("init.process"); }
};

TEST_F(ContainerTest, BootsTakesKeysAndRunsUserDataOnce) {
  ASSERT_NO_FATAL_FAILURE(launch());
  EXPECT_EQ(ssh("hostname").value_or(""), "ip-10-77-0-5\n");
  EXPECT_EQ(ssh("id -un", "ec2-user").value_or(""), "ec2-user\n");
  EXPECT_TRUE(console_says("BEGIN SSH HOST KEY FINGERPRINTS"));
  EXPECT_TRUE(console_says("user data says 42"));
  EXPECT_TRUE(console_says("asks for /bin/bash"));
  EXPECT_EQ(ssh("cat /root/by-user-data").value_or(""), "written\n");
  // The volume is larger than the image, and so is the file system.
  EXPECT_GT(std::stol(ssh("df -k / | tail -1 | awk '{print $2}'").value_or("0")), 800'000);
  const Observation seen = driver_->observe(instance_).value();
  EXPECT_EQ(seen.state, State::running);
  EXPECT_GT(seen.memory_bytes, 0U);
  EXPECT_GT(seen.cpu_time.count(), 0);
  EXPECT_TRUE(driver_->launch(spec(Kind::container)).has_value());

  // Bytes of every kind of write come back, and the file system is whole when seen from outside.
  const auto sum =
      ssh("rm /root/by-user-data; cd /root; for size in 1 300 70000 9000000 30000000; do head -c $size /dev/urandom > "
          "f$size; done;"
          "rm f70000; sync; cat f* | sha256sum");
  ASSERT_TRUE(sum.has_value());
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(driver_->stop(instance_, std::chrono::seconds(30)).has_value());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20))
      << "the guest didn't shut down by itself";
  EXPECT_NE(driver_->console(instance_, 200).value_or("").find("init: poweroff"), std::string::npos);
  EXPECT_EQ(driver_->observe(instance_)->state, State::stopped);
  EXPECT_TRUE(volumes_->snapshot({"vol-0123456789abcdef0", "snap-1"}, "snap-2", [](int) {}).has_value())
      << "its disk is still open";
  const std::string seen_from_outside = folder_ / "outside.raw";
  run({"qemu-img", "convert", "-O", "raw", volumes_->file_of("vol-0123456789abcdef0"), seen_from_outside});
  run({"e2fsck", "-fn", seen_from_outside});
  ASSERT_NO_FATAL_FAILURE(launch());
  EXPECT_TRUE(console_says("first-boot: done"));
  EXPECT_FALSE(ssh("cat /root/by-user-data").has_value());
  EXPECT_EQ(ssh("cd /root; cat f* | sha256sum"), sum);
}

TEST_F(ContainerTest, IsFoundAgainByAnotherDriver) {
  ASSERT_NO_FATAL_FAILURE(launch());
  const os::ProcessIdentity before = init();
  driver_ = make_container_driver(settings());
  EXPECT_EQ(driver_->list().value(), std::vector<std::string>{instance_});
  EXPECT_EQ(driver_->observe(instance_)->state, State::running);
  EXPECT_TRUE(driver_->launch(spec(Kind::container)).has_value());
  EXPECT_EQ(init().pid, before.pid);
  ASSERT_TRUE(driver_->stop(instance_, std::chrono::seconds(30)).has_value());
  EXPECT_FALSE(os::is_alive(before));
}

TEST_F(ContainerTest, ACrashIsTold) {
  ASSERT_NO_FATAL_FAILURE(launch());
  ASSERT_TRUE(os::send_signal(init(), SIGKILL));
  EXPECT_NE(wait_for_state(State::crashed).detail.find("signal 9"), std::string::npos);
  EXPECT_EQ(driver_->observe(instance_)->state, State::crashed) << "until something is done about it";
  ASSERT_NO_FATAL_FAILURE(launch());
}

TEST_F(ContainerTest, WithoutItsDisksItHasCrashed) {
  ASSERT_NO_FATAL_FAILURE(launch());
  ASSERT_TRUE(ssh("echo kept > /root/file; sync").has_value());
  ASSERT_TRUE(os::send_signal(process("disks.process"), SIGKILL));
  EXPECT_NE(wait_for_state(State::crashed).detail.find("qemu-storage-daemon"), std::string::npos);
  ASSERT_NO_FATAL_FAILURE(launch());
  EXPECT_EQ(ssh("cat /root/file").value_or(""), "kept\n");
}

TEST_F(ContainerTest, TheGuestMayEndOrRebootItself) {
  ASSERT_NO_FATAL_FAILURE(launch());
  const os::ProcessIdentity before = init();
  (void)ssh("reboot");
  ASSERT_TRUE(os::wait_until_gone(before, kPatience));
  wait_for_state(State::running);
  EXPECT_GE(wait_for_ssh(std::chrono::steady_clock::now()), 0);
  ASSERT_TRUE(driver_->reboot(instance_).has_value());
  EXPECT_GE(wait_for_ssh(std::chrono::steady_clock::now()), 0);
  (void)ssh("poweroff");
  wait_for_state(State::stopped);
}

TEST_F(ContainerTest, VolumesComeAndGoWhileItRuns) {
  ASSERT_NO_FATAL_FAILURE(launch());
  ASSERT_TRUE(volumes_->create({.volume = "vol-1", .size_bytes = uint64_t{64} << 20}).has_value());
  const Disk disk{.volume = "vol-1", .file = volumes_->file_of("vol-1"), .device = "/dev/sdf"};
  const auto attached = driver_->attach(instance_, disk);
  ASSERT_TRUE(attached.has_value()) << attached.error().detail;
  EXPECT_EQ(ssh("blockdev --getsize64 /dev/sdf").value_or(""), "67108864\n");
  EXPECT_TRUE(ssh("echo kept | dd of=/dev/disk/by-id/virtio-vol1 bs=512 conv=sync,fsync 2>/dev/null").has_value());
  EXPECT_EQ(ssh("head -c 4 /dev/sdf").value_or(""), "kept");
  // It stays over a stop and a start.
  ASSERT_TRUE(driver_->stop(instance_, std::chrono::seconds(30)).has_value());
  Spec again = spec(Kind::container);
  again.disks.push_back(disk);
  ASSERT_TRUE(driver_->launch(again).has_value());
  ASSERT_GE(wait_for_ssh(std::chrono::steady_clock::now()), 0);
  EXPECT_EQ(ssh("head -c 4 /dev/sdf").value_or(""), "kept");
  const auto detached = driver_->detach(instance_, disk, Detach::in_order);
  ASSERT_TRUE(detached.has_value()) << detached.error().detail;
  EXPECT_FALSE(ssh("test -e /dev/sdf").has_value());
  EXPECT_TRUE(volumes_->snapshot({"vol-1"}, "snap-3", [](int) {}).has_value()) << "it is still open";
}

TEST_F(ContainerTest, PortsComeAndGoWhileItRuns) {
  ASSERT_NO_FATAL_FAILURE(launch());
  const std::string name = std::filesystem::path(driver_->prepare(spec(Kind::container)).value()).filename().string();
  // As the fabric does.
  run({"ip", "-n", vpc_, "link", "add", "v1", "type", "veth", "peer", "name", "eth1", "netns", name});
  run({"ip", "-n", vpc_, "addr", "add", "10.78.0.1/24", "dev", "v1"});
  run({"ip", "-n", vpc_, "link", "set", "v1", "up"});
  const NetworkPort port{.interface = "eni-2",
                         .mac = "02:00:00:00:00:06",
                         .address = "10.78.0.5/24",
                         .gateway = "10.78.0.1",
                         .device_index = 1};
  const auto attached = driver_->attach_port(instance_, port);
  ASSERT_TRUE(attached.has_value()) << attached.error().detail;
  EXPECT_TRUE(driver_->attach_port(instance_, port).has_value()) << "it is there already";
  EXPECT_NE(ssh("ip -4 addr show dev eth1").value_or("").find("inet 10.78.0.5/24"), std::string::npos);
  EXPECT_EQ(ssh("cat /sys/class/net/eth1/address").value_or(""), "02:00:00:00:00:06\n");
  // Who asks by eth1 is answered by eth1, also from eth0's subnet; all else goes by eth0.
  const auto way = [&](const std::string& from) {
    return run({"ip", "-n", name, "-o", "route", "get", kRouter, "from", from});
  };
  EXPECT_NE(way("10.78.0.5").find("dev eth1"), std::string::npos) << way("10.78.0.5");
  EXPECT_NE(way(kGuest).find("dev eth0"), std::string::npos) << way(kGuest);
  EXPECT_NE(run({"ip", "-n", name, "route", "show", "default"}).find("dev eth0"), std::string::npos);
  run({"ip", "netns", "exec", vpc_, "busybox", "ping", "-c", "1", "-W", "5", "-I", kRouter, "10.78.0.5"});

  ASSERT_TRUE(driver_->reboot(instance_).has_value());
  ASSERT_GE(wait_for_ssh(std::chrono::steady_clock::now()), 0);
  run({"ip", "netns", "exec", vpc_, "busybox", "ping", "-c", "1", "-W", "5", "-I", kRouter, "10.78.0.5"});

  EXPECT_FALSE(driver_->detach_port(instance_, "eni-1", Detach::by_force).has_value()) << "the first one stays";
  const auto detached = driver_->detach_port(instance_, "eni-2", Detach::in_order);
  ASSERT_TRUE(detached.has_value()) << detached.error().detail;
  EXPECT_TRUE(driver_->detach_port(instance_, "eni-2", Detach::in_order).has_value()) << "it is gone already";
  EXPECT_FALSE(ssh("test -e /sys/class/net/eth1").has_value());
  EXPECT_EQ(run({"ip", "-n", name, "rule", "show", "table", "10001"}), "");
  EXPECT_FALSE(os::run_checked({.arguments = {"ip", "-n", vpc_, "link", "show", "v1"}}).has_value());
  ASSERT_TRUE(driver_->reboot(instance_).has_value());
  EXPECT_GE(wait_for_ssh(std::chrono::steady_clock::now()), 0);
}

TEST_F(ContainerTest, TheGuestIsHeldIn) {
  ASSERT_NO_FATAL_FAILURE(launch());
  EXPECT_FALSE(ssh("mount -t tmpfs none /mnt").has_value());
  EXPECT_FALSE(ssh("mknod /tmp/disk b 7 0").has_value());
  EXPECT_FALSE(ssh("unshare -m true").has_value());
  EXPECT_FALSE(ssh("ip addr add 10.77.0.9/24 dev eth0").has_value());
  EXPECT_FALSE(ssh("echo 1 > /proc/sys/kernel/sysrq").has_value());
  EXPECT_EQ(ssh("grep Seccomp: /proc/self/status").value_or(""), "Seccomp:\t2\n");
  EXPECT_TRUE(ssh("ping -c 1 169.254.169.254").has_value());
}

TEST_F(ContainerTest, AnImageWithoutInitIsRefusedAndLeavesNothing) {
  const std::string empty = folder_ / "empty.raw";
  run({"mke2fs", "-q", "-F", "-t", "ext4", empty, "16M"});
  ASSERT_TRUE(volumes_->import_file(empty, "snap-empty").has_value());
  ASSERT_TRUE(volumes_->create({.volume = "vol-empty", .size_bytes = uint64_t{16} << 20, .snapshot = "snap-empty"})
                  .has_value());
  connect();
  Spec bad = spec(Kind::container);
  bad.disks[0].file = volumes_->file_of("vol-empty");
  const auto launched = driver_->launch(bad);
  ASSERT_FALSE(launched.has_value());
  EXPECT_EQ(launched.error().code, DriverErrorCode::bad_image) << launched.error().detail;
  EXPECT_EQ(driver_->observe(instance_)->state, State::absent);
}

}  // namespace
}  // namespace aerolith::compute
