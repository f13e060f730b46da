// The rules that count flows, for interfaces that have a flow log. They stand in a table of their own, which lives on
// when the VPC's rule set is replaced: what was counted is there as long as the namespace is.
//
// The rule set of such a VPC doesn't drop what groups and network ACLs refuse. It marks it, and drops it at the end
// (rules.cc, chain `enforce`); in between the packet comes by here, once for all that it passes on its way:
//
//   mark on entry  bit 0: refused at its source's interface; bit 1: at its destination's
//   mark in a set  bits 0, 1: refused; bit 2: inbound; bits 4-7: FlowPath; bits 8-15: TCP flags; bits 16-31: the
//                  interface's number
//
// Keys are 5 values at most (nft 1.0.6 takes no more): hence all that in one mark.
//
// Counts are in sets whose names end in the millisecond at which they began: flows_tcp_1764257000123. A turn makes the
// next three and has the rules fill those; then the old ones are quiet, and are read and dropped at leisure.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "network/fabric.h"

namespace aerolith::network {

inline constexpr std::string_view kFlowTable = "aerolith_flows";
// In nftables' rule language; what refuses leaves its bit in the packet's mark.
inline constexpr std::string_view kRefuseAtSource = "meta mark set meta mark or 0x1";
inline constexpr std::string_view kRefuseAtDestination = "meta mark set meta mark or 0x2";
// Of each set. Its list must fit into what os::run_program keeps of an output.
inline constexpr size_t kMostFlows = 100'000;

// By device: labels of those that are counted.
using FlowLabels = std::map<std::string, std::string>;
FlowLabels flow_labels_of(const Vpc& vpc);

// What the kernel knows of interfaces. Numbers of those that are gone stay until their counts are dropped.
struct FlowNumbers {
  std::map<std::string, uint16_t> devices;
  std::map<uint16_t, std::string> labels;
};

// Of a VPC where nothing was counted before.
std::string make_flow_rules(const FlowLabels& labels, Timestamp begin);
// Lines that bring the numbers up to date; empty: they are.
std::string renumber_flows(const FlowNumbers& is, const FlowLabels& should);
// Lines that begin another window.
std::string turn_flow_rules(Timestamp begin);
// Lines that take windows away, and the labels that no device has any more.
std::string drop_flow_windows(const std::vector<Timestamp>& begins, const FlowNumbers& numbers);

// The sets of one window.
std::vector<std::string> flow_sets_of(Timestamp begin);

// From what `nft -j -n list …` says; JSON that isn't as expected is an error.
Result<FlowNumbers> parse_flow_numbers(std::string_view logged, std::string_view labels);
// Windows that there are, in order.
Result<std::vector<Timestamp>> parse_flow_windows(std::string_view table);
// Adds what one set has counted.
Result<> parse_flow_set(std::string_view set, const FlowNumbers& numbers, FlowWindow& window);

}  // namespace aerolith::network
