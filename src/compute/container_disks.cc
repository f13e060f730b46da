#include "compute/container_disks.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <thread>

#include "base/step.h"
#include "compute/container_root.h"
#include "compute/device_users.h"
#include "compute/disk_server.h"
#include "compute/from_os.h"
#include "compute/loop_device.h"
#include "compute/shared_disks.h"

namespace aerolith::compute {

namespace {

constexpr std::chrono::milliseconds kLetGoPatience{2000};
constexpr std::chrono::milliseconds kLookEvery{50};

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

Result<dev_t> number_of(const std::string& device) {
  struct stat info{};
  if (::stat(device.c_str(), &info) != 0) return failed_call(errno, "stat " + device);
  return info.st_rdev;
}

Result<> make_nodes(pid_t init, const Disk& disk, dev_t number) {
  const int dev = TRY(open_inside(init, "/dev"));
  const std::string name = node_name(disk);
  ::unlinkat(dev, name.c_str(), 0);  // half attached, where we were killed in between
  const bool is_made = ::mknodat(dev, name.c_str(), S_IFBLK | 0660, number) == 0;
  const int error = errno;
  ::close(dev);
  if (!is_made) return failed_call(error, "make " + disk.device + " in the container");
  ::close(TRY(make_folder_inside(init, "/dev", "disk")));
  const int by_id = TRY(make_folder_inside(init, "/dev/disk", "by-id"));
  for (const std::string& link : link_names(disk)) {
    ::unlinkat(by_id, link.c_str(), 0);  // of an earlier attachment, which ended with the guest
    (void)::symlinkat(("../../" + name).c_str(), by_id, link.c_str());
  }
  ::close(by_id);
  return {};
}

Result<> show_shared(const ContainerOf& container, const Disk& disk, const DriverSettings& settings) {
  const SharedDisk shared(settings, disk.volume);
  TRY(shared.join(container.instance, disk));
  const auto device = shared.device();
  auto shown = device.has_value() ? number_of(*device) : Result<dev_t>(std::unexpected(device.error()));
  step("container/disk-served");
  auto made = shown.has_value() ? make_nodes(container.init, disk, *shown) : Result<>(std::unexpected(shown.error()));
  if (made.has_value()) return made;
  if (shown.has_value()) (void)remove_device_nodes(container.init, *shown);
  (void)shared.leave(container.instance);
  return made;
}

// The device stays for the others. So whoever keeps it here is found, and by force ended.
Result<> hide_shared(const ContainerOf& container, const Disk& disk, Detach how, const DriverSettings& settings) {
  const SharedDisk shared(settings, disk.volume);
  const auto device = shared.device();
  if (!device.has_value()) return shared.leave(container.instance);  // nobody has it, or what served it died
  const dev_t number = TRY(number_of(*device));
  TRY(remove_device_nodes(container.init, number));
  const auto deadline = std::chrono::steady_clock::now() + kLetGoPatience;
  for (auto users = users_of_device(container.init, number); !users.empty();
       users = users_of_device(container.init, number)) {
    if (how == Detach::by_force) {
      for (const os::ProcessIdentity& each : users) os::send_signal(each, SIGKILL);
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      return fail(DriverErrorCode::command, fmt::format("somebody in the container has {} open", disk.device));
    }
    std::this_thread::sleep_for(kLookEvery);
  }
  return shared.leave(container.instance);
}

}  // namespace

Result<> show_disk(const ContainerOf& container, const Disk& disk, const DriverSettings& settings) {
  if (disk.is_shared) return show_shared(container, disk, settings);
  DiskServer disks(container.folder, settings.secret_of, settings.behind_of);
  TRY(disks.start());
  const LoopDevice device = TRY(disks.add(disk));
  step("container/disk-served");
  struct stat info{};
  const bool is_known = ::fstat(device.holder, &info) == 0;
  ::close(device.holder);
  if (!is_known) return failed_call(errno, "stat " + device.path);
  auto made = make_nodes(container.init, disk, info.st_rdev);
  if (!made.has_value()) (void)disks.remove(disk.volume);
  return made;
}

Result<> hide_disk(const ContainerOf& container, const Disk& disk, Detach how, const DriverSettings& settings) {
  TRY(remove_nodes(container.init, disk));
  if (disk.is_shared) return hide_shared(container, disk, how, settings);
  DiskServer disks(container.folder);
  // Under a name that the guest gave it, it would lead to whatever disk has the device's number next.
  for (const std::string& loop : loops_over(disks.file_of(disk.volume))) {
    TRY(remove_device_nodes(container.init, TRY(number_of("/dev/" + loop))));
  }
  const bool is_free = TRY(disks.let_go(disk.volume, kLetGoPatience));
  if (!is_free && how == Detach::in_order) {
    return fail(DriverErrorCode::command, fmt::format("somebody in the container has {} open", disk.device));
  }
  return disks.remove(disk.volume);
}

}  // namespace aerolith::compute
