// "AEROFILL", version (u32), size of the snapshot (u64), its blocks (u64), how many of them are done (u64), clusters of
// the file (u64), number of the table that is being filled (u64), how many places of tables (u64), each (u64), length
// of that table (u64), the table; at last SHA-256 of all that.
#include "blocks/fill_progress.h"

#include "blocks/from_files.h"
#include "blocks/stored_block.h"

namespace aerolith::blocks {

namespace {

constexpr std::string_view kFillMagic = "AEROFILL";
constexpr uint32_t kFillVersion = 1;
constexpr size_t kNumbers = 6;
constexpr size_t kFillHeadBytes = kFillMagic.size() + 4 + kNumbers * 8;
constexpr uint64_t kMostBytes = uint64_t{64} << 20;

std::unexpected<VolumeError> corrupt_progress(std::string_view what) {
  return std::unexpected(VolumeError{VolumeErrorCode::corrupt, "a file's progress " + std::string(what)});
}

}  // namespace

std::string encode_progress(const FillProgress& progress) {
  std::string bytes(kFillMagic);
  append_u32(bytes, kFillVersion);
  for (const uint64_t number : {progress.size_bytes, progress.of_blocks, progress.done_blocks, progress.writer.clusters,
                                progress.writer.table_number, uint64_t{progress.writer.first_level.size()}}) {
    append_u64(bytes, number);
  }
  for (const uint64_t place : progress.writer.first_level) append_u64(bytes, place);
  append_u64(bytes, progress.writer.table.size());
  bytes += progress.writer.table;
  return bytes + hash_of(bytes);
}

Result<FillProgress> decode_progress(std::string_view bytes) {
  if (!bytes.starts_with(kFillMagic) || bytes.size() < kFillHeadBytes + 8 + kHashBytes)
    return corrupt_progress("has no head");
  const std::string_view checked = bytes.substr(0, bytes.size() - kHashBytes);
  if (hash_of(checked) != bytes.substr(checked.size())) return corrupt_progress("has a wrong checksum");
  if (read_u32(checked.substr(kFillMagic.size(), 4)) != kFillVersion)
    return corrupt_progress("is of an unknown version");
  const auto number = [&](size_t index) { return read_u64(checked.substr(kFillMagic.size() + 4 + index * 8, 8)); };
  FillProgress progress{.size_bytes = number(0), .of_blocks = number(1), .done_blocks = number(2)};
  progress.writer = {.clusters = number(3), .table_number = number(4)};
  std::string_view rest = checked.substr(kFillHeadBytes);
  const uint64_t places = number(5);
  if (places > rest.size() / 8 || rest.size() - places * 8 < 8) return corrupt_progress("is too short");
  for (uint64_t place = 0; place < places; ++place) {
    progress.writer.first_level.push_back(read_u64(rest.substr(place * 8, 8)));
  }
  rest.remove_prefix(places * 8);
  if (read_u64(rest.substr(0, 8)) != rest.size() - 8) return corrupt_progress("has another length");
  progress.writer.table = rest.substr(8);
  return progress;
}

Result<> write_progress(os::FileSystem& files, const std::string& path, const FillProgress& progress) {
  return from_files(os::write_file(files, path, encode_progress(progress)));
}

Result<FillProgress> read_progress(os::FileSystem& files, const std::string& path) {
  const auto file = TRY(from_files(files.open(path, os::OpenMode::read)));
  const uint64_t size = TRY(from_files(file->size()));
  if (size > kMostBytes) return corrupt_progress("is too long");
  std::string bytes(size, '\0');
  if (TRY(from_files(file->read_at(0, bytes))) != size) return corrupt_progress("is too short");
  return decode_progress(bytes);
}

}  // namespace aerolith::blocks
