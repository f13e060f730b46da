#include "main/quantity.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/encoding.h"

namespace aerolith::main_program {
namespace {

struct Unit {
  std::string_view name;
  uint64_t factor;
};

constexpr std::array<Unit, 11> kSizeUnits = {{{"", 1},
                                              {"b", 1},
                                              {"kib", uint64_t{1} << 10},
                                              {"mib", uint64_t{1} << 20},
                                              {"gib", uint64_t{1} << 30},
                                              {"tib", uint64_t{1} << 40},
                                              {"kb", 1000},
                                              {"mb", 1000'000},
                                              {"gb", 1000'000'000},
                                              {"tb", 1000'000'000'000},
                                              {"bytes", 1}}};
constexpr std::array<Unit, 5> kTimeUnits = {
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

// The number's digits (and one point), and the unit after them.
std::optional<std::pair<std::string_view, std::string>> split(std::string_view text) {
  text = trim(text);
  const size_t end = text.find_first_not_of("0123456789.");
  const std::string_view number = text.substr(0, end);
  if (number.empty()) return std::nullopt;
  const std::string_view unit = end == std::string_view::npos ? std::string_view() : trim(text.substr(end));
  return std::pair(number, to_lower(unit));
}

// Exact for whole numbers; a fraction must give a whole number of the base unit.
std::optional<uint64_t> multiply(std::string_view number, uint64_t factor) {
  if (number.find('.') == std::string_view::npos) {
    uint64_t whole = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), whole);
    if (error != std::errc() || end != number.data() + number.size()) return std::nullopt;
    if (whole > UINT64_MAX / factor) return std::nullopt;
    return whole * factor;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  value *= static_cast<double>(factor);
  // Past 2^53 a double can't tell whether it was whole.
  if (value > 9007199254740992.0 || value != std::floor(value)) return std::nullopt;
  return static_cast<uint64_t>(value);
}

}  // namespace

std::optional<uint64_t> parse_size(std::string_view text) {
  const auto parts = split(text);
  if (!parts) return std::nullopt;
  for (const Unit& unit : kSizeUnits) {
    if (parts->second == unit.name) return multiply(parts->first, unit.factor);
  }
  return std::nullopt;
}

std::string format_size(uint64_t bytes) {
  constexpr std::array<Unit, 4> units = {
      {{"TiB", uint64_t{1} << 40}, {"GiB", uint64_t{1} << 30}, {"MiB", uint64_t{1} << 20}, {"KiB", uint64_t{1} << 10}}};
  for (const Unit& unit : units) {
    if (bytes != 0 && bytes % unit.factor == 0) return fmt::format("{}{}", bytes / unit.factor, unit.name);
  }
  return fmt::format("{}B", bytes);
}

std::string describe_size(uint64_t bytes) {
  constexpr std::array<std::string_view, 5> names = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  size_t name = 0;
  while (value >= 1024 && name + 1 < names.size()) {
    value /= 1024;
    ++name;
  }
  return fmt::format("{:.{}f} {}", value, name == 0 || value >= 100 ? 0 : 1, names[name]);
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto parts = split(text);
  if (!parts) return std::nullopt;
  if (parts->second.empty() && parts->first == "0") return std::chrono::milliseconds(0);
  for (const Unit& unit : kTimeUnits) {
    if (parts->second != unit.name) continue;
    const auto count = multiply(parts->first, unit.factor);
    if (!count || *count > INT64_MAX) return std::nullopt;
    return std::chrono::milliseconds(static_cast<int64_t>(*count));
  }
  return std::nullopt;
}

std::string format_duration(std::chrono::milliseconds duration) {
  const auto count = static_cast<uint64_t>(duration.count());
  for (size_t i = kTimeUnits.size(); i-- > 0;) {
    if (count != 0 && count % kTimeUnits[i].factor == 0) {
      return fmt::format("{}{}", count / kTimeUnits[i].factor, kTimeUnits[i].name);
    }
  }
  return "0s";
}

std::string describe_duration(std::chrono::milliseconds duration) {
  const auto seconds = duration.count() / 1000;
  if (seconds >= 86'400) return fmt::format("{} d {} h", seconds / 86'400, seconds % 86'400 / 3600);
  if (seconds >= 3600) return fmt::format("{} h {} min", seconds / 3600, seconds % 3600 / 60);
  if (seconds >= 60) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  return fmt::format("{} s", seconds);
}

}  // namespace aerolith::main_program
