#include "compute/container_disks.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <string>

#include "base/step.h"
#include "compute/container_root.h"
#include "compute/disk_server.h"
#include "compute/from_os.h"

namespace aerolith::compute {

namespace {

constexpr std::chrono::milliseconds kLetGoPatience{2000};

// What it is found by in /dev/disk/by-id, as in a virtual machine and, for scripts and drivers that know no other name,
// as on AWS.
std::array<std::string, 2> link_names(const Disk& disk) {
  std::string serial = disk.volume;
  std::erase(serial, '-');
  return {"virtio-" + serial, "nvme-Amazon_Elastic_Block_Store_" + serial};
}

std::string node_name(const Disk& disk) { return disk.device.substr(disk.device.rfind('/') + 1); }

// Opened; made where it isn't there, for all to read whatever our umask says. Links that the guest laid lead nowhere
// outside.
Result<int> make_folder_inside(pid_t init, const std::string& parent, const std::string& name) {
  const int folder = TRY(open_inside(init, parent));
  const bool is_new = ::mkdirat(folder, name.c_str(), 0755) == 0;
  ::close(folder);
  const int made = TRY(open_inside(init, parent + "/" + name));
  if (is_new) (void)::fchmod(made, 0755);
  return made;
}

Result<> remove_nodes(pid_t init, const Disk& disk) {
  const int dev = TRY(open_inside(init, "/dev"));
  ::unlinkat(dev, node_name(disk).c_str(), 0);
  ::close(dev);
  const auto by_id = open_inside(init, "/dev/disk/by-id");
  if (!by_id.has_value()) return {};  // the guest has removed it
  for (const std::string& link : link_names(disk)) ::unlinkat(*by_id, link.c_str(), 0);
  ::close(*by_id);
  return {};
}

}  // namespace

Result<> show_disk(const InstanceFolder& folder, pid_t init, const Disk& disk, const DriverSettings& settings) {
  DiskServer disks(folder, settings.secret_of, settings.behind_of);
  TRY(disks.start());
  const LoopDevice device = TRY(disks.add(disk));
  step("container/disk-served");
  struct stat info{};
  const bool is_known = ::fstat(device.holder, &info) == 0;
  ::close(device.holder);
  if (!is_known) return failed_call(errno, "stat " + device.path);
  const int dev = TRY(open_inside(init, "/dev"));
  const std::string name = node_name(disk);
  ::unlinkat(dev, name.c_str(), 0);  // half attached, where we were killed in between
  const bool is_made = ::mknodat(dev, name.c_str(), S_IFBLK | 0660, info.st_rdev) == 0;
  const int error = errno;
  ::close(dev);
  if (!is_made) {
    (void)disks.remove(disk.volume);
    return failed_call(error, "make " + disk.device + " in the container");
  }
  ::close(TRY(make_folder_inside(init, "/dev", "disk")));
  const int by_id = TRY(make_folder_inside(init, "/dev/disk", "by-id"));
  for (const std::string& link : link_names(disk)) {
    ::unlinkat(by_id, link.c_str(), 0);  // of an earlier attachment, which ended with the guest
    (void)::symlinkat(("../../" + name).c_str(), by_id, link.c_str());
  }
  ::close(by_id);
  return {};
}

Result<> hide_disk(const InstanceFolder& folder, pid_t init, const Disk& disk, Detach how) {
  TRY(remove_nodes(init, disk));
  DiskServer disks(folder);
  const bool is_free = TRY(disks.let_go(disk.volume, kLetGoPatience));
  if (!is_free && how == Detach::in_order) {
    return fail(DriverErrorCode::command, fmt::format("somebody in the container has {} open", disk.device));
  }
  return disks.remove(disk.volume);
}

}  // namespace aerolith::compute
