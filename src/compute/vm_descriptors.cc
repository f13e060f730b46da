#include "compute/vm_descriptors.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "blocks/secret_file.h"
#include "compute/direct_io.h"
#include "compute/from_os.h"
#include "compute/qmp.h"
#include "compute/shared_disks.h"

namespace aerolith::compute {

namespace {

constexpr int kFirstNumber = 3;

int open_tap_here(const std::string& tap) {
  const int descriptor = ::open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return -1;
  ifreq request{};
  tap.copy(request.ifr_name, sizeof(request.ifr_name) - 1);
  request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
  if (::ioctl(descriptor, TUNSETIFF, &request) == 0) return descriptor;
  const int error = errno;
  ::close(descriptor);
  errno = error;
  return -1;
}

Result<int> open_file(const std::string& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (descriptor < 0) return failed_call(errno, "open " + path);
  return descriptor;
}

}  // namespace

// In a thread of its own, which alone enters the namespace.
Result<int> open_tap(const NetworkPort& port) {
  int descriptor = -1;
  int error = 0;
  std::thread([&] {
    if (!port.tap_namespace.empty()) {
      const int where = ::open(port.tap_namespace.c_str(), O_RDONLY | O_CLOEXEC);
      const bool entered = where >= 0 && ::setns(where, CLONE_NEWNET) == 0;
      error = errno;
      if (where >= 0) ::close(where);
      if (!entered) return;
    }
    // Else TUNSETIFF would make one that no fabric knows.
    if (::if_nametoindex(port.tap.c_str()) == 0) {
      error = ENODEV;
      return;
    }
    descriptor = open_tap_here(port.tap);
    error = errno;
  }).join();
  if (descriptor < 0) return failed_call(error, fmt::format("open the tap {} of {}", port.tap, port.interface));
  return descriptor;
}

Result<std::vector<int>> open_chain(const std::vector<ImageFile>& chain, ChainOf what) {
  std::vector<int> opened;
  for (const ImageFile& file : chain) {
    if (file.is_served) continue;
    const auto descriptor = open_file(file.name, opened.empty() && what == ChainOf::disk ? O_RDWR : O_RDONLY);
    if (!descriptor.has_value()) {
      for (const int each : opened) ::close(each);
      return std::unexpected(descriptor.error());
    }
    opened.push_back(*descriptor);
  }
  return opened;
}

Result<std::vector<int>> VmDescriptors::give_secrets(const std::vector<ImageFile>& chain) {
  std::vector<int> numbers;
  for (const ImageFile& file : chain) {
    if (file.is_served) continue;
    numbers.push_back(file.secret.empty() ? -1 : give(TRY(from_os(blocks::open_secret(file.secret)))));
  }
  return numbers;
}

Result<> VmDescriptors::give_disk(const Disk& disk, const ServedDisks& served, uint32_t user,
                                  const DriverSettings& settings, QemuDescriptors& numbers) {
  std::vector<int>& files = numbers.disks.emplace_back();
  std::vector<ImageFile> chain = TRY(look_at_chain(disk, settings.secret_of));
  TRY(served.serve(disk.volume, chain, settings.behind_of, user));
  const std::vector<int> opened = TRY(open_chain(chain));
  numbers.direct.push_back(can_go_direct(opened.front()));
  for (const int file : opened) files.push_back(give(file));
  numbers.secrets.push_back(TRY(give_secrets(chain)));
  numbers.served.push_back(chain.back().is_served ? chain.back().name : std::string());
  return {};
}

Result<> VmDescriptors::give_shared(const Disk& disk, std::string_view instance, const DriverSettings& settings,
                                    QemuDescriptors& numbers) {
  const std::string file = TRY(SharedDisk(settings, disk.volume).join(instance, disk));
  numbers.disks.push_back({give(TRY(open_file(file, O_RDWR)))});
  numbers.direct.push_back(false);
  numbers.secrets.push_back({-1});
  numbers.served.emplace_back();
  return {};
}

Result<QemuDescriptors> VmDescriptors::open(const Spec& spec, const InstanceFolder& folder,
                                            const std::string& control_path, const std::string& console_path,
                                            const DriverSettings& settings) {
  QemuDescriptors numbers;
  numbers.control = give(TRY(listen_on(control_path)));
  numbers.console = give(TRY(open_file(console_path, O_WRONLY | O_CREAT | O_APPEND)));
  for (const NetworkPort& port : spec.ports) numbers.taps.push_back(give(TRY(open_tap(port))));
  const ServedDisks served(folder);
  TRY(served.note_number(give(TRY(served.open_folder()))));
  for (const Disk& disk : spec.disks) {
    TRY(disk.is_shared ? give_shared(disk, spec.instance, settings, numbers)
                       : give_disk(disk, served, user_of(spec.instance), settings, numbers));
  }
  if (!spec.kernel.empty()) numbers.kernel = give(TRY(open_file(spec.kernel, O_RDONLY)));
  if (!spec.initramfs.empty()) numbers.initramfs = give(TRY(open_file(spec.initramfs, O_RDONLY)));
  return numbers;
}

void VmDescriptors::close() {
  for (const os::GivenDescriptor& given : given_) ::close(given.ours);
  given_.clear();
}

int VmDescriptors::give(int ours) {
  const int number = kFirstNumber + static_cast<int>(given_.size());
  given_.push_back({ours, number});
  return number;
}

}  // namespace aerolith::compute
