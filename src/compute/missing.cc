#include "compute/missing.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <span>

#include "os/program.h"

namespace aerolith::compute {

namespace {

struct Needed {
  const char* program;
  const char* package;
};
constexpr std::array<Needed, 6> kForContainers{{
    {"runc", "runc"},
    {"conmon", "conmon"},
    {"qemu-storage-daemon", "qemu-utils qemu-system-common"},
    {"ip", "iproute2"},
    {"mke2fs", "e2fsprogs"},
    {"resize2fs", "e2fsprogs"},
}};
constexpr std::array<Needed, 3> kForVms{{
    {"qemu-system-x86_64", "qemu-system-x86"},
    {"setpriv", "util-linux"},
    {"unshare", "util-linux"},
}};

bool can_open(const char* path) {
  const int descriptor = ::open(path, O_RDWR | O_CLOEXEC);
  if (descriptor >= 0) ::close(descriptor);
  return descriptor >= 0;
}

void add_missing_programs(std::vector<std::string>& missing, std::span<const Needed> needed) {
  for (const auto& [program, package] : needed) {
    if (os::find_program(program).empty()) {
      missing.push_back(fmt::format("{} is missing: apt-get install {}", program, package));
    }
  }
}

bool has_cgroups() {
  std::error_code error;
  return std::filesystem::exists("/sys/fs/cgroup/cgroup.controllers", error) ||
         (std::filesystem::exists("/sys/fs/cgroup/memory", error) &&
          std::filesystem::exists("/sys/fs/cgroup/devices", error));
}

}  // namespace

std::vector<std::string> find_missing_for_containers() {
  std::vector<std::string> missing;
  if (::geteuid() != 0) missing.emplace_back("Containers need root: start aerolith with sudo");
  add_missing_programs(missing, kForContainers);
  if (::geteuid() == 0) {
    if (!can_open("/dev/fuse")) missing.emplace_back("/dev/fuse can't be opened: modprobe fuse");
    if (!can_open("/dev/loop-control")) missing.emplace_back("/dev/loop-control can't be opened: modprobe loop");
  }
  if (!has_cgroups()) {
    missing.emplace_back("No control groups are mounted: mount -t cgroup2 none /sys/fs/cgroup");
  }
  return missing;
}

std::vector<std::string> find_missing_for_vms() {
  std::vector<std::string> missing;
  if (::geteuid() != 0)
    missing.emplace_back("Virtual machines need root (for their network): start aerolith with sudo");
  add_missing_programs(missing, kForVms);
  if (::geteuid() == 0 && !can_open("/dev/net/tun")) missing.emplace_back("/dev/net/tun can't be opened: modprobe tun");
  return missing;
}

}  // namespace aerolith::compute
