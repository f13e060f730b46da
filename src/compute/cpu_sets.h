// Which of the host's CPUs a container sees and runs on: as many as its type has.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace aerolith::compute {

// As the kernel writes lists: "0-2,5". What isn't one ends it.
// https://man7.org/linux/man-pages/man7/cpuset.7.html
std::vector<int> parse_cpu_list(std::string_view text);

// `count` of `all`, in their order: those that the fewest of `taken` (a CPU as often as it is taken) have; among equals
// the one at `first` modulo their number and those after it.
std::vector<int> choose_cpus(const std::vector<int>& all, const std::vector<int>& taken, size_t count, size_t first);

// A list for the control group (`cgroup` as in OciSettings) of a container that is to be made, spread over the host by
// what the groups beside it have. Empty: it may have all, for the host has no more, or has no cpuset controller.
std::string find_cpus_for(const std::string& cgroup, int count);

}  // namespace aerolith::compute
