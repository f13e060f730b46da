#include "network/flow_meter.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "network/host.h"

namespace aerolith::network {

namespace {

// While nobody takes them away no more windows are begun: the last one lasts longer.
constexpr size_t kMostWindows = 8;

Timestamp now_here() { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }

// Nullopt where nothing is counted.
Result<std::optional<std::vector<Timestamp>>> read_windows() {
  const auto table = TRY(find_nft({"-t", "list", "table", "inet", std::string(kFlowTable)}));
  if (!table) return std::optional<std::vector<Timestamp>>();
  return std::optional(TRY(parse_flow_windows(*table)));
}

Result<std::string> list_part(std::string_view kind, std::string_view name) {
  const auto answer = TRY(find_nft({"list", std::string(kind), "inet", std::string(kFlowTable), std::string(name)}));
  return answer.value_or("");
}

Result<FlowNumbers> read_numbers() {
  const std::string logged = TRY(list_part("map", "logged"));
  return parse_flow_numbers(logged, TRY(list_part("set", "labels")));
}

Result<FlowWindow> read_window(Timestamp begin, Timestamp end, const FlowNumbers& numbers) {
  FlowWindow window{.begin = begin, .end = end};
  for (const auto& [device, number] : numbers.devices) {
    if (const auto label = numbers.labels.find(number); label != numbers.labels.end()) {
      window.labels.push_back(label->second);
    }
  }
  for (const std::string& name : flow_sets_of(begin)) {
    TRY(parse_flow_set(TRY(list_part("set", name)), numbers, window));
  }
  return window;
}

}  // namespace

Result<> FlowMeter::keep_here(const Vpc& vpc) {
  const FlowLabels labels = flow_labels_of(vpc);
  if (labels.empty()) return {};
  const std::lock_guard lock(mutex_);
  const auto windows = TRY(read_windows());
  if (!windows || windows->empty()) return run_nft(make_flow_rules(labels, now_here()));
  const std::string changes = renumber_flows(TRY(read_numbers()), labels);
  if (changes.empty()) return {};
  return run_nft(changes);
}

Result<std::vector<FlowWindow>> FlowMeter::turn(const std::string& path, Timestamp now) {
  std::vector<FlowWindow> ended;
  if (!is_namespace(path)) return ended;
  const std::lock_guard lock(mutex_);
  TRY(inside(path, [&]() -> Result<> {
    auto windows = TRY(read_windows());
    if (!windows || windows->empty()) return {};
    // A clock may go back.
    if (windows->size() < kMostWindows && windows->back() < now) {
      TRY(run_nft(turn_flow_rules(now)));
      windows->push_back(now);
    }
    const FlowNumbers numbers = TRY(read_numbers());
    for (size_t i = 0; i + 1 < windows->size(); ++i) {
      ended.push_back(TRY(read_window((*windows)[i], (*windows)[i + 1], numbers)));
    }
    return {};
  }));
  return ended;
}

Result<> FlowMeter::drop(const std::string& path, Timestamp last_begin) {
  if (!is_namespace(path)) return {};
  const std::lock_guard lock(mutex_);
  return inside(path, [&]() -> Result<> {
    auto windows = TRY(read_windows());
    if (!windows || windows->empty()) return {};
    windows->pop_back();  // the one that counts
    const bool had_all = std::ranges::all_of(*windows, [&](Timestamp begin) { return begin <= last_begin; });
    std::erase_if(*windows, [&](Timestamp begin) { return begin > last_begin; });
    if (windows->empty()) return {};
    // Labels are of all windows: they go with the last one.
    const FlowNumbers numbers = had_all ? TRY(read_numbers()) : FlowNumbers();
    return run_nft(drop_flow_windows(*windows, numbers));
  });
}

}  // namespace aerolith::network
