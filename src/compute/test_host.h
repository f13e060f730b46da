// For tests that run instances: the image, volumes, a namespace in the place of a VPC with a metadata service in it,
// and SSH from there.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "blocks/volumes.h"
#include "compute/driver.h"
#include "compute/test_metadata.h"
#include "compute/tiny_image.h"
#include "os/process.h"
#include "os/program.h"
#include "os/test_directory.h"

namespace aerolith::compute {

// On a busy machine everything takes its time; these are an order above what an idle one needs.
constexpr auto kPatience = std::chrono::seconds(120);

inline std::string run(std::vector<std::string> arguments) {
  const std::string command = fmt::format("{}", fmt::join(arguments, " "));
  auto said = os::run_checked({.arguments = std::move(arguments)});
  EXPECT_TRUE(said.has_value()) << (said.has_value() ? command : said.error().detail);
  return said.value_or("");
}

class TestHost : public testing::Test {
 protected:
  static constexpr const char* kGuest = "10.77.0.5";
  static constexpr const char* kRouter = "10.77.0.1";

  void SetUp() override {
    if (const std::string why = why_not(); !why.empty()) GTEST_SKIP() << why;
    number_ = random_hex(6);
    instance_ = "i-0" + random_hex(16);
    vpc_ = "aerotest-" + number_;
    run({"ip", "netns", "add", vpc_});
    run({"ip", "-n", vpc_, "link", "set", "lo", "up"});
    run({"ip", "-n", vpc_, "addr", "add", "169.254.169.254/32", "dev", "lo"});
    run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder_ / "key"});
    volumes_ = blocks::Volumes::open(folder_.path()).value();
    auto image = build_tiny_image({.folder = folder_ / "image", .kernel_folder = AEROLITH_GUEST_FOLDER});
    ASSERT_TRUE(image.has_value()) << image.error().detail;
    image_ = *image;
    ASSERT_TRUE(volumes_->import_file(image_.root, "snap-1").has_value());
    ASSERT_TRUE(
        volumes_->create({.volume = "vol-0123456789abcdef0", .size_bytes = uint64_t{1} << 30, .snapshot = "snap-1"})
            .has_value());
    metadata_ = std::make_unique<TestMetadata>("/run/netns/" + vpc_, metadata());
    ASSERT_TRUE(metadata_->is_ready());
  }

  void TearDown() override {
    if (driver_) {
      const auto removed = driver_->remove(instance_);
      EXPECT_TRUE(removed.has_value()) << removed.error().detail;
      expect_nothing_left();
    }
    metadata_.reset();
    if (!vpc_.empty()) run({"ip", "netns", "del", vpc_});
  }

  virtual std::vector<std::string> missing() = 0;

  std::string why_not() {
    const std::vector<std::string> lacking = missing();
    if (!lacking.empty()) return lacking.front();
    for (const char* program : {"ssh", "ssh-keygen", "busybox", "dropbear", "mke2fs", "qemu-img"}) {
      if (os::find_program(program).empty()) return fmt::format("no {} here: scripts/setup.sh instances", program);
    }
    return {};
  }

  TestMetadata::Paths metadata() {
    std::ifstream file(folder_ / "key.pub");
    std::string key;
    std::getline(file, key);
    return {{"meta-data/instance-id", instance_},
            {"meta-data/local-hostname", "ip-10-77-0-5.ec2.internal"},
            {"meta-data/public-keys/", "0=mine"},
            {"meta-data/public-keys/0/openssh-key", key + "\n"},
            {"user-data", "#!/bin/bash\necho \"user data says $((40 + 2))\"\necho written > /root/by-user-data\n"}};
  }

  DriverSettings settings() const {
    return {.run_folder = folder_ / "run",
            .installation = number_,
            .probe_kernel = image_.kernel,
            .probe_initramfs = image_.initramfs};
  }

  Spec spec(Kind kind) const {
    return {.instance = instance_,
            .kind = kind,
            .instance_type = "t3.nano",
            .hostname = "ip-10-77-0-5",
            .vcpus = 1,
            .memory_bytes = uint64_t{256} << 20,
            .disks = {{.volume = "vol-0123456789abcdef0",
                       .file = volumes_->file_of("vol-0123456789abcdef0"),
                       .device = "/dev/xvda",
                       .is_root = true}},
            .ports = {{.interface = "eni-1",
                       .mac = "02:00:00:00:00:05",
                       .address = std::string(kGuest) + "/24",
                       .gateway = kRouter}}};
  }

  // As root in the guest, from the VPC's namespace; nullopt where SSH doesn't answer or the command fails.
  std::optional<std::string> ssh(const std::string& command, const std::string& user = "root") {
    auto end = os::run_program({.arguments = {"ip",
                                              "netns",
                                              "exec",
                                              vpc_,
                                              "ssh",
                                              "-F",
                                              "/dev/null",
                                              "-i",
                                              folder_ / "key",
                                              "-o",
                                              "StrictHostKeyChecking=no",
                                              "-o",
                                              "UserKnownHostsFile=/dev/null",
                                              "-o",
                                              "BatchMode=yes",
                                              "-o",
                                              "ConnectTimeout=10",
                                              "-o",
                                              "LogLevel=ERROR",
                                              user + "@" + kGuest,
                                              command},
                                .patience = std::chrono::seconds(60)});
    if (!end.has_value() || end->exit_code != 0) return std::nullopt;
    return end->output;
  }

  // Milliseconds until a login succeeds; -1 after kPatience.
  int64_t wait_for_ssh(std::chrono::steady_clock::time_point since) {
    while (std::chrono::steady_clock::now() < since + kPatience) {
      if (ssh("true")) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - since).count();
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ADD_FAILURE() << "no SSH; the console says:\n" << driver_->console(instance_, 8192).value_or("nothing");
    return -1;
  }

  bool console_says(const std::string& text) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      if (driver_->console(instance_, 1 << 20).value_or("").find(text) != std::string::npos) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    ADD_FAILURE() << "the console doesn't say '" << text << "' but:\n"
                  << driver_->console(instance_, 8192).value_or("");
    return false;
  }

  Observation wait_for_state(State state) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    Observation seen;
    do {
      seen = driver_->observe(instance_).value();
      if (seen.state == state) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    } while (std::chrono::steady_clock::now() < deadline);
    EXPECT_EQ(seen.state, state) << seen.detail;
    return seen;
  }

  // No mount, loop device, process, control group or namespace that names the instance or its folder.
  void expect_nothing_left() {
    const auto count = [&](const std::string& command) {
      return run({"sh", "-c", command + " || true", "sh", folder_ / "run", instance_});
    };
    EXPECT_EQ(count("grep -F \"$1\" /proc/mounts"), "");
    EXPECT_EQ(count("grep -lF \"$1\" /sys/block/loop*/loop/backing_file 2>/dev/null"), "");
    EXPECT_EQ(count("find /sys/fs/cgroup -name \"$2\""), "");
    EXPECT_EQ(count("ip netns list | grep -F \"$2\""), "");
    EXPECT_EQ(processes_of(folder_ / "run"), "");
    EXPECT_TRUE(driver_->list().value().empty());
  }

  // Those whose command line has the text.
  static std::string processes_of(const std::string& text) {
    std::string found;
    std::error_code error;
    for (std::filesystem::directory_iterator entry("/proc", error), end; !error && entry != end;
         entry.increment(error)) {
      std::ifstream file(entry->path() / "cmdline");
      std::ostringstream line;
      line << file.rdbuf();
      const std::string name = entry->path().filename().string();
      if (line.str().find(text) != std::string::npos && name != "self" && name != "thread-self" &&
          name != std::to_string(::getpid())) {
        found += name + " ";
      }
    }
    return found;
  }

  os::TestDirectory folder_;
  std::string number_;
  std::string instance_;
  std::string vpc_;
  TinyImage image_;
  std::unique_ptr<blocks::Volumes> volumes_;
  std::unique_ptr<TestMetadata> metadata_;
  std::unique_ptr<Driver> driver_;
};

}  // namespace aerolith::compute
