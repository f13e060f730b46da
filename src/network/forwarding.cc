#include "network/forwarding.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "network/check.h"
#include "network/host.h"
#include "network/names.h"
#include "os/file_system.h"

namespace aerolith::network {

namespace {

std::string setting_of(const std::string& device) { return "net/ipv4/conf/" + device + "/forwarding"; }

bool host_is_router() { return read_kernel_setting("net/ipv4/ip_forward") == "1"; }

Result<std::set<std::string>> devices_of_default_routes() {
  const std::string answer = TRY(ask_ip({"route show default"}));
  boost::system::error_code error;
  const auto routes = boost::json::parse(answer, error);
  if (error || !routes.is_array()) return failed("ip: not JSON: " + answer);
  std::set<std::string> devices;
  for (const auto& route : routes.get_array()) {
    const auto* device = route.is_object() ? route.get_object().if_contains("dev") : nullptr;
    if (device != nullptr && device->is_string()) devices.insert(std::string(device->get_string()));
  }
  return devices;
}

std::set<std::string> read_record(const std::string& path) {
  std::set<std::string> devices;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) devices.insert(line);
  }
  return devices;
}

// Its link to the host is there before it writes a record, and goes before it ceases to need what stands there.
bool has_networks_here(const std::string& installation) {
  return !read_kernel_setting(setting_of(host_device_of({.installation = installation}))).empty();
}

}  // namespace

std::set<std::string> Forwarding::recorded() const { return read_record(file_); }

std::set<std::string> Forwarding::recorded_by_others() const {
  std::set<std::string> devices;
  if (settings_.host_folder.empty()) return devices;
  std::error_code error;
  for (std::filesystem::directory_iterator at(settings_.host_folder, error), end; !error && at != end;
       at.increment(error)) {
    const std::string installation = at->path().filename().string();
    if (installation == settings_.installation || !has_networks_here(installation)) continue;
    devices.merge(read_record(at->path().string() + "/network/forwarding"));
  }
  return devices;
}

// The kernel lets go of the lock when the process ends, however that happens.
Result<> Forwarding::in_turn(const std::function<Result<>()>& work) const {
  if (settings_.host_folder.empty()) return work();
  const std::string path = settings_.host_folder + "/forwarding.lock";
  const int lock = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return failed(fmt::format("open {}: {}", path, std::strerror(errno)));
  int error = 0;
  do {
    error = ::flock(lock, LOCK_EX) == 0 ? 0 : errno;
  } while (error == EINTR);
  Result<> done;
  if (error == 0) {
    done = work();
  } else {
    done = failed(fmt::format("lock {}: {}", path, std::strerror(error)));
  }
  ::close(lock);
  return done;
}

Result<std::set<std::string>> Forwarding::switched() const {
  if (host_is_router()) return std::set<std::string>();
  return recorded();
}

Result<> Forwarding::record_and_switch_on(const std::set<std::string>& beyond) const {
  const std::set<std::string> before = recorded();
  const std::set<std::string> others = recorded_by_others();
  std::set<std::string> record = before;
  for (const auto& device : beyond) {
    if (others.contains(device) || read_kernel_setting(setting_of(device)) == "0") record.insert(device);
  }
  if (record != before) {
    std::string text;
    for (const auto& device : record) text += device + "\n";
    os::RealFileSystem files;
    if (const auto written = os::write_file(files, file_, text); !written) return failed(written.error().detail);
  }
  for (const auto& device : beyond) TRY(write_kernel_settings({{setting_of(device), "1"}}));
  return {};
}

Result<std::set<std::string>> Forwarding::switch_on(const std::string& own_device) const {
  if (!host_is_router()) {
    const std::set<std::string> beyond = TRY(devices_of_default_routes());
    TRY(in_turn([&] { return record_and_switch_on(beyond); }));
  }
  TRY(write_kernel_settings({{setting_of(own_device), "1"}}));
  return switched();
}

Result<> Forwarding::switch_back() const {
  if (recorded().empty()) return {};
  return in_turn([&]() -> Result<> {
    const std::set<std::string> others = recorded_by_others();
    for (const auto& device : recorded()) {
      // Devices come and go.
      const bool is_there = !read_kernel_setting(setting_of(device)).empty();
      if (host_is_router() || others.contains(device) || !is_there) continue;
      TRY(write_kernel_settings({{setting_of(device), "0"}}));
    }
    ::unlink(file_.c_str());
    return {};
  });
}

}  // namespace aerolith::network
