#include "blocks/secret_file.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace aerolith::blocks {

os::Result<int> open_secret(std::string_view secret) {
  const int descriptor = ::memfd_create("secret", MFD_CLOEXEC);
  if (descriptor < 0) return std::unexpected(os::error_of(errno, "memfd_create"));
  // What no path leads to is opened by those alone who have it; QEMU runs as a user of its own.
  const bool written = ::fchmod(descriptor, 0444) == 0 &&
                       ::write(descriptor, secret.data(), secret.size()) == static_cast<ssize_t>(secret.size());
  if (written) return descriptor;
  const int error = errno;
  ::close(descriptor);
  return std::unexpected(os::error_of(error, "write a secret"));
}

}  // namespace aerolith::blocks
