#include "network/host.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <exception>
#include <thread>

#include "network/check.h"
#include "network/names.h"
#include "os/program.h"

namespace aerolith::network {

namespace {

Result<std::string> run(std::vector<std::string> arguments, std::string input = {}) {
  os::Program program{.arguments = std::move(arguments), .input = std::move(input)};
  auto output = os::run_checked(program);
  if (output) return std::move(*output);
  return failed(std::move(output.error().detail));
}

Result<> enter(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool entered = descriptor >= 0 && ::setns(descriptor, CLONE_NEWNET) == 0;
  const int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (!entered) return failed(fmt::format("enter {}: {}", path, std::strerror(error)));
  return {};
}

// A thread is in one namespace for good: going back could fail, and everything after it would be in the wrong one.
Result<> remove_devices() {
  const std::string answer = TRY(ask_ip({"link show"}));
  boost::system::error_code error;
  const auto devices = boost::json::parse(answer, error);
  if (error || !devices.is_array()) return failed("ip: not JSON: " + answer);
  std::vector<std::string> lines;
  for (const auto& device : devices.get_array()) {
    const auto* name = device.is_object() ? device.get_object().if_contains("ifname") : nullptr;
    if (name == nullptr || !name->is_string() || name->get_string() == "lo") continue;
    lines.push_back("link del " + std::string(name->get_string()));
  }
  return run_ip(lines);
}

}  // namespace

Result<> inside(const std::string& path, const std::function<Result<>()>& work) {
  if (path.empty()) return work();
  Result<> result;
  std::exception_ptr thrown;
  std::thread([&] {
    try {
      result = enter(path);
      if (result) result = work();
    } catch (...) {
      thrown = std::current_exception();
    }
  }).join();
  if (thrown) std::rethrow_exception(thrown);
  return result;
}

bool is_namespace(const std::string& path) {
  struct statfs status{};
  return ::statfs(path.c_str(), &status) == 0 && status.f_type == NSFS_MAGIC;
}

std::vector<std::string> namespace_names() {
  std::vector<std::string> names;
  DIR* folder = ::opendir(path_of_namespace("").c_str());
  if (folder == nullptr) return names;
  while (const dirent* entry = ::readdir(folder)) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  ::closedir(folder);
  return names;
}

Result<> make_namespace(const std::string& name) {
  const std::string path = path_of_namespace(name);
  if (is_namespace(path)) return {};
  ::unlink(path.c_str());  // of one that died half-made, or with the machine
  TRY(run({"ip", "netns", "add", name}));
  return {};
}

Result<> remove_namespace(const std::string& name) {
  const std::string path = path_of_namespace(name);
  if (!is_namespace(path)) {
    ::unlink(path.c_str());
    return {};
  }
  TRY(inside(path, remove_devices));
  TRY(run({"ip", "netns", "del", name}));
  return {};
}

Result<ino_t> identity_of_namespace(const std::string& path) {
  struct stat status{};
  const std::string& file = path.empty() ? "/proc/thread-self/ns/net" : path;
  if (::stat(file.c_str(), &status) < 0) return failed(fmt::format("{}: {}", file, std::strerror(errno)));
  return status.st_ino;
}

Result<> run_ip(const std::vector<std::string>& lines) {
  if (lines.empty()) return {};
  const std::string text = fmt::format("{}\n", fmt::join(lines, "\n"));
  const auto done = run({"ip", "-batch", "-"}, text);
  if (done) return {};
  return failed(fmt::format("{} in:\n{}", done.error().detail, text));
}

Result<std::string> ask_ip(const std::vector<std::string>& lines) {
  return run({"ip", "-json", "-details", "-batch", "-"}, fmt::format("{}\n", fmt::join(lines, "\n")));
}

Result<> run_nft(const std::string& text) {
  const auto done = run({"nft", "-f", "-"}, text);
  if (done) return {};
  return failed(done.error().detail + " in:\n" + text);
}

Result<std::optional<std::string>> find_nft(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"nft", "-j", "-n"});
  const std::string command = fmt::format("{}", fmt::join(arguments, " "));
  const auto end = os::run_program({.arguments = std::move(arguments)});
  if (!end) return failed(end.error().detail);
  if (end->exit_code == 0) return std::optional(end->output);
  if (end->errors.find("No such file or directory") != std::string::npos) return std::optional<std::string>();
  return failed(fmt::format("{}: {} {}", command, end->exit_code, end->errors));
}

// What holds already isn't written: some settings work on all devices when they are.
Result<> write_kernel_settings(const std::vector<KernelSetting>& settings) {
  for (const auto& [name, value] : settings) {
    const std::string now = read_kernel_setting(name);
    const bool is_optional = name.starts_with("net/ipv6/");  // a kernel may lack all of it
    if (now == value || (now.empty() && is_optional)) continue;
    const std::string path = "/proc/sys/" + name;
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    const bool written =
        descriptor >= 0 && ::write(descriptor, value.data(), value.size()) == static_cast<ssize_t>(value.size());
    const int error = errno;
    if (descriptor >= 0) ::close(descriptor);
    if (!written) return failed(fmt::format("write {} to {}: {}", value, path, std::strerror(error)));
  }
  return {};
}

// The kernel has the first only where connections are tracked.
std::vector<KernelSetting> forwarding_settings() {
  return {{"net/netfilter/nf_conntrack_tcp_be_liberal", "1"}, {"net/ipv4/ip_forward", "1"}};
}

std::string read_kernel_setting(const std::string& path) {
  const int descriptor = ::open(("/proc/sys/" + path).c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return {};
  std::array<char, 64> buffer{};
  const ssize_t n = ::read(descriptor, buffer.data(), buffer.size());
  ::close(descriptor);
  std::string value(buffer.data(), n > 0 ? static_cast<size_t>(n) : 0);
  while (!value.empty() && value.back() == '\n') value.pop_back();
  return value;
}

}  // namespace aerolith::network
