#include "network/kernel_state.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <optional>

#include "network/check.h"
#include "network/host.h"

namespace aerolith::network {

namespace json = boost::json;

namespace {

std::string text_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return {};
  if (value->is_string()) return std::string(value->get_string());
  return json::serialize(*value);
}

uint32_t number_in(const json::object& object, std::string_view name) {
  const std::string text = text_in(object, name);
  uint32_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool lists(const json::object& object, std::string_view name, std::string_view word) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_array()) return false;
  return std::ranges::any_of(value->get_array(),
                             [&](const auto& item) { return item.is_string() && item.get_string() == word; });
}

const json::object* object_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr ? value->if_object() : nullptr;
}

template <typename Function>
void for_objects(const json::value* list, const Function& function) {
  if (list == nullptr || !list->is_array()) return;
  for (const auto& item : list->get_array()) {
    // ip(8) prints {} for devices without an address of the family asked for.
    if (item.is_object() && !item.get_object().empty()) function(item.get_object());
  }
}

bool is_v4(std::string_view text) { return text.find(':') == std::string_view::npos; }

uint32_t table_in(const json::object& object) {
  const std::string table = text_in(object, "table");
  if (table.empty() || table == "main") return kMainTable;
  if (table == "local") return 255;
  if (table == "default") return 253;
  return number_in(object, "table");
}

void add_device(KernelState& state, const json::object& object) {
  const std::string name = text_in(object, "ifname");
  Device device{.index = static_cast<int>(number_in(object, "ifindex")),
                .peer_index = static_cast<int>(number_in(object, "link_index")),
                .mac = text_in(object, "address"),
                .is_up = lists(object, "flags", "UP")};
  if (const auto* info = object_in(object, "linkinfo")) {
    device.kind = text_in(*info, "info_kind");
    if (const auto* data = object_in(*info, "info_data")) device.owner = text_in(*data, "user");
  }
  for_objects(object.if_contains("addr_info"), [&](const json::object& address) {
    const std::string local = text_in(address, "local");
    if (!is_v4(local) || local.starts_with("127.")) return;
    state.tables.addresses.insert({name, local, text_in(address, "address")});
  });
  state.devices[name] = device;
}

void add_route(KernelState& state, const json::object& object) {
  const std::string destination = text_in(object, "dst");
  // IPv6 routes have a preference, also those to "default".
  if (!is_v4(destination) || object.contains("pref") || text_in(object, "protocol") == "kernel") return;
  const uint32_t table = table_in(object);
  if (table == 255) return;
  state.tables.routes.insert({table, destination, number_in(object, "metric"), text_in(object, "type"),
                              text_in(object, "gateway"), text_in(object, "dev")});
}

void add_rule(KernelState& state, const json::object& object) {
  if (text_in(object, "protocol") == "kernel") return;
  state.tables.rules.insert({number_in(object, "priority"), text_in(object, "iif"), table_in(object)});
}

void add_neighbour(KernelState& state, const json::object& object) {
  const std::string address = text_in(object, "dst");
  if (is_v4(address)) state.tables.neighbours.insert({text_in(object, "dev"), address, text_in(object, "lladdr")});
}

}  // namespace

std::vector<std::string> kernel_questions() {
  return {"addr show", "route show table all", "rule show", "neigh show nud permanent"};
}

Result<KernelState> parse_kernel_state(std::string_view answers) {
  std::vector<json::value> values;
  while (answers.find('[') != std::string_view::npos) {
    json::stream_parser parser;
    boost::system::error_code error;
    const size_t used = parser.write_some(answers.data(), answers.size(), error);
    if (error || !parser.done()) return failed("ip: not JSON: " + std::string(answers.substr(0, 200)));
    values.push_back(parser.release());
    answers.remove_prefix(used);
  }
  if (values.size() != kernel_questions().size()) return failed("ip: answered less than it was asked");
  KernelState state;
  for_objects(&values[0], [&](const json::object& object) { add_device(state, object); });
  for_objects(&values[1], [&](const json::object& object) { add_route(state, object); });
  for_objects(&values[2], [&](const json::object& object) { add_rule(state, object); });
  for_objects(&values[3], [&](const json::object& object) { add_neighbour(state, object); });
  return state;
}

Result<KernelState> read_kernel_state() { return parse_kernel_state(TRY(ask_ip(kernel_questions()))); }

}  // namespace aerolith::network
