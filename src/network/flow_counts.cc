// What nft(8) says about the sets in which flows are counted.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <optional>
#include <tuple>

#include "network/check.h"
#include "network/flow_rules.h"

namespace aerolith::network {

namespace {

namespace json = boost::json;

constexpr std::string_view kFirstOfWindow = "flows_tcp_";
constexpr uint32_t kRefused = 0x3;
constexpr uint32_t kInbound = 0x4;

const json::value* member(const json::value& value, std::string_view name) {
  const auto* object = value.if_object();
  return object != nullptr ? object->if_contains(name) : nullptr;
}

std::string text_of(const json::value* value) {
  const auto* text = value != nullptr ? value->if_string() : nullptr;
  return text != nullptr ? std::string(*text) : std::string();
}

std::optional<uint64_t> number_of(const json::value* value) {
  if (value == nullptr || !value->is_number()) return std::nullopt;
  boost::system::error_code error;
  const auto number = value->to_number<uint64_t>(error);
  return error ? std::nullopt : std::optional(number);
}

std::unexpected<FabricError> unexpected_answer() { return failed("nft: an answer that isn't as it should be"); }

// Everything in an answer that is of this kind: "set", "map".
Result<std::vector<json::value>> objects_of(std::string_view answer, std::string_view kind) {
  boost::system::error_code error;
  const json::value whole = json::parse(answer, error);
  const auto* all = error ? nullptr : member(whole, "nftables");
  if (all == nullptr || !all->is_array()) return unexpected_answer();
  std::vector<json::value> found;
  for (const json::value& each : all->get_array()) {
    if (const auto* object = member(each, kind)) found.push_back(*object);
  }
  return found;
}

// The elements of the one set or map of an answer.
Result<json::array> elements_of(std::string_view answer, std::string_view kind) {
  const std::vector<json::value> sets = TRY(objects_of(answer, kind));
  if (sets.size() != 1) return unexpected_answer();
  const auto* elements = member(sets.front(), "elem");
  if (elements == nullptr) return json::array();  // it has none
  if (!elements->is_array()) return unexpected_answer();
  return elements->get_array();
}

FlowPath path_of(uint32_t mark) { return static_cast<FlowPath>(mark >> 4 & 0xf); }

Result<uint64_t> number_at(const json::array& parts, size_t index) {
  const auto number = number_of(&parts[index]);
  if (!number) return unexpected_answer();
  return *number;
}

// -> with its counts.
Result<Flow> read_flow(const json::value& element, const FlowNumbers& numbers) {
  const auto* content = member(element, "elem");
  const auto* value = content != nullptr ? member(*content, "val") : nullptr;
  const auto* key = value != nullptr ? member(*value, "concat") : nullptr;
  const auto* counter = content != nullptr ? member(*content, "counter") : nullptr;
  if (key == nullptr || !key->is_array() || counter == nullptr) return unexpected_answer();
  const json::array& parts = key->get_array();
  const auto packets = number_of(member(*counter, "packets"));
  const auto bytes = number_of(member(*counter, "bytes"));
  if (parts.size() < 4 || !packets || !bytes) return unexpected_answer();
  Flow flow{.source = text_of(&parts[1]), .destination = text_of(&parts[2]), .packets = *packets, .bytes = *bytes};
  const auto bits = static_cast<uint32_t>(TRY(number_at(parts, 0)));
  const auto label = numbers.labels.find(static_cast<uint16_t>(bits >> 16));
  if (label != numbers.labels.end()) flow.label = label->second;
  flow.is_inbound = (bits & kInbound) != 0;
  flow.is_accepted = (bits & kRefused) == 0;
  flow.path = path_of(bits);
  flow.tcp_flags = static_cast<int>(bits >> 8 & 0xff);
  if (parts.size() == 4) {
    flow.protocol = static_cast<int>(TRY(number_at(parts, 3)));
    return flow;
  }
  flow.source_port = static_cast<int>(TRY(number_at(parts, 3)));
  flow.destination_port = static_cast<int>(TRY(number_at(parts, 4)));
  return flow;
}

auto identity_of(const Flow& flow) {
  return std::tie(flow.label, flow.is_inbound, flow.is_accepted, flow.path, flow.protocol, flow.source,
                  flow.destination, flow.source_port, flow.destination_port);
}

// The same but for the flags of their packets.
void merge_alike(std::vector<Flow>& flows) {
  std::ranges::sort(flows, [](const Flow& a, const Flow& b) { return identity_of(a) < identity_of(b); });
  std::vector<Flow> merged;
  for (Flow& flow : flows) {
    if (merged.empty() || identity_of(merged.back()) != identity_of(flow)) {
      merged.push_back(std::move(flow));
      continue;
    }
    merged.back().tcp_flags |= flow.tcp_flags;
    merged.back().packets += flow.packets;
    merged.back().bytes += flow.bytes;
  }
  flows = std::move(merged);
}

}  // namespace

Result<FlowNumbers> parse_flow_numbers(std::string_view logged, std::string_view labels) {
  FlowNumbers numbers;
  for (const json::value& each : TRY(elements_of(logged, "map"))) {
    const auto* pair = each.if_array();
    if (pair == nullptr || pair->size() != 2) return unexpected_answer();
    const auto mark = number_of(&(*pair)[1]);
    if (!mark) return unexpected_answer();
    numbers.devices[text_of(&(*pair)[0])] = static_cast<uint16_t>(*mark >> 16);
  }
  for (const json::value& each : TRY(elements_of(labels, "set"))) {
    const auto* element = member(each, "elem");
    const auto mark = element != nullptr ? number_of(member(*element, "val")) : std::nullopt;
    if (!mark) return unexpected_answer();
    numbers.labels[static_cast<uint16_t>(*mark >> 16)] = text_of(member(*element, "comment"));
  }
  return numbers;
}

Result<std::vector<Timestamp>> parse_flow_windows(std::string_view table) {
  std::vector<Timestamp> begins;
  for (const json::value& set : TRY(objects_of(table, "set"))) {
    const std::string name = text_of(member(set, "name"));
    if (!name.starts_with(kFirstOfWindow)) continue;
    int64_t milliseconds = 0;
    const char* end = name.data() + name.size();
    if (std::from_chars(name.data() + kFirstOfWindow.size(), end, milliseconds).ptr != end) return unexpected_answer();
    begins.emplace_back(std::chrono::milliseconds(milliseconds));
  }
  std::ranges::sort(begins);
  return begins;
}

Result<> parse_flow_set(std::string_view set, const FlowNumbers& numbers, FlowWindow& window) {
  const std::vector<json::value> sets = TRY(objects_of(set, "set"));
  if (sets.size() != 1) return unexpected_answer();
  const std::string name = text_of(member(sets.front(), "name"));
  int protocol = 0;
  if (name.starts_with("flows_tcp_")) protocol = 6;
  if (name.starts_with("flows_udp_")) protocol = 17;
  const json::array elements = TRY(elements_of(set, "set"));
  window.is_overrun = window.is_overrun || elements.size() >= kMostFlows;
  for (const json::value& element : elements) {
    Flow flow = TRY(read_flow(element, numbers));
    if (protocol != 0) flow.protocol = protocol;
    if (!flow.label.empty()) window.flows.push_back(std::move(flow));
  }
  merge_alike(window.flows);
  return {};
}

}  // namespace aerolith::network
