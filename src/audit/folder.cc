#include "audit/folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>

namespace aerolith::audit {
namespace {

constexpr std::string_view kPrefix = "audit-";
constexpr std::string_view kSuffix = ".jsonl";

std::optional<uint64_t> number_of_file(std::string_view name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  name.remove_suffix(std::min(kSuffix.size(), name.size()));
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size() || number == 0) return std::nullopt;
  return number;
}

}  // namespace

std::string file_name(uint64_t number) { return fmt::format("{}{:010}{}", kPrefix, number, kSuffix); }

os::Result<std::vector<uint64_t>> list_files(os::FileSystem& files, const std::string& folder) {
  std::vector<uint64_t> numbers;
  const auto entries = files.list(folder);
  if (!entries.has_value() && entries.error().code == os::ErrorCode::not_found) return numbers;
  if (!entries.has_value()) return std::unexpected(entries.error());
  for (const os::DirectoryEntry& entry : *entries) {
    if (const auto number = number_of_file(entry.name); number && !entry.is_directory) numbers.push_back(*number);
  }
  std::ranges::sort(numbers);
  return numbers;
}

std::optional<FileHead> read_file_head(os::FileSystem& files, const std::string& path) {
  const auto file = files.open(path, os::OpenMode::read);
  if (!file.has_value()) return std::nullopt;
  std::array<char, 512> bytes{};
  const auto size = (*file)->read_at(0, std::span(bytes));
  if (!size.has_value()) return std::nullopt;
  const std::string_view text(bytes.data(), *size);
  const Line line = parse_line(text.substr(0, text.find('\n')));
  if (line.kind != LineKind::head) return std::nullopt;
  return line.head;
}

}  // namespace aerolith::audit
