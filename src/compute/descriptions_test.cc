// What the two drivers tell runc and QEMU, as text.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>

#include "compute/console_log.h"
#include "compute/container_network.h"
#include "compute/container_root.h"
#include "compute/oci_config.h"
#include "compute/qemu_command.h"
#include "compute/spec_json.h"
#include "os/test_directory.h"

namespace aerolith::compute {
namespace {

namespace json = boost::json;

Spec example() {
  return {
      .instance = "i-0123456789abcdef0",
      .kind = Kind::vm,
      .instance_type = "t3.micro",
      .hostname = "ip-10-0-0-5",
      .vcpus = 2,
      .memory_bytes = uint64_t{1} << 30,
      .disks = {{.volume = "vol-0123456789abcdef0", .file = "/v/a.qcow2", .device = "/dev/xvda", .is_root = true},
                {.volume = "vol-1", .file = "/v/b.qcow2", .device = "/dev/sdf", .base = "snap-1"}},
      .ports = {{.interface = "eni-1", .mac = "02:00:00:00:00:05", .address = "10.0.0.5/24", .gateway = "10.0.0.1"}},
      .kernel = "/k",
      .initramfs = "/i",
      .kernel_arguments = "console=ttyS0"};
}

TEST(SpecJsonTest, ComesBackWhole) {
  const std::string text = to_json(example());
  const auto read = parse_spec(text);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(to_json(*read), text);
  EXPECT_EQ(read->disks[1].device, "/dev/sdf");
  EXPECT_EQ(read->disks[1].base, "snap-1");
  EXPECT_FALSE(read->disks[0].base) << "as of an earlier version";
  EXPECT_EQ(read->kind, Kind::vm);
  EXPECT_FALSE(parse_spec("{\"instance\": 1}").has_value());
  EXPECT_FALSE(parse_spec("").has_value());
}

TEST(SpecJsonTest, TheResolverMayBeUnknown) {
  EXPECT_FALSE(parse_spec(to_json(example()))->resolver);
  Spec spec = example();
  spec.resolver = Resolver{.servers = {"10.0.0.2", "10.0.0.9"}, .domain = "corp.example"};
  const auto read = parse_spec(to_json(spec));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->resolver->servers, spec.resolver->servers);
  EXPECT_EQ(read->resolver->domain, "corp.example");
}

class ResolverTest : public testing::Test {
 protected:
  ResolverTest() { std::filesystem::create_directory(root() / "etc"); }
  std::filesystem::path root() { return folder_.path(); }
  std::filesystem::path file() { return root() / "etc/resolv.conf"; }
  std::string text() {
    std::ifstream stream(file());
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  os::TestDirectory folder_;
};

TEST_F(ResolverTest, ReplacesWhatWasThere) {
  std::ofstream(file()) << "nameserver 192.0.2.1 # of an image that was made elsewhere, and longer than what comes now";
  ASSERT_TRUE(write_resolver(root(), {.servers = {"10.0.0.2", "10.0.0.9"}, .domain = "corp.example"}).has_value());
  EXPECT_EQ(text(), "search corp.example\nnameserver 10.0.0.2\nnameserver 10.0.0.9\n");
  ASSERT_TRUE(write_resolver(root(), {}).has_value());
  EXPECT_EQ(text(), "# The VPC's DHCP options name no servers.\n");
}

TEST_F(ResolverTest, LeavesAloneWhatLeadsNowhere) {
  std::filesystem::create_symlink("../run/systemd/resolve/stub-resolv.conf", file());
  ASSERT_TRUE(write_resolver(root(), {.servers = {"10.0.0.2"}}).has_value());
  EXPECT_FALSE(std::filesystem::exists(root() / "run"));
  std::filesystem::remove(file());
  ASSERT_EQ(::mkfifo(file().c_str(), 0600), 0);
  ASSERT_TRUE(write_resolver(root(), {.servers = {"10.0.0.2"}}).has_value());
}

TEST_F(ResolverTest, IsNotLedOutOfTheRoot) {
  const os::TestDirectory outside;
  std::filesystem::create_symlink(outside / "victim", file());
  ASSERT_TRUE(write_resolver(root(), {.servers = {"10.0.0.2"}}).has_value());
  EXPECT_FALSE(std::filesystem::exists(outside / "victim"));
}

TEST(SpecJsonTest, AnOlderOneNumbersItsPortsByPlace) {
  Spec spec = example();
  spec.ports.push_back({.interface = "eni-2", .device_index = 5});
  json::object old = json::parse(to_json(spec)).as_object();
  for (json::value& port : old.at("ports").as_array()) port.as_object().erase("device_index");
  const auto read = parse_spec(json::serialize(old));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->ports.at(0).device_index, 0);
  EXPECT_EQ(read->ports.at(1).device_index, 1);
}

TEST(SpecJsonTest, PortsStandByDeviceIndex) {
  Spec spec = example();
  add_port(spec, {.interface = "eni-3", .device_index = 3});
  add_port(spec, {.interface = "eni-2", .device_index = 1});
  std::vector<std::string> order;
  for (const NetworkPort& port : spec.ports) order.push_back(port.interface);
  EXPECT_EQ(order, (std::vector<std::string>{"eni-1", "eni-2", "eni-3"}));
}

TEST(ContainerNetworkTest, OnlyTheFirstPortHasTheDefaultRoute) {
  EXPECT_EQ(port_commands({.mac = "02:00:00:00:00:05", .address = "10.0.0.5/24", .gateway = "10.0.0.1"}),
            "addr flush dev eth0 scope global\nlink set dev eth0 address 02:00:00:00:00:05\n"
            "addr replace 10.0.0.5/24 dev eth0\nlink set dev eth0 up\n"
            "route replace default via 10.0.0.1 dev eth0 onlink\n");
  EXPECT_EQ(port_commands({.address = "10.0.17.5/20", .gateway = "10.0.16.1", .device_index = 2}),
            "addr flush dev eth2 scope global\naddr add 10.0.17.5/20 dev eth2 noprefixroute\nlink set dev eth2 up\n"
            "route replace 10.0.16.0/20 dev eth2 scope link src 10.0.17.5 metric 532\n"
            "route replace 10.0.16.0/20 dev eth2 scope link src 10.0.17.5 table 10002\n"
            "route replace default via 10.0.16.1 dev eth2 onlink table 10002\n"
            "rule flush table 10002\nrule add from 10.0.17.5 lookup 10002 pref 10002\n");
}

TEST(OciConfigTest, HoldsTheGuestIn) {
  const json::value config = json::parse(oci_config(
      example(),
      {.rootfs = "/r", .network_namespace = "/run/netns/n", .cgroup = "/aerolith-x/i", .open_files_limit = 4096}));
  EXPECT_EQ(config.at_pointer("/process/args"), (json::array{"/sbin/init"}));
  EXPECT_EQ(config.at_pointer("/root/path").as_string(), "/r");
  EXPECT_EQ(config.at_pointer("/process/rlimits/0/hard"), 4096);
  EXPECT_EQ(config.at_pointer("/process/rlimits/0/soft"), 1024);
  EXPECT_EQ(config.at_pointer("/linux/resources/memory/limit"), 1 << 30);
  EXPECT_EQ(config.at_pointer("/linux/resources/cpu/quota"), 200'000);
  EXPECT_EQ(config.at_pointer("/linux/resources/devices/0/allow"), false);
  EXPECT_EQ(config.at_pointer("/linux/seccomp/defaultAction").as_string(), "SCMP_ACT_ERRNO");
  std::vector<std::string> namespaces;
  for (const auto& entry : config.at_pointer("/linux/namespaces").as_array()) {
    namespaces.push_back(json::value_to<std::string>(entry.at("type")));
  }
  EXPECT_EQ(namespaces, (std::vector<std::string>{"pid", "mount", "uts", "ipc", "cgroup", "network"}));
  EXPECT_EQ(config.at_pointer("/linux/namespaces/5/path").as_string(), "/run/netns/n");
  for (const char* set : {"bounding", "effective", "permitted"}) {
    for (const auto& capability : config.at("process").at("capabilities").at(set).as_array()) {
      EXPECT_NE(capability.as_string(), "CAP_SYS_ADMIN");
      EXPECT_NE(capability.as_string(), "CAP_MKNOD");
      EXPECT_NE(capability.as_string(), "CAP_NET_ADMIN");
    }
  }
  const json::array& allowed = config.at_pointer("/linux/seccomp/syscalls/0/names").as_array();
  const auto allows = [&](std::string_view name) {
    return std::ranges::any_of(allowed, [&](const json::value& other) { return other.as_string() == name; });
  };
  EXPECT_TRUE(allows("openat"));
  for (const char* name :
       {"mount", "bpf", "kexec_load", "init_module", "clone", "clone3", "socket", "io_uring_setup"}) {
    EXPECT_FALSE(allows(name)) << name;
  }
  EXPECT_EQ(config.at_pointer("/linux/seccomp/syscalls/1/names"), (json::array{"clone"}));
}

// The mount at that place, or null.
json::value mount_at(const json::value& config, std::string_view at) {
  for (const json::value& mount : config.at("mounts").as_array()) {
    if (mount.at("destination").as_string() == at) return mount;
  }
  return {};
}

bool has_option(const json::value& mount, std::string_view option) {
  return std::ranges::any_of(mount.at("options").as_array(),
                             [&](const json::value& other) { return other.as_string() == option; });
}

TEST(OciConfigTest, SeesAsManyCpusAsItHas) {
  const json::value all = json::parse(oci_config(example(), {.rootfs = "/r", .cgroup = "/aerolith-x/i"}));
  EXPECT_FALSE(all.at_pointer("/linux/resources/cpu").as_object().contains("cpus"));
  const json::value some =
      json::parse(oci_config(example(), {.rootfs = "/r", .cgroup = "/aerolith-x/i", .cpus = "2,3"}));
  EXPECT_EQ(some.at_pointer("/linux/resources/cpu/cpus").as_string(), "2,3");
}

TEST(OciConfigTest, OnlySystemdSeesControlGroups) {
  const json::value config = json::parse(oci_config(example(), {.rootfs = "/r", .cgroup = "/aerolith-x/i"}));
  EXPECT_TRUE(mount_at(config, "/sys/fs/cgroup").is_null());
}

TEST(OciConfigTest, OfControllersSystemdMayWriteNone) {
  const json::value config = json::parse(oci_config(example(), {.rootfs = "/r",
                                                                .cgroup = "/aerolith-x/i",
                                                                .runs_systemd = true,
                                                                .systemd_hierarchy = "/sys/fs/cgroup/systemd"}));
  EXPECT_TRUE(has_option(mount_at(config, "/sys/fs/cgroup"), "ro"));
  const json::value own = mount_at(config, "/sys/fs/cgroup/systemd");
  ASSERT_FALSE(own.is_null());
  EXPECT_EQ(own.at("source").as_string(), "/sys/fs/cgroup/systemd/aerolith-x/i");
  EXPECT_TRUE(has_option(own, "rw"));
}

TEST(OciConfigTest, OfTheOneTreeSystemdMayWriteNoLimit) {
  const json::value config =
      json::parse(oci_config(example(), {.rootfs = "/r", .cgroup = "/aerolith-x/i", .runs_systemd = true}));
  EXPECT_TRUE(has_option(mount_at(config, "/sys/fs/cgroup"), "rw"));
  EXPECT_TRUE(mount_at(config, "/sys/fs/cgroup/systemd").is_null());
  const json::array& paths = config.at_pointer("/linux/readonlyPaths").as_array();
  for (const char* limit : {"memory.max", "cpu.max", "pids.max"}) {
    EXPECT_NE(std::ranges::find(paths, json::value(std::string("/sys/fs/cgroup/") + limit)), paths.end()) << limit;
  }
}

class QemuCommandTest : public testing::Test {
 protected:
  QemuCommandTest() : command_(qemu_command(example(), settings())) {}

  static QemuSettings settings() {
    return {
        .name = "aerolith-x-i-0123456789abcdef0",
        .user = 1'900'000'000,
        .descriptors = {.control = 3, .console = 4, .taps = {5}, .disks = {{6, 7}, {8}}, .kernel = 9, .initramfs = 10}};
  }
  // Values of an option, in their order.
  std::vector<std::string> all(const std::string& option) const {
    std::vector<std::string> values;
    for (size_t index = 0; index + 1 < command_.size(); ++index) {
      if (command_[index] == option) values.push_back(command_[index + 1]);
    }
    return values;
  }
  std::vector<std::string> command_;
};

TEST_F(QemuCommandTest, RunsAsNobodyInASandbox) {
  EXPECT_EQ(command_[0], "unshare");
  EXPECT_EQ(all("--reuid"), std::vector<std::string>{"1900000000"});
  EXPECT_EQ(all("-sandbox"),
            std::vector<std::string>{"on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"});
  // No path of the host's but those of descriptors.
  for (const std::string& word : command_) {
    EXPECT_EQ(word.find("/v/"), std::string::npos) << word;
    EXPECT_EQ(word.find("/k"), std::string::npos) << word;
  }
}

TEST_F(QemuCommandTest, DescribesTheMachine) {
  EXPECT_EQ(all("-m"), std::vector<std::string>{"1024M"});
  EXPECT_EQ(all("-smp"), std::vector<std::string>{"2"});
  EXPECT_EQ(all("-accel"), std::vector<std::string>{"tcg,thread=multi,tb-size=128"});
  EXPECT_EQ(all("-kernel"), std::vector<std::string>{"/proc/self/fd/9"});
  const std::string smbios = all("-smbios").at(0);
  EXPECT_TRUE(smbios.starts_with("type=1,manufacturer=Amazon,product=t3.micro,serial=ec2")) << smbios;
  const size_t uuid = smbios.find("uuid=");
  EXPECT_EQ(smbios.substr(uuid + 5), smbios.substr(smbios.find("serial=") + 7, 36));
  EXPECT_EQ(all("-add-fd"), (std::vector<std::string>{"fd=4,set=1", "fd=6,set=2", "fd=7,set=3", "fd=8,set=4"}));
  const json::value root = json::parse(all("-blockdev").at(0));
  EXPECT_EQ(root.at("node-name").as_string(), "vol-0123456789abcdef0");
  EXPECT_EQ(root.at("driver").as_string(), "throttle");
  EXPECT_EQ(root.at_pointer("/file/file/filename").as_string(), "/dev/fdset/2");
  EXPECT_EQ(root.at_pointer("/file/backing/file/filename").as_string(), "/dev/fdset/3");
  EXPECT_EQ(root.at_pointer("/file/backing/read-only"), true);
  EXPECT_TRUE(root.at_pointer("/file/backing/backing").is_null());
  const auto devices = all("-device");
  EXPECT_NE(std::ranges::find(devices, "pcie-pci-bridge,id=plug,addr=4"), devices.end());
  EXPECT_NE(std::ranges::find(devices,
                              "virtio-blk-pci,id=vol-1,drive=vol-1,serial=vol1,werror=report,rerror=report,bus=plug"),
            devices.end());
  EXPECT_NE(std::ranges::find(devices, "virtio-net-pci,netdev=tap-eni-1,id=port-eni-1,mac=02:00:00:00:00:05,romfile="),
            devices.end());
}

// What others have too is a file of the host's, opened without locks; a hole in it wouldn't be zeros.
TEST_F(QemuCommandTest, WhatOthersHaveTooIsOneFileForAll) {
  Spec spec = example();
  spec.disks[1].is_shared = true;
  EXPECT_TRUE(parse_spec(to_json(spec))->disks[1].is_shared);
  EXPECT_FALSE(parse_spec(to_json(spec))->disks[0].is_shared);
  command_ = qemu_command(spec, settings());
  const json::value node = json::parse(all("-blockdev").at(1));
  EXPECT_EQ(node.at("driver").as_string(), "raw");
  EXPECT_EQ(node.at_pointer("/file/filename").as_string(), "/dev/fdset/4");
  EXPECT_EQ(node.at_pointer("/file/locking").as_string(), "off");
  EXPECT_EQ(node.at("file").as_object().if_contains("discard"), nullptr);
  const auto devices = all("-device");
  EXPECT_NE(std::ranges::find(devices,
                              "virtio-blk-pci,id=vol-1,drive=vol-1,serial=vol1,werror=report,rerror=report,discard=off,"
                              "write-zeroes=off,bus=plug"),
            devices.end());
}

TEST_F(QemuCommandTest, OnlyADisksOwnFileIsReachedPastThePageCache) {
  QemuSettings direct = settings();
  direct.descriptors.direct = {true, false};
  command_ = qemu_command(example(), direct);
  const json::value first = json::parse(all("-blockdev").at(0));
  EXPECT_EQ(first.at_pointer("/file/file/cache/direct"), true);
  EXPECT_EQ(first.at_pointer("/file/file/aio").as_string(), "io_uring");
  EXPECT_EQ(first.at_pointer("/file/backing/file").as_object().if_contains("cache"), nullptr);
  const json::value second = json::parse(all("-blockdev").at(1));
  EXPECT_EQ(second.at_pointer("/file/file").as_object().if_contains("cache"), nullptr);
}

TEST_F(QemuCommandTest, PortsBesideTheFirstCanBeUnplugged) {
  Spec spec = example();
  spec.ports.push_back({.interface = "eni-2", .mac = "02:00:00:00:00:06", .device_index = 1});
  QemuSettings with_two = settings();
  with_two.descriptors.taps.push_back(11);
  command_ = qemu_command(spec, with_two);
  const auto devices = all("-device");
  EXPECT_EQ(all("-netdev"), (std::vector<std::string>{"tap,id=tap-eni-1,fd=5", "tap,id=tap-eni-2,fd=11"}));
  EXPECT_NE(std::ranges::find(devices,
                              "virtio-net-pci,netdev=tap-eni-2,id=port-eni-2,mac=02:00:00:00:00:06,romfile=,bus=plug"),
            devices.end());
}

TEST(QemuNamesTest, FitWhatTheGuestSees) {
  EXPECT_EQ(serial_of({.volume = "vol-0123456789abcdef0"}), "vol0123456789abcdef0");
  EXPECT_EQ(serial_of({.volume = "vol-0123456789abcdef0"}).size(), 20U);
  EXPECT_GE(user_of("i-1"), 1'879'048'192U);
  EXPECT_LT(user_of("i-1"), 1U << 31);
  EXPECT_NE(user_of("i-1"), user_of("i-2"));
}

TEST(ConsoleLogTest, ReadsWhatConmonWrites) {
  EXPECT_EQ(console_text("2026-11-27T07:58:01.5+00:00 stdout F whole\r\n2026-11-27T07:58:01.5+00:00 stdout P half\n"
                         "2026-11-27T07:58:01.5+00:00 stdout F  and half\ncut off"),
            "whole\r\nhalf and half\n");
  EXPECT_EQ(last_bytes("abcdef", 2), "ef");
}

}  // namespace
}  // namespace aerolith::compute
