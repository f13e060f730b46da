// The head is the first cluster, behind it that of the encryption, if it has one; bytes and tables of the second level
// follow as they come, then the first level, then the reference counts: each cluster of the file is used once (QEMU's
// docs/interop/qcow2.txt).
#include "blocks/qcow2_writer.h"

#include <algorithm>

#include "blocks/from_files.h"
#include "blocks/stored_block.h"

namespace aerolith::blocks {

namespace {

constexpr uint64_t kClusterBits = 16;
constexpr uint64_t kClusterBytes = uint64_t{1} << kClusterBits;
constexpr uint64_t kEntries = kClusterBytes / 8;            // of a table
constexpr uint64_t kCounts = kClusterBytes / 2;             // of a cluster of counts, 16 bits each
constexpr uint64_t kIsUsedOnce = uint64_t{1} << 63;         // as the counts say
constexpr uint64_t kTableBytes = kEntries * kClusterBytes;  // of the disk, that a table of the second level tells of

constexpr uint64_t kLuksMethod = 2;  // a way of encryption
constexpr uint64_t kWrittenLuksExtension = 0x0537'BE77;
constexpr uint64_t kBackingFormatExtension = 0xE279'2ACA;
constexpr uint64_t kWrittenHeadBytes = 104;

uint64_t up_to(uint64_t value, uint64_t part) { return value / part + (value % part != 0 ? 1 : 0); }

void append_big(std::string& out, uint64_t value, size_t bytes) {
  for (size_t byte = bytes; byte-- > 0;) {
    out.push_back(byte < sizeof value ? static_cast<char>(value >> (8 * byte) & 0xFF) : '\0');
  }
}

void set_entry(std::string& table, uint64_t number, uint64_t value) {
  std::string bytes;
  append_big(bytes, value, 8);
  table.replace(number * 8, 8, bytes);
}

std::string filled(std::string bytes) {
  bytes.resize(up_to(bytes.size(), kClusterBytes) * kClusterBytes, '\0');
  return bytes;
}

}  // namespace

Result<std::unique_ptr<Qcow2Writer>> Qcow2Writer::create(os::FileSystem& files, const std::string& path,
                                                         const NewQcow2& wanted) {
  auto file = TRY(from_files(files.open(path, os::OpenMode::create, 0600)));
  std::unique_ptr<Qcow2Writer> writer(new Qcow2Writer(std::move(file), wanted));
  writer->first_level_.resize(up_to(wanted.size_bytes, kTableBytes));
  writer->end_ = 1;
  if (wanted.luks) {
    writer->encrypt(*wanted.luks);
    TRY(writer->append(wanted.luks->head));
    writer->end_ = 1 + up_to(wanted.luks->bytes, kClusterBytes);
  }
  return writer;
}

Result<std::unique_ptr<Qcow2Writer>> Qcow2Writer::resume(os::FileSystem& files, const std::string& path,
                                                         const NewQcow2& wanted, std::string_view secret, State state) {
  auto file = TRY(from_files(files.open(path, os::OpenMode::write)));
  const uint64_t bytes = state.clusters * kClusterBytes;
  const bool fits = state.first_level.size() == up_to(wanted.size_bytes, kTableBytes) &&
                    (state.table.empty() || state.table.size() == kClusterBytes) &&
                    state.table_number < state.first_level.size() && state.clusters <= UINT64_MAX / kClusterBytes &&
                    TRY(from_files(file->size())) >= bytes;
  if (!fits) return fail(VolumeErrorCode::corrupt, path + " isn't what was begun");
  TRY(from_files(file->truncate(bytes)));
  std::unique_ptr<Qcow2Writer> writer(new Qcow2Writer(std::move(file), wanted));
  if (wanted.luks) {
    LuksHead luks{.bytes = wanted.luks->bytes};
    luks.head.resize(luks.bytes);
    TRY(from_files(writer->file_->read_at(kClusterBytes, luks.head)));
    luks.key = TRY(open_luks(luks.head, secret));
    writer->encrypt(luks);
  }
  writer->end_ = state.clusters;
  writer->table_number_ = state.table_number;
  writer->first_level_ = std::move(state.first_level);
  writer->table_ = std::move(state.table);
  return writer;
}

void Qcow2Writer::encrypt(const LuksHead& luks) {
  cipher_ = std::make_unique<SectorCipher>(luks.key);
  luks_bytes_ = luks.bytes;
}

Result<Qcow2Writer::State> Qcow2Writer::sync() {
  TRY(from_files(file_->sync_data()));
  return State{.clusters = end_, .table_number = table_number_, .first_level = first_level_, .table = table_};
}

Result<> Qcow2Writer::append(std::string_view bytes) {
  TRY(from_files(file_->write_at(end_ * kClusterBytes, bytes)));
  end_ += up_to(bytes.size(), kClusterBytes);
  return {};
}

Result<> Qcow2Writer::append_data(std::string_view bytes) {
  if (!cipher_) return append(bytes);
  std::string sectors(bytes);
  cipher_->encrypt(end_ * kClusterBytes, sectors);
  return append(sectors);
}

Result<> Qcow2Writer::write_table() {
  if (table_.empty()) return {};
  first_level_.at(table_number_) = end_ * kClusterBytes | kIsUsedOnce;
  TRY(append(table_));
  table_.clear();
  return {};
}

Result<> Qcow2Writer::put(uint64_t index, std::string_view block) {
  const uint64_t offset = index * kBlockBytes;
  if (offset / kTableBytes != table_number_) TRY(write_table());
  table_number_ = offset / kTableBytes;
  if (table_.empty()) table_.assign(kClusterBytes, '\0');
  const uint64_t length = std::min<uint64_t>(block.size(), size_bytes_ - std::min(size_bytes_, offset));
  uint64_t begin = 0;  // of clusters that follow one another
  const auto flush = [&](uint64_t end) -> Result<> {
    if (end > begin) TRY(append_data(block.substr(begin, end - begin)));
    return {};
  };
  for (uint64_t at = 0; at < length; at += kClusterBytes) {
    if (is_zero(block.substr(at, kClusterBytes))) {
      TRY(flush(at));
      begin = at + kClusterBytes;
      continue;
    }
    const uint64_t place = (end_ * kClusterBytes + at - begin) | kIsUsedOnce;
    set_entry(table_, (offset + at) / kClusterBytes % kEntries, place);
  }
  return flush(std::max(begin, up_to(length, kClusterBytes) * kClusterBytes));
}

Result<> Qcow2Writer::finish() {
  TRY(write_table());
  std::string table;
  for (const uint64_t place : first_level_) append_big(table, place, 8);
  const uint64_t first_level_place = end_ * kClusterBytes;
  TRY(append(filled(table.empty() ? std::string(8, '\0') : table)));

  // They count themselves, too.
  uint64_t count_clusters = 1;
  uint64_t count_tables = 1;
  while (count_clusters * kCounts < end_ + count_clusters + count_tables || count_tables * kEntries < count_clusters) {
    count_clusters = up_to(end_ + count_clusters + count_tables, kCounts);
    count_tables = up_to(count_clusters, kEntries);
  }
  const uint64_t used = end_ + count_clusters + count_tables;
  const uint64_t counts_place = end_ * kClusterBytes;
  for (uint64_t cluster = 0; cluster < count_clusters; ++cluster) {
    std::string counts;
    for (uint64_t each = cluster * kCounts; each < std::min(used, (cluster + 1) * kCounts); ++each) {
      append_big(counts, 1, 2);
    }
    TRY(append(filled(std::move(counts))));
  }
  const uint64_t count_table_place = end_ * kClusterBytes;
  std::string count_table;
  for (uint64_t cluster = 0; cluster < count_clusters; ++cluster) {
    append_big(count_table, counts_place + cluster * kClusterBytes, 8);
  }
  TRY(append(filled(std::move(count_table))));

  return from_files(file_->write_at(0, filled(head(first_level_place, count_table_place, count_tables))));
}

std::string Qcow2Writer::head(uint64_t first_level_place, uint64_t count_table_place, uint64_t count_tables) const {
  std::string extensions;
  const auto extend = [&](uint64_t kind, std::string_view bytes) {
    append_big(extensions, kind, 4);
    append_big(extensions, bytes.size(), 4);
    extensions += bytes;
    extensions.resize(up_to(extensions.size(), 8) * 8, '\0');
  };
  if (!backing_file_.empty()) extend(kBackingFormatExtension, "qcow2");
  if (cipher_) {
    std::string luks;
    append_big(luks, kClusterBytes, 8);  // its place
    append_big(luks, luks_bytes_, 8);
    extend(kWrittenLuksExtension, luks);
  }
  append_big(extensions, 0, 8);  // their end

  std::string head("QFI\xfb", 4);
  append_big(head, 3, 4);  // version
  append_big(head, backing_file_.empty() ? 0 : kWrittenHeadBytes + extensions.size(), 8);
  append_big(head, backing_file_.size(), 4);
  append_big(head, kClusterBits, 4);
  append_big(head, size_bytes_, 8);
  append_big(head, cipher_ ? kLuksMethod : 0, 4);
  append_big(head, first_level_.size(), 4);
  append_big(head, first_level_place, 8);
  append_big(head, count_table_place, 8);
  append_big(head, count_tables, 4);
  append_big(head, 0, 4 + 8);      // no snapshots of its own
  append_big(head, 0, 8 + 8 + 8);  // no features
  append_big(head, 4, 4);          // counts of 2^4 bits
  append_big(head, kWrittenHeadBytes, 4);
  return head + extensions + backing_file_;
}

}  // namespace aerolith::blocks
