#include "compute/cgroup.h"

#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <sstream>
#include <vector>

namespace aerolith::compute {

namespace {

namespace fs = std::filesystem;

constexpr const char* kRoot = "/sys/fs/cgroup";
constexpr const char* kSystemdHierarchy = "/sys/fs/cgroup/systemd";

bool is_unified() { return ::access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0; }

// The first number after `key` in the file; 0 where there is none.
uint64_t number_in(const std::string& path, const std::string& key = {}) {
  const std::string text = os::read_kernel_file(path);
  const size_t at = key.empty() ? 0 : text.find(key);
  if (at == std::string::npos) return 0;
  uint64_t value = 0;
  std::from_chars(text.data() + at + key.size(), text.data() + text.size(), value);
  return value;
}

// Also of what was made and never started, which no record names.
void end_processes(const std::string& folder) {
  std::istringstream numbers(os::read_kernel_file(folder + "/cgroup.procs"));
  for (pid_t pid = 0; numbers >> pid;) {
    if (const auto process = os::identify(pid)) os::kill_and_wait(*process);
  }
}

void remove_tree(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> folders{folder};
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->is_directory(error)) folders.push_back(entry->path().string());
  }
  // Deepest first. Files of a cgroup go with it.
  std::ranges::sort(folders, std::greater<>{}, &std::string::size);
  for (const std::string& path : folders) {
    end_processes(path);
    ::rmdir(path.c_str());
  }
}

}  // namespace

Result<std::string> find_systemd_hierarchy() {
  if (is_unified()) return std::string();
  struct statfs info{};
  if (::statfs(kSystemdHierarchy, &info) == 0 && info.f_type == CGROUP_SUPER_MAGIC)
    return std::string(kSystemdHierarchy);
  return fail(DriverErrorCode::unavailable,
              "an image with systemd needs the host's control groups of it: mkdir /sys/fs/cgroup/systemd && mount -t "
              "cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd");
}

os::ProcessUse use_of_cgroup(const std::string& cgroup) {
  const std::string root = kRoot;
  if (is_unified()) {
    return {number_in(root + cgroup + "/memory.current"),
            std::chrono::microseconds(number_in(root + cgroup + "/cpu.stat", "usage_usec "))};
  }
  const std::string memory = root + "/memory" + cgroup;
  const uint64_t used = number_in(memory + "/memory.usage_in_bytes");
  const uint64_t cache = number_in(memory + "/memory.stat", "total_inactive_file ");
  return {used - std::min(used, cache),
          std::chrono::nanoseconds(number_in(root + "/cpuacct" + cgroup + "/cpuacct.usage"))};
}

void remove_cgroup(const std::string& cgroup) {
  const std::string parent = fs::path(cgroup).parent_path().string();
  std::vector<std::string> roots{kRoot};
  std::error_code error;
  if (!is_unified()) {
    for (fs::directory_iterator entry(kRoot, error), end; !error && entry != end; entry.increment(error)) {
      roots.push_back(entry->path().string());
    }
  }
  for (const std::string& root : roots) {
    remove_tree(root + cgroup);
    if (parent != "/") ::rmdir((root + parent).c_str());
  }
}

}  // namespace aerolith::compute
