#include "compute/cpu_sets.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>

#include "os/process.h"

namespace aerolith::compute {
namespace {

namespace fs = std::filesystem;

constexpr int kMostCpus = 8192;  // what Linux can be built for

// Where the controller's tree is, of v1, v2 or both, and what of it all groups together may have.
struct Controller {
  std::string root;
  std::vector<int> cpus;
};

std::optional<Controller> find_controller() {
  const std::string of_v1 = "/sys/fs/cgroup/cpuset";
  std::vector<int> cpus = parse_cpu_list(os::read_kernel_file(of_v1 + "/cpuset.effective_cpus"));
  if (cpus.empty()) cpus = parse_cpu_list(os::read_kernel_file(of_v1 + "/cpuset.cpus"));
  if (!cpus.empty()) return Controller{.root = of_v1, .cpus = std::move(cpus)};
  const std::string of_v2 = "/sys/fs/cgroup";
  const std::string controllers = " " + os::read_kernel_file(of_v2 + "/cgroup.controllers");
  if (controllers.find(" cpuset") == std::string::npos) return std::nullopt;
  cpus = parse_cpu_list(os::read_kernel_file(of_v2 + "/cpuset.cpus.effective"));
  if (cpus.empty()) return std::nullopt;
  return Controller{.root = of_v2, .cpus = std::move(cpus)};
}

std::vector<int> taken_beside(const std::string& folder) {
  std::vector<int> taken;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const auto cpus = parse_cpu_list(os::read_kernel_file((entry->path() / "cpuset.cpus").string()));
    taken.insert(taken.end(), cpus.begin(), cpus.end());
  }
  return taken;
}

}  // namespace

std::vector<int> parse_cpu_list(std::string_view text) {
  std::vector<int> cpus;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    int first = 0;
    auto read = std::from_chars(at, end, first);
    if (read.ec != std::errc() || first < 0) break;
    int last = first;
    if (read.ptr != end && *read.ptr == '-') {
      read = std::from_chars(read.ptr + 1, end, last);
      if (read.ec != std::errc() || last < first) break;
    }
    if (last >= kMostCpus) break;
    for (int cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
    if (read.ptr == end || *read.ptr != ',') break;
    at = read.ptr + 1;
  }
  return cpus;
}

std::vector<int> choose_cpus(const std::vector<int>& all, const std::vector<int>& taken, size_t count, size_t first) {
  std::map<int, size_t> use;
  for (const int cpu : taken) ++use[cpu];
  std::vector<int> chosen = all;
  if (!chosen.empty()) std::ranges::rotate(chosen, chosen.begin() + static_cast<std::ptrdiff_t>(first % chosen.size()));
  std::ranges::stable_sort(chosen, {}, [&](int cpu) { return use[cpu]; });
  chosen.resize(std::min(count, chosen.size()));
  std::ranges::sort(chosen);
  return chosen;
}

std::string find_cpus_for(const std::string& cgroup, int count) {
  const auto controller = find_controller();
  if (!controller || count <= 0 || controller->cpus.size() <= static_cast<size_t>(count)) return {};
  const fs::path group(cgroup);
  const auto taken = taken_beside(controller->root + group.parent_path().string());
  // Those that are made at the same time don't see each other.
  const size_t first = std::hash<std::string>{}(group.filename().string());
  return fmt::format("{}", fmt::join(choose_cpus(controller->cpus, taken, static_cast<size_t>(count), first), ","));
}

}  // namespace aerolith::compute
