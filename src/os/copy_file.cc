#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "os/file_system.h"

namespace aerolith::os {

namespace {

constexpr size_t kBufferBytes = size_t{1} << 20;

struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

std::unexpected<Error> failed(const std::string& what) {
  const int number = errno;
  return std::unexpected(error_of(number, what));
}

}  // namespace

Result<uint64_t> copy_real_file(const std::string& from, const std::string& to) {
  const Descriptor source{::open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat info{};
  if (source.number < 0 || ::fstat(source.number, &info) < 0) return failed("open " + from);
  if (!S_ISREG(info.st_mode)) return fail(ErrorCode::io, from + " is no regular file");
  const Descriptor target{::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, info.st_mode & 07777U)};
  if (target.number < 0) return failed("make " + to);
  if (::fchmod(target.number, info.st_mode & 07777U) < 0) return failed("set permissions of " + to);
  if (::ftruncate(target.number, info.st_size) < 0) return failed("size " + to);
  const auto buffer = std::make_unique_for_overwrite<char[]>(kBufferBytes);
  // Where a file system knows no holes, all of the file is data.
  for (off_t at = ::lseek(source.number, 0, SEEK_DATA); at >= 0; at = ::lseek(source.number, at, SEEK_DATA)) {
    const off_t end = ::lseek(source.number, at, SEEK_HOLE);
    if (end < 0) return failed("read " + from);
    while (at < end) {
      const ssize_t count =
          ::pread(source.number, buffer.get(), std::min<size_t>(kBufferBytes, static_cast<size_t>(end - at)), at);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return failed("read " + from);
      if (count == 0) break;  // it has become shorter: what is behind wasn't named
      for (ssize_t done = 0; done < count;) {
        const ssize_t written =
            ::pwrite(target.number, buffer.get() + done, static_cast<size_t>(count - done), at + done);
        if (written < 0 && errno != EINTR) return failed("write " + to);
        if (written > 0) done += written;
      }
      at += count;
    }
    if (at < end) break;
  }
  if (::fsync(target.number) < 0) return failed("sync " + to);
  return static_cast<uint64_t>(info.st_size);
}

}  // namespace aerolith::os
