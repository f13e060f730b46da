#include "os/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

namespace aerolith::os {

Result<std::unique_ptr<LockFile>> LockFile::acquire(const std::string& path) {
  int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return std::unexpected(error_of(errno, "open " + path));
  std::unique_ptr<LockFile> lock(new LockFile(descriptor));
  int locked = 0;
  do {
    locked = ::flock(descriptor, LOCK_EX | LOCK_NB);
  } while (locked < 0 && errno == EINTR);
  if (locked < 0 && errno != EWOULDBLOCK) return std::unexpected(error_of(errno, "lock " + path));
  if (locked < 0) {
    std::array<char, 32> owner{};
    ssize_t n = ::pread(descriptor, owner.data(), owner.size(), 0);
    std::string text(owner.data(), n > 0 ? static_cast<size_t>(n) : 0);
    text.erase(text.find_last_not_of(" \n") + 1);
    return fail(ErrorCode::busy, path + " is held by process " + (text.empty() ? "?" : text));
  }
  // Only for people and for the detail above: the lock itself is what counts.
  std::string owner = std::to_string(::getpid()) + "\n";
  if (::ftruncate(descriptor, 0) < 0 || ::pwrite(descriptor, owner.data(), owner.size(), 0) < 0) {
    return std::unexpected(error_of(errno, "write " + path));
  }
  return lock;
}

// The file stays: removing it would let two processes lock two files of the same name.
LockFile::~LockFile() { ::close(descriptor_); }

}  // namespace aerolith::os
