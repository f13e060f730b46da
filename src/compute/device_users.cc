#include "compute/device_users.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "compute/container_root.h"
#include "compute/from_os.h"

namespace aerolith::compute {

namespace {

namespace fs = std::filesystem;

constexpr int kDeepest = 16;
constexpr int kMostPasses = 8;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

std::string namespace_of(std::string_view process) {
  std::array<char, 64> text;
  const ssize_t length = ::readlink(fmt::format("/proc/{}/ns/pid", process).c_str(), text.data(), text.size());
  return length > 0 ? std::string(text.data(), static_cast<size_t>(length)) : std::string();
}

// What the links of a folder of /proc lead to: open files, mapped ones.
bool leads_to(const std::string& folder, dev_t device) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    struct stat info{};
    const bool is_known = ::stat(entry->path().c_str(), &info) == 0;
    if (is_known && S_ISBLK(info.st_mode) && info.st_rdev == device) return true;
  }
  return false;
}

bool uses(const std::string& process, dev_t device) {
  if (leads_to("/proc/" + process + "/fd", device) || leads_to("/proc/" + process + "/map_files", device)) return true;
  // A thread may have a table of its own.
  std::error_code error;
  for (fs::directory_iterator entry("/proc/" + process + "/task", error), end; !error && entry != end;
       entry.increment(error)) {
    if (leads_to(entry->path().string() + "/fd", device)) return true;
  }
  return false;
}

// -> how many there were. `folder` is ours to close.
int remove_nodes_in(int folder, dev_t device, int depth) {
  const Folder listing(::fdopendir(folder));
  if (!listing) {
    ::close(folder);
    return 0;
  }
  int removed = 0;
  while (const dirent* const entry = ::readdir(listing.get())) {
    const std::string_view name = entry->d_name;
    struct stat info{};
    if (name == "." || name == ".." || ::fstatat(folder, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (S_ISBLK(info.st_mode) && info.st_rdev == device && ::unlinkat(folder, entry->d_name, 0) == 0) ++removed;
    if (!S_ISDIR(info.st_mode) || depth >= kDeepest) continue;
    const int below = ::openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (below >= 0) removed += remove_nodes_in(below, device, depth + 1);
  }
  return removed;
}

}  // namespace

std::vector<os::ProcessIdentity> users_of_device(pid_t init, dev_t device) {
  std::vector<os::ProcessIdentity> users;
  const std::string inside = namespace_of(std::to_string(init));
  if (inside.empty()) return users;
  std::error_code error;
  for (fs::directory_iterator entry("/proc", error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    pid_t number = 0;
    const auto [stop, failure] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (failure != std::errc() || stop != name.data() + name.size()) continue;
    if (namespace_of(name) != inside || !uses(name, device)) continue;
    if (auto identity = os::identify(number)) users.push_back(*std::move(identity));
  }
  return users;
}

Result<> remove_device_nodes(pid_t init, dev_t device) {
  for (int pass = 0; pass < kMostPasses; ++pass) {
    if (remove_nodes_in(TRY(open_inside(init, "/dev")), device, 0) == 0) return {};
  }
  return fail(DriverErrorCode::command, "the container makes names of a device faster than they are taken away");
}

}  // namespace aerolith::compute
