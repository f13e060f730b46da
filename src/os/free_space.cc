#include "os/free_space.h"

#include <sys/statvfs.h>

namespace aerolith::os {

std::optional<uint64_t> free_bytes(const std::string& path) {
  struct statvfs info{};
  if (::statvfs(path.c_str(), &info) != 0) return std::nullopt;
  return uint64_t{info.f_bavail} * info.f_frsize;
}

}  // namespace aerolith::os
