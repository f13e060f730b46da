#include <fmt/format.h>
#include <sys/stat.h>

#include <boost/json.hpp>
#include <system_error>

#include "http/client.h"
#include "main/commands.h"
#include "main/quantity.h"
#include "main/run_state.h"

namespace aerolith::main_program {
namespace {

// Blocks in use, as du counts them.
uint64_t used_bytes(const std::filesystem::path& folder) {
  uint64_t total = 0;
  std::error_code error;
  const auto options = std::filesystem::directory_options::skip_permission_denied;
  for (auto entry = std::filesystem::recursive_directory_iterator(folder, options, error);
       !error && entry != std::filesystem::recursive_directory_iterator(); entry.increment(error)) {
    struct stat status{};
    if (lstat(entry->path().c_str(), &status) == 0) total += static_cast<uint64_t>(status.st_blocks) * 512;
  }
  return total;
}

// The health answer, or null where the server gives none.
boost::json::value ask_health(const RunState& state) {
  if (state.addresses.empty()) return nullptr;
  http::ClientLimits limits;
  limits.total_deadline = std::chrono::seconds(5);
  const auto answer = http::fetch(local_address(state.addresses.front()), {.target = "/_aerolith/health"}, limits);
  if (!answer.has_value() || answer->status != 200) return nullptr;
  boost::system::error_code error;
  boost::json::value health = boost::json::parse(answer->body, error);
  return error || !health.is_object() ? boost::json::value(nullptr) : health;
}

std::string service_names(const boost::json::value& health) {
  std::string names;
  const auto* services = health.is_object() ? health.get_object().if_contains("services") : nullptr;
  if (services == nullptr || !services->is_object()) return "unknown: /_aerolith/health doesn't answer";
  for (const auto& [name, state] : services->get_object()) {
    if (state.is_string() && state.get_string() == "running") names += fmt::format("{} ", std::string_view(name));
  }
  return names.empty() ? "none" : names.substr(0, names.size() - 1);
}

int print_stopped(const Invocation& invocation) {
  if (invocation.output == Output::json) {
    boost::json::object object{{"running", false}, {"data_folder", invocation.folder().root.string()}};
    fmt::print("{}\n", boost::json::serialize(object));
  } else {
    fmt::print("Aerolith isn't running on {}. Start it with: aerolith up\n", invocation.folder().root.string());
  }
  return kNotRunning;
}

}  // namespace

int run_status(const Invocation& invocation) {
  const DataFolder folder = invocation.folder();
  const auto state = find_running(folder);
  if (!state) return print_stopped(invocation);
  const boost::json::value health = ask_health(*state);
  const auto uptime = SystemClock().now() - state->started;
  const uint64_t used = used_bytes(folder.root);
  std::error_code error;
  const auto space = std::filesystem::space(folder.root, error);
  const std::string phase = !state->ready ? "starting" : health.is_null() ? "not answering" : "ready";

  if (invocation.output == Output::json) {
    boost::json::object object;
    object["running"] = true;
    object["state"] = phase;
    object["pid"] = state->pid;
    object["version"] = state->version;
    object["endpoint"] = local_endpoint(state->addresses);
    object["addresses"] = boost::json::value_from(state->addresses);
    object["tls"] = state->tls;
    object["region"] = state->region;
    object["started"] = format_iso8601(state->started);
    object["uptime_seconds"] = uptime.count() / 1000;
    object["data_folder"] = folder.root.string();
    object["used_bytes"] = used;
    object["free_bytes"] = error ? 0 : space.available;
    object["health"] = health;
    fmt::print("{}\n", boost::json::serialize(object));
    return kSuccess;
  }
  fmt::print("Aerolith {} is {} (pid {}), up {}.\n", state->version, phase, state->pid, describe_duration(uptime));
  fmt::print("  endpoint     {}{}\n", local_endpoint(state->addresses), state->tls ? " (https too)" : "");
  fmt::print("  region       {}\n", state->region);
  fmt::print("  services     {}\n", service_names(health));
  fmt::print("  data folder  {} ({} used, {} free)\n", folder.root.string(), describe_size(used),
             error ? "?" : describe_size(space.available));
  return kSuccess;
}

}  // namespace aerolith::main_program
