#include "main/run_state.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>

namespace aerolith::main_program {
namespace {

std::string read_small_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::string read_boot_id() {
  std::string id = read_small_file("/proc/sys/kernel/random/boot_id");
  if (id.ends_with('\n')) id.pop_back();
  return id;
}

struct ProcessStatus {
  char state = 'X';
  uint64_t start = 0;
};

// proc(5): the command stands in parentheses and may itself hold any byte, so fields count from the last ')'.
std::optional<ProcessStatus> read_process(pid_t pid) {
  const std::string text = read_small_file(fmt::format("/proc/{}/stat", pid));
  const size_t end = text.rfind(')');
  if (end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(end + 1));
  ProcessStatus status;
  std::string skipped;
  fields >> status.state;
  constexpr int between_state_and_start = 18;  // fields 4 to 21; starttime is 22
  for (int i = 0; i < between_state_and_start; ++i) fields >> skipped;
  fields >> status.start;
  return fields ? std::optional(status) : std::nullopt;
}

std::string text_of(const boost::json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string().c_str()) : std::string();
}

uint64_t number_of(const boost::json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  boost::system::error_code error;
  return value == nullptr ? 0 : value->to_number<uint64_t>(error);
}

bool truth_of(const boost::json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

}  // namespace

RunState own_run_state(Timestamp now) {
  RunState state;
  state.pid = getpid();
  const auto process = read_process(state.pid);
  state.process_start = process ? process->start : 0;
  state.boot_id = read_boot_id();
  state.started = now;
  return state;
}

Result<void, RunStateError> write_run_state(const DataFolder& folder, const RunState& state) {
  boost::json::object object;
  object["pid"] = state.pid;
  object["process_start"] = state.process_start;
  object["boot_id"] = state.boot_id;
  object["started"] = format_iso8601_millis(state.started);
  object["version"] = state.version;
  object["region"] = state.region;
  object["log_file"] = state.log_file;
  object["tls"] = state.tls;
  object["ready"] = state.ready;
  object["addresses"] = boost::json::value_from(state.addresses);
  // No sync: after a power loss no process of this boot lives, and the file means nothing.
  const std::string temporary = folder.state().string() + ".new";
  std::ofstream stream(temporary, std::ios::binary | std::ios::trunc);
  stream << boost::json::serialize(object) << "\n";
  stream.close();
  if (!stream || std::rename(temporary.c_str(), folder.state().c_str()) != 0) {
    return fail(RunStateErrorCode::io, fmt::format("{}: {}", folder.state().string(), std::strerror(errno)));
  }
  return {};
}

void remove_run_state(const DataFolder& folder) {
  std::error_code ignored;
  std::filesystem::remove(folder.state(), ignored);
}

bool is_alive(const RunState& state) {
  const auto process = read_process(state.pid);
  return process && process->state != 'Z' && process->state != 'X' && process->start == state.process_start &&
         state.boot_id == read_boot_id();
}

std::optional<RunState> find_running(const DataFolder& folder) {
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(read_small_file(folder.state()), error);
  if (error || !parsed.is_object()) return std::nullopt;
  const boost::json::object& object = parsed.get_object();
  RunState state;
  state.pid = static_cast<pid_t>(number_of(object, "pid"));
  state.process_start = number_of(object, "process_start");
  state.boot_id = text_of(object, "boot_id");
  if (state.pid <= 0 || !is_alive(state)) return std::nullopt;
  state.started = parse_iso8601(text_of(object, "started")).value_or(Timestamp());
  state.version = text_of(object, "version");
  state.region = text_of(object, "region");
  state.log_file = text_of(object, "log_file");
  state.tls = truth_of(object, "tls");
  state.ready = truth_of(object, "ready");
  if (const auto* list = object.if_contains("addresses"); list != nullptr && list->is_array()) {
    for (const auto& item : list->get_array()) {
      if (item.is_string()) state.addresses.emplace_back(item.get_string().c_str());
    }
  }
  return state;
}

std::string local_address(const std::string& listen_address) {
  const size_t colon = listen_address.rfind(':');
  if (colon == std::string::npos) return listen_address;
  const std::string host = listen_address.substr(0, colon);
  const std::string port = listen_address.substr(colon);
  // The listener takes one family: behind [::] nothing answers at 127.0.0.1.
  if (host == "[::]") return "[::1]" + port;
  if (host == "0.0.0.0" || host == "localhost") return "127.0.0.1" + port;
  return listen_address;
}

std::string local_endpoint(const std::vector<std::string>& addresses) {
  return addresses.empty() ? std::string() : "http://" + local_address(addresses.front());
}

}  // namespace aerolith::main_program
