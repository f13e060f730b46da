#include "compute/loop_device.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <thread>
#include <vector>

#include "base/log.h"
#include "compute/from_os.h"
#include "os/process.h"

namespace aerolith::compute {

namespace {

namespace fs = std::filesystem;

constexpr int kTries = 50;  // another one may take the free device before us

// Where no udev makes the nodes, we do.
int open_loop(int number) {
  const std::string path = fmt::format("/dev/loop{}", number);
  int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0 && errno == ENOENT &&
      ::mknod(path.c_str(), S_IFBLK | 0600, ::makedev(7, static_cast<unsigned>(number))) == 0) {
    descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  }
  return descriptor;
}

// Else the kernel takes a hole in the file for the zeros that a guest, or the file system of a root, asks for. QEMU
// before 8.0 says yes to any hole and makes none of less than a cluster: the old bytes stay. Without holes zeros are
// written.
void forbid_holes(int number) {
  const std::string path = fmt::format("/sys/block/loop{}/queue/discard_max_bytes", number);
  const int setting = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  const bool done = setting >= 0 && ::write(setting, "0", 1) == 1;
  const int error = errno;
  if (setting >= 0) ::close(setting);
  if (!done)
    log_warning("zeros that a container asks for may not be written", {{"why", path}, {"error", std::strerror(error)}});
}

}  // namespace

Result<LoopDevice> attach_loop(const std::string& file, const Extent& extent, bool stays) {
  const int control = ::open("/dev/loop-control", O_RDWR | O_CLOEXEC);
  if (control < 0) return fail(DriverErrorCode::unavailable, "/dev/loop-control can't be opened: modprobe loop");
  const int backing = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  if (backing < 0) {
    const int error = errno;
    ::close(control);
    return failed_call(error, "open " + file);
  }
  int error = EBUSY;
  LoopDevice device;
  for (int tries = 0; tries < kTries && device.holder < 0; ++tries) {
    const int number = ::ioctl(control, LOOP_CTL_GET_FREE);
    const int loop = number < 0 ? -1 : open_loop(number);
    error = errno;
    if (loop < 0) break;
    loop_config config{};
    config.fd = static_cast<uint32_t>(backing);
    config.info.lo_offset = extent.offset;
    config.info.lo_sizelimit = extent.size;
    // Never LO_FLAGS_DIRECT_IO: then several writes are on their way at once, and QEMU's FUSE export has one buffer for
    // all requests, so a later one's bytes are written in the place of an earlier one ("fuse: Copy write buffer content
    // before polling", qemu-devel, July 2025; 7.2 lacks it). Through the page cache a file is written once at a time.
    config.info.lo_flags = stays ? 0U : static_cast<uint32_t>(LO_FLAGS_AUTOCLEAR);
    if (::ioctl(loop, LOOP_CONFIGURE, &config) == 0) {
      forbid_holes(number);
      device = {fmt::format("/dev/loop{}", number), loop};
      break;
    }
    error = errno;
    ::close(loop);
    if (error != EBUSY) break;
  }
  ::close(backing);
  ::close(control);
  if (device.holder < 0) return failed_call(error, "attach a loop device to " + file);
  return device;
}

std::vector<std::string> loops_over(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry("/sys/block", error), end; !error && entry != end; entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (!name.starts_with("loop")) continue;
    const std::string backing = os::read_kernel_file(entry->path().string() + "/loop/backing_file");
    if (backing.starts_with(folder + "/") || backing == folder + "\n") names.push_back(std::move(name));
  }
  return names;
}

Result<> detach_loops(const std::string& folder) {
  for (const std::string& name : loops_over(folder)) {
    const int loop = ::open(("/dev/" + name).c_str(), O_RDWR | O_CLOEXEC);
    if (loop < 0) continue;
    // In use still: it goes with its last user.
    const bool done = ::ioctl(loop, LOOP_CLR_FD) == 0 || errno == ENXIO || errno == EBUSY;
    const int number = errno;
    ::close(loop);
    if (!done) return failed_call(number, "detach " + name);
  }
  return {};
}

bool wait_until_unlooped(const std::string& file, std::chrono::milliseconds patience) {
  constexpr std::chrono::milliseconds kLookEvery{10};
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!loops_over(file).empty()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(kLookEvery);
  }
  return true;
}

Result<> refresh_loops(const std::string& file) {
  // A look past the cache of attributes: the loop device believes what the kernel knows of the file.
  struct statx seen{};
  if (::statx(AT_FDCWD, file.c_str(), AT_STATX_FORCE_SYNC, STATX_SIZE, &seen) < 0)
    return failed_call(errno, "stat " + file);
  for (const std::string& name : loops_over(file)) {
    const int loop = ::open(("/dev/" + name).c_str(), O_RDWR | O_CLOEXEC);
    if (loop < 0) return failed_call(errno, "open " + name);
    const bool done = ::ioctl(loop, LOOP_SET_CAPACITY, 0) == 0;
    const int error = errno;
    ::close(loop);
    if (!done) return failed_call(error, "grow " + name);
  }
  return {};
}

}  // namespace aerolith::compute
