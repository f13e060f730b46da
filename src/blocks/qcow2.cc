#include "blocks/qcow2.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "blocks/big_endian.h"

namespace aerolith::blocks {

namespace {

constexpr std::string_view kQcow2Magic{"QFI\xfb", 4};
constexpr uint32_t kMaximumNameBytes = 1023;  // the format's own limit
constexpr uint64_t kExternalDataFile = 1U << 2;
constexpr size_t kLeastHeaderBytes = 104;
constexpr uint64_t kLuks = 2;  // a way of encryption
constexpr uint64_t kLuksExtension = 0x0537'BE77;

// Extensions follow the head: kind (u32), length (u32), that many bytes, filled up to 8.
void find_luks(std::string_view bytes, Qcow2Header& header) {
  for (uint64_t at = big_endian(bytes.substr(100, 4)); at + 8 <= bytes.size();) {
    const uint64_t kind = big_endian(bytes.substr(at, 4));
    const uint64_t length = big_endian(bytes.substr(at + 4, 4));
    if (kind == 0) return;
    if (kind == kLuksExtension && length >= 16 && at + 24 <= bytes.size()) {
      header.luks_place = big_endian(bytes.substr(at + 8, 8));
      header.luks_bytes = big_endian(bytes.substr(at + 16, 8));
      return;
    }
    at += 8 + (length + 7) / 8 * 8;
  }
}

}  // namespace

os::Result<Qcow2Header> read_qcow2_header(os::FileSystem& files, const std::string& path) {
  const std::unique_ptr<os::File> file = TRY(files.open(path, os::OpenMode::read));
  std::array<char, 4096> buffer{};  // extensions of ours end sooner
  const std::string_view bytes(buffer.data(), TRY(file->read_at(0, buffer)));
  Qcow2Header header;
  if (bytes.size() < 72 || !bytes.starts_with(kQcow2Magic)) return header;
  const uint64_t version = big_endian(bytes.substr(4, 4));
  if (version < 2 || version > 3) return header;
  header.is_qcow2 = true;
  header.size_bytes = big_endian(bytes.substr(24, 8));
  if (version == 3 && bytes.size() >= 80) {
    header.has_data_file = (big_endian(bytes.substr(72, 8)) & kExternalDataFile) != 0;
  }
  header.is_encrypted = big_endian(bytes.substr(32, 4)) == kLuks;
  if (header.is_encrypted && version == 3 && bytes.size() >= kLeastHeaderBytes) find_luks(bytes, header);
  const uint64_t name_offset = big_endian(bytes.substr(8, 8));
  const uint64_t name_bytes = big_endian(bytes.substr(16, 4));
  if (name_offset == 0) return header;
  if (name_bytes > kMaximumNameBytes) return fail(os::ErrorCode::io, path + " names a backing file too long to be one");
  header.backing_file.resize(static_cast<size_t>(name_bytes));
  if (TRY(file->read_at(name_offset, header.backing_file)) != name_bytes) {
    return fail(os::ErrorCode::io, path + " ends before the name of its backing file");
  }
  return header;
}

std::string resolve_backing_file(const std::string& path, const std::string& backing_file) {
  return backing_file.starts_with("/") ? backing_file : os::parent_directory(path) + "/" + backing_file;
}

}  // namespace aerolith::blocks
