#include "blocks/qcow2.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "blocks/big_endian.h"

namespace aerolith::blocks {

namespace {

constexpr std::string_view kMagic{"QFI\xfb", 4};
constexpr uint32_t kMaximumNameBytes = 1023;  // the format's own limit
constexpr uint64_t kExternalDataFile = 1U << 2;

}  // namespace

os::Result<Qcow2Header> read_qcow2_header(os::FileSystem& files, const std::string& path) {
  const std::unique_ptr<os::File> file = TRY(files.open(path, os::OpenMode::read));
  std::array<char, 104> buffer{};
  const std::string_view bytes(buffer.data(), TRY(file->read_at(0, buffer)));
  Qcow2Header header;
  if (bytes.size() < 72 || !bytes.starts_with(kMagic)) return header;
  const uint64_t version = big_endian(bytes.substr(4, 4));
  if (version < 2 || version > 3) return header;
  header.is_qcow2 = true;
  header.size_bytes = big_endian(bytes.substr(24, 8));
  if (version == 3 && bytes.size() >= 80) {
    header.has_data_file = (big_endian(bytes.substr(72, 8)) & kExternalDataFile) != 0;
  }
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
