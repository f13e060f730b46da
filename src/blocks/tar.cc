#include "blocks/tar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "blocks/from_files.h"

namespace aerolith::blocks {

namespace {

constexpr uint64_t kRecordBytes = 512;
constexpr size_t kMostMembers = 1000;
constexpr uint64_t kMostNameBytes = 64 << 10;  // of a member that holds another one's name

struct Header {
  std::string name;
  uint64_t size_bytes = 0;
  char type = '0';
};

std::unexpected<VolumeError> corrupt(const char* why) { return fail(VolumeErrorCode::corrupt, why); }

// Up to the first zero byte.
std::string_view text(std::string_view field) { return field.substr(0, field.find('\0')); }

// Octal digits between spaces and zeros; or, where the first bit is set, a number of base 256 (GNU).
std::optional<uint64_t> number(std::string_view field) {
  if ((static_cast<uint8_t>(field[0]) & 0x80) != 0) {
    uint64_t value = static_cast<uint8_t>(field[0]) & 0x7F;
    for (const char byte : field.substr(1)) {
      if (value >> 55 != 0) return std::nullopt;
      value = value << 8 | static_cast<uint8_t>(byte);
    }
    return value;
  }
  field = text(field);
  const size_t first = std::min(field.find_first_not_of(' '), field.size());
  const size_t end = field.find_last_not_of(' ') + 1;
  if (first >= end) return 0;
  uint64_t value = 0;
  const auto [rest, error] = std::from_chars(field.data() + first, field.data() + end, value, 8);
  if (error != std::errc() || rest != field.data() + end) return std::nullopt;
  return value;
}

// The sum of all bytes, with its own field as spaces.
bool has_right_sum(std::string_view block) {
  constexpr size_t kSum = 148;
  constexpr size_t kSumBytes = 8;
  uint64_t sum = kSumBytes * ' ';
  for (size_t index = 0; index < block.size(); ++index) {
    if (index < kSum || index >= kSum + kSumBytes) sum += static_cast<uint8_t>(block[index]);
  }
  return number(block.substr(kSum, kSumBytes)) == sum;
}

std::optional<Header> read_header(std::string_view block) {
  const auto size = number(block.substr(124, 12));
  if (!has_right_sum(block) || !size) return std::nullopt;
  Header header{.name = std::string(text(block.substr(0, 100))), .size_bytes = *size, .type = block[156]};
  const std::string_view prefix = text(block.substr(345, 155));
  if (block.substr(257, 6) == std::string_view("ustar\0", 6) && !prefix.empty()) {
    header.name = std::string(prefix) + "/" + header.name;
  }
  return header;
}

// What a member before it says of a member.
struct Foretold {
  std::string name;
  std::optional<uint64_t> size_bytes;  // of files of 8 GiB and more, which octal digits can't tell
};

// "25 path=a/long/name.vmdk\n": a length that counts itself, then a key and a value. Nullopt for what is no record.
// https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_03
std::optional<Foretold> read_pax(std::string_view records) {
  Foretold told;
  while (!records.empty()) {
    size_t length = 0;
    const auto [end, error] = std::from_chars(records.data(), records.data() + records.size(), length);
    const auto digits = static_cast<size_t>(end - records.data());
    if (error != std::errc() || length <= digits + 1 || length > records.size()) return std::nullopt;
    const std::string_view record = records.substr(digits + 1, length - digits - 2);
    if (record.starts_with("path=")) told.name = record.substr(5);
    if (record.starts_with("size=")) {
      const std::string_view value = record.substr(5);
      uint64_t size_bytes = 0;
      const auto [rest, fault] = std::from_chars(value.data(), value.data() + value.size(), size_bytes);
      if (fault != std::errc() || rest != value.data() + value.size()) return std::nullopt;
      told.size_bytes = size_bytes;
    }
    records.remove_prefix(length);
  }
  return told;
}

}  // namespace

Result<std::vector<TarMember>> list_tar(const os::File& archive) {
  const uint64_t whole = TRY(from_files(archive.size()));
  std::vector<TarMember> members;
  Foretold told;
  for (uint64_t at = 0; whole - at >= kRecordBytes && members.size() <= kMostMembers;) {
    std::array<char, kRecordBytes> buffer{};
    TRY(from_files(archive.read_at(at, buffer)));
    const std::string_view block(buffer.data(), buffer.size());
    if (std::ranges::all_of(block, [](char byte) { return byte == 0; })) return members;
    auto header = read_header(block);
    if (!header) return corrupt("it is no tar archive");
    at += kRecordBytes;
    const bool tells = header->type == 'L' || header->type == 'x';
    if (!tells && told.size_bytes) header->size_bytes = *told.size_bytes;
    if (header->size_bytes > whole - at) return corrupt("it ends in the middle of a member");
    if (tells) {
      if (header->size_bytes > kMostNameBytes) return corrupt("a name in it is too long");
      std::string bytes(static_cast<size_t>(header->size_bytes), '\0');
      bytes.resize(TRY(from_files(archive.read_at(at, bytes))));
      if (header->type == 'L') {
        told.name = text(bytes);
      } else if (auto records = read_pax(bytes)) {
        told = *std::move(records);
      } else {
        return corrupt("what it says of a member can't be read");
      }
    } else {
      if (!told.name.empty()) header->name = std::move(told.name);
      told = {};
      const bool is_file = header->type == '0' || header->type == '\0';
      if (is_file) members.push_back({std::move(header->name), at, header->size_bytes});
    }
    // The last one's padding may be missing.
    at += std::min(whole - at, (header->size_bytes + kRecordBytes - 1) / kRecordBytes * kRecordBytes);
  }
  if (members.size() > kMostMembers) return corrupt("it has too many members");
  if (members.empty()) return corrupt("it is no tar archive");
  return members;
}

}  // namespace aerolith::blocks
