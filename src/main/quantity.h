// Sizes and durations as a person writes them: "64KiB", "1.5GiB", "30s", "500ms".
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aerolith::main_program {

// Units: B, KiB, MiB, GiB, TiB (1024) and kB, KB, MB, GB, TB (1000), any case; none is bytes. nullopt when it isn't a
// size, is not a whole number of bytes, or doesn't fit.
std::optional<uint64_t> parse_size(std::string_view text);
// With the largest binary unit that gives a whole number: "64KiB", "1000B".
std::string format_size(uint64_t bytes);
// Rounded, for people: "1.5 GiB".
std::string describe_size(uint64_t bytes);

// Units: ms, s, m, h, d. A unit is required, save for 0.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
std::string format_duration(std::chrono::milliseconds duration);
// Rounded to two units, for people: "3 d 4 h", "12 s".
std::string describe_duration(std::chrono::milliseconds duration);

}  // namespace aerolith::main_program
