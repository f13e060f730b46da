// The end of a log file, and what comes after it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace aerolith::main_program {

// The last `lines` lines that begin at or after `from_offset`, whole; empty when the file isn't there.
std::string last_lines(const std::filesystem::path& file, size_t lines, uint64_t from_offset = 0);
uint64_t file_size_or_zero(const std::filesystem::path& file);

}  // namespace aerolith::main_program
