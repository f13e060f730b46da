#include "compute/container_root.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/log.h"
#include "base/step.h"
#include "compute/from_os.h"
#include "os/program.h"

namespace aerolith::compute {

namespace {

constexpr uint64_t kWorthGrowingBytes = uint64_t{16} << 20;

// Relative to `root`, which no link and no ".." leaves.
int open_in_root(int root, const char* path, uint64_t flags) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.mode = (flags & O_CREAT) != 0 ? 0644 : 0;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(::syscall(SYS_openat2, root, path, &how, sizeof(how)));
}

bool is_smaller_than(const std::string& at, const std::string& device) {
  struct statfs info{};
  const int descriptor = ::open(device.c_str(), O_RDONLY | O_CLOEXEC);
  uint64_t bytes = 0;
  const bool known = descriptor >= 0 && ::ioctl(descriptor, BLKGETSIZE64, &bytes) == 0 &&
                     ::statfs(at.c_str(), &info) == 0 && info.f_type == EXT4_SUPER_MAGIC;
  if (descriptor >= 0) ::close(descriptor);
  // f_blocks leaves out what the file system keeps for itself: a tenth at most.
  return known && info.f_blocks * static_cast<uint64_t>(info.f_bsize) + kWorthGrowingBytes < bytes / 10 * 9;
}

// An image's own word of what to do on errors could be to stop the host.
Result<> mount_as_found(const std::string& device, const std::string& at) {
  if (::mount(device.c_str(), at.c_str(), "ext4", MS_NODEV, "errors=remount-ro") == 0) return {};
  const int error = errno;
  if (::mount(device.c_str(), at.c_str(), "xfs", MS_NODEV, "nouuid") == 0) return {};
  return fail(DriverErrorCode::bad_image, fmt::format("the root volume has no file system that can be mounted: {}",
                                                      os::error_of(error, "mount").detail));
}

}  // namespace

Result<> mount_root(const std::string& device, const std::string& at) {
  os::RealFileSystem files;
  TRY(from_os(files.make_directories(at)));
  TRY(mount_as_found(device, at));
  step("container/root-mounted");
  if (!is_smaller_than(at, device)) return {};
  // Not while it is mounted, which needs a capability that a nested host may lack. Mounted it was, so its journal is
  // empty; -f is for the check that this spares.
  TRY(unmount_root(at));
  const auto grown = os::run_checked({.arguments = {"resize2fs", "-f", device}});
  step("container/root-grown");
  if (!grown.has_value())
    log_warning("a root file system stays smaller than its volume", {{"why", grown.error().detail}});
  return mount_as_found(device, at);
}

Result<> unmount_root(const std::string& at) {
  while (true) {
    if (::umount2(at.c_str(), UMOUNT_NOFOLLOW) == 0) continue;
    if (errno == EINVAL || errno == ENOENT) return {};
    if (errno != EBUSY) return failed_call(errno, "unmount " + at);
    break;
  }
  // Someone looks at it from the host: it goes when they leave.
  log_warning("a root file system is in use on the host", {{"at", at}});
  if (::umount2(at.c_str(), UMOUNT_NOFOLLOW | MNT_DETACH) < 0) return failed_call(errno, "unmount " + at);
  return {};
}

std::string resolver_text(const Resolver& resolver) {
  std::string text;
  if (!resolver.domain.empty()) text += fmt::format("search {}\n", resolver.domain);
  for (const std::string& server : resolver.servers) text += fmt::format("nameserver {}\n", server);
  return text.empty() ? "# The VPC's DHCP options name no servers.\n" : text;
}

Result<> write_resolver(const std::string& rootfs, const Resolver& resolver) {
  const int root = ::open(rootfs.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return failed_call(errno, "open " + rootfs);
  // What is there is the guest's doing: a pipe must not hold us up.
  const int file = open_in_root(root, "/etc/resolv.conf", O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY);
  const int error = errno;
  ::close(root);
  if (file < 0) {
    log_info("a container has a resolv.conf of its own",
             {{"root", rootfs}, {"why", os::error_of(error, "open").detail}});
    return {};
  }
  struct stat info{};
  const std::string text = resolver_text(resolver);
  const bool is_file = ::fstat(file, &info) == 0 && S_ISREG(info.st_mode);
  // Everybody in the guest asks for names, whatever the server's umask.
  const bool is_written = is_file && ::fchmod(file, 0644) == 0 && ::ftruncate(file, 0) == 0 &&
                          ::pwrite(file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  const int failure = errno;
  ::close(file);
  if (is_file && !is_written) return failed_call(failure, "write a container's /etc/resolv.conf");
  return {};
}

Result<bool> runs_systemd(const std::string& rootfs) {
  const int root = ::open(rootfs.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return failed_call(errno, "open " + rootfs);
  const int init = open_in_root(root, "/sbin/init", O_PATH);
  ::close(root);
  if (init < 0) return fail(DriverErrorCode::bad_image, "the image has no /sbin/init");
  std::array<char, 4096> path{};
  const ssize_t n = ::readlink(fmt::format("/proc/self/fd/{}", init).c_str(), path.data(), path.size());
  ::close(init);
  return n > 0 && std::string_view(path.data(), static_cast<size_t>(n)).ends_with("/systemd");
}

Result<int> open_inside(pid_t init, const std::string& path) {
  const int root = ::open(fmt::format("/proc/{}/root", init).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return failed_call(errno, "open a container's root");
  const int folder = open_in_root(root, path.c_str(), O_RDONLY | O_DIRECTORY);
  const int error = errno;
  ::close(root);
  if (folder < 0) return failed_call(error, "open " + path + " of a container");
  return folder;
}

}  // namespace aerolith::compute
