// Limits of disks, in QEMU's words: a throttle group for each volume, and a filter over its image that counts (QEMU's
// docs/throttle.txt). The same in a virtual machine and in qemu-storage-daemon.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "compute/driver.h"
#include "compute/qmp.h"

namespace aerolith::compute {

std::string throttle_group_of(std::string_view volume);
// The node of its image: what goes through it isn't counted.
std::string image_node_of(std::string_view volume);
// For -object and object-add.
boost::json::object throttle_group(const Disk& disk);
// The node `<volume>`, over `image` (a node's description, or the name of one).
boost::json::object throttled_node(const Disk& disk, boost::json::value image);

Result<> add_throttle_group(QmpClient& control, const Disk& disk);
// Fine where there is none.
void remove_throttle_group(QmpClient& control, std::string_view volume);
// False where it was attached without, by an earlier version of ours: limits come with its next start.
Result<bool> set_limits(QmpClient& control, const Disk& disk);

// Fine where it is as large already. `not_found` where there is no such node.
Result<> grow_node(QmpClient& control, std::string_view volume, uint64_t size_bytes);
Result<bool> has_node(QmpClient& control, std::string_view volume);

}  // namespace aerolith::compute
