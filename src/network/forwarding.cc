#include "network/forwarding.h"

#include <unistd.h>

#include <boost/json.hpp>
#include <fstream>

#include "network/check.h"
#include "network/host.h"
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

}  // namespace

std::set<std::string> Forwarding::recorded() const {
  std::set<std::string> devices;
  std::ifstream file(file_);
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) devices.insert(line);
  }
  return devices;
}

Result<std::set<std::string>> Forwarding::switched() const {
  if (host_is_router()) return std::set<std::string>();
  return recorded();
}

Result<std::set<std::string>> Forwarding::switch_on(const std::string& own_device) const {
  if (!host_is_router()) {
    const std::set<std::string> before = recorded();
    std::set<std::string> record = before;
    const std::set<std::string> beyond = TRY(devices_of_default_routes());
    for (const auto& device : beyond) {
      if (read_kernel_setting(setting_of(device)) == "0") record.insert(device);
    }
    if (record != before) {
      std::string text;
      for (const auto& device : record) text += device + "\n";
      os::RealFileSystem files;
      if (const auto written = os::write_file(files, file_, text); !written) return failed(written.error().detail);
    }
    for (const auto& device : beyond) TRY(write_kernel_settings({{setting_of(device), "1"}}));
  }
  TRY(write_kernel_settings({{setting_of(own_device), "1"}}));
  return switched();
}

Result<> Forwarding::switch_back() const {
  if (!host_is_router()) {
    for (const auto& device : recorded()) {
      // Devices come and go.
      if (!read_kernel_setting(setting_of(device)).empty()) TRY(write_kernel_settings({{setting_of(device), "0"}}));
    }
  }
  ::unlink(file_.c_str());
  return {};
}

}  // namespace aerolith::network
