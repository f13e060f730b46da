// What a guest wrote to its console.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace aerolith::compute {

// Of a log in the form of Kubernetes ("<time> stdout F <text>", P where the line goes on), which conmon writes.
std::string console_text(std::string_view log);

// Empty where there is no such file.
std::string read_end(const std::string& path, size_t limit_bytes);

std::string last_bytes(std::string text, size_t limit_bytes);

// Gives all but about the last MiB of a file back to the disk; its writer goes on where it is.
void keep_the_end(const std::string& path);

}  // namespace aerolith::compute
