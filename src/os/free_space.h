// How much room the file system of a path has for this process; nullopt where that can't be told.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace aerolith::os {

std::optional<uint64_t> free_bytes(const std::string& path);

}  // namespace aerolith::os
