#include "compute/direct_io.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/io_uring.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "os/process.h"

namespace aerolith::compute {

namespace {

// 1 leaves it to privileged users (the kernel's admin-guide/sysctl/kernel.rst), which QEMU's isn't. Earlier kernels
// know no such setting; where it is forbidden by a filter of system calls, it is so for us, too.
bool lets_users_have_io_uring() {
  const std::string setting = os::read_kernel_file("/proc/sys/kernel/io_uring_disabled");
  if (!setting.empty() && setting != "0\n") return false;
  io_uring_params parameters{};
  const auto ring = ::syscall(SYS_io_uring_setup, 1, &parameters);
  if (ring < 0) return false;
  ::close(static_cast<int>(ring));
  return true;
}

}  // namespace

bool can_go_direct(int file) {
  // A description of its own: flags of the one that is given away stay as they are.
  const int again = ::open(fmt::format("/proc/self/fd/{}", file).c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC);
  if (again < 0) return false;
  ::close(again);
  return lets_users_have_io_uring();
}

}  // namespace aerolith::compute
