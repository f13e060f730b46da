// Steps on the host: work inside a network namespace, and the programs ip and nft there.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "network/fabric.h"

namespace aerolith::network {

// Runs `work` on a thread of its own in the namespace at `path`; an empty path: in that of the caller.
Result<> inside(const std::string& path, const std::function<Result<>()>& work);

// Whether a namespace is bound there, as against a file that was left behind, or nothing.
bool is_namespace(const std::string& path);
// Names in /run/netns, bound or not.
std::vector<std::string> namespace_names();
// Fine where it is. New ones are empty.
Result<> make_namespace(const std::string& name);
// With its devices, also where a process or a socket still holds the namespace. Fine where nothing is.
Result<> remove_namespace(const std::string& name);
// Tells one namespace from the one that came after it under the same path.
Result<ino_t> identity_of_namespace(const std::string& path);

// What follows runs in the namespace of the calling thread.

// Lines for ip(8); stops at the first that fails. Nothing to do is success.
Result<> run_ip(const std::vector<std::string>& lines);
// What ip(8) prints as JSON, one value for each line.
Result<std::string> ask_ip(const std::vector<std::string>& lines);
Result<> run_nft(const std::string& text);
// What nft(8) prints as JSON, with numbers in place of names; nullopt: there is no such thing.
Result<std::optional<std::string>> find_nft(std::vector<std::string> arguments);

using KernelSetting = std::pair<std::string, std::string>;  // path under /proc/sys, value
Result<> write_kernel_settings(const std::vector<KernelSetting>& settings);
// To be written once rules are in force: forwarding, and tracking that doesn't stumble over packets which come by twice
// (an appliance's do).
std::vector<KernelSetting> forwarding_settings();
std::string read_kernel_setting(const std::string& path);  // empty: not there

}  // namespace aerolith::network
