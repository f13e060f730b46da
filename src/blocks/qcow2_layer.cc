#include "blocks/qcow2_layer.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "blocks/behind.h"
#include "blocks/big_endian.h"
#include "blocks/from_files.h"

namespace aerolith::blocks {

namespace {

constexpr size_t kHeaderBytes = 104;
constexpr size_t kEntryBytes = 8;
constexpr uint64_t kLeastClusterBits = 9;
constexpr uint64_t kMostClusterBits = 21;
constexpr uint64_t kMostFirstLevelBytes = uint64_t{32} << 20;  // QEMU's own limit
constexpr uint64_t kMayNotBe = 0b11110;  // corrupt, data in another file, another compression, extended tables
constexpr uint64_t kPlaceBits = 0x00FF'FFFF'FFFF'FE00;
constexpr uint64_t kIsCompressed = uint64_t{1} << 62;
constexpr uint64_t kIsZeros = 1;
constexpr size_t kLongestChain = 32;

// QEMU says what it does with a file by locks of single bytes (its block/file-posix.c).
bool is_written(int descriptor) {
  constexpr off_t kWrites = 101;
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = kWrites;
  lock.l_len = 1;
  return ::fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace

std::unexpected<VolumeError> Qcow2Layer::corrupt(std::string_view what) const {
  return std::unexpected(VolumeError{VolumeErrorCode::corrupt, fmt::format("{} {}", path_, what)});
}

Result<std::unique_ptr<Qcow2Layer>> Qcow2Layer::open(os::FileSystem& files, const std::string& path,
                                                     const DiskSecrets* secrets) {
  std::unique_ptr<Qcow2Layer> layer(new Qcow2Layer(path));
  layer->header_ = TRY(from_files(read_qcow2_header(files, path)));
  layer->file_ = TRY(from_files(files.open(path, os::OpenMode::read)));
  if (is_written(layer->file_->descriptor())) return fail(VolumeErrorCode::in_use, path + " is open to write");
  TRY(layer->load());
  if (layer->header_.is_encrypted) TRY(layer->unlock(layer->header_, secrets));
  return layer;
}

Result<> Qcow2Layer::unlock(const Qcow2Header& header, const DiskSecrets* secrets) {
  if (secrets == nullptr) return corrupt("is encrypted");
  if (header.luks_bytes == 0 || header.luks_bytes > kMostLuksBytes) return corrupt("has no head of its encryption");
  std::string head(header.luks_bytes, '\0');
  if (TRY(from_files(file_->read_at(header.luks_place, head))) != head.size()) {
    return corrupt("ends before the head of its encryption does");
  }
  DiskSecret secret = TRY(secrets->read(path_));
  cipher_ = std::make_unique<SectorCipher>(TRY(open_luks(head, secret.text)));
  key_ = std::move(secret.key);
  return {};
}

Result<> Qcow2Layer::load() {
  std::array<char, kHeaderBytes> buffer{};
  const std::string_view head(buffer.data(), TRY(from_files(file_->read_at(0, buffer))));
  if (head.size() < kHeaderBytes || !head.starts_with(std::string_view("QFI\xfb", 4))) return corrupt("isn't qcow2");
  const uint64_t version = big_endian(head.substr(4, 4));
  const uint64_t cluster_bits = big_endian(head.substr(20, 4));
  if (version < 2 || version > 3) return corrupt("is of an unknown version");
  if (cluster_bits < kLeastClusterBits || cluster_bits > kMostClusterBits) return corrupt("has impossible clusters");
  if (const uint64_t way = big_endian(head.substr(32, 4)); way != 0 && way != 2) return corrupt("is encrypted");
  if (version == 3 && (big_endian(head.substr(72, 8)) & kMayNotBe) != 0) return corrupt("has what none of ours has");
  knows_zeros_ = version == 3;
  cluster_bytes_ = uint64_t{1} << cluster_bits;
  size_bytes_ = big_endian(head.substr(24, 8));
  file_bytes_ = TRY(from_files(file_->size()));
  const uint64_t entries = big_endian(head.substr(36, 4));
  if (entries * kEntryBytes > kMostFirstLevelBytes) return corrupt("has too large a table");
  const uint64_t covered = cluster_bytes_ / kEntryBytes * cluster_bytes_;  // by an entry
  if (size_bytes_ / covered + (size_bytes_ % covered != 0 ? 1 : 0) > entries) return corrupt("has too small a table");
  std::string table(entries * kEntryBytes, '\0');
  if (TRY(from_files(file_->read_at(big_endian(head.substr(40, 8)), table))) != table.size()) {
    return corrupt("ends before its table does");
  }
  for (uint64_t entry = 0; entry < entries; ++entry) {
    first_level_.push_back(big_endian(std::string_view(table).substr(entry * kEntryBytes, kEntryBytes)) & kPlaceBits);
  }
  return {};
}

Result<> Qcow2Layer::load_table(uint64_t place) {
  if (table_place_ == place) return {};
  table_place_ = 0;
  table_.resize(cluster_bytes_);
  if (TRY(from_files(file_->read_at(place, table_))) != table_.size()) return corrupt("ends before a table does");
  table_place_ = place;
  return {};
}

Result<Qcow2Layer::Piece> Qcow2Layer::piece_at(uint64_t offset) {
  const uint64_t cluster = offset / cluster_bytes_;
  const uint64_t inside = offset % cluster_bytes_;
  const uint64_t entries = cluster_bytes_ / kEntryBytes;
  const uint64_t table = first_level_.at(cluster / entries);
  // All of what an absent table would tell of.
  if (table == 0) return Piece{.length = (entries - cluster % entries) * cluster_bytes_ - inside};
  TRY(load_table(table));
  const uint64_t entry = big_endian(std::string_view(table_).substr(cluster % entries * kEntryBytes, kEntryBytes));
  if ((entry & kIsCompressed) != 0) return corrupt("has compressed bytes");
  Piece piece{.place = entry & kPlaceBits, .length = cluster_bytes_ - inside};
  if (knows_zeros_ && (entry & kIsZeros) != 0) {
    piece.has = Has::zeros;
  } else if (piece.place != 0) {
    if (piece.place >= file_bytes_) return corrupt("ends before its bytes do");
    piece.has = Has::data;
    piece.place += inside;
  }
  return piece;
}

Result<Qcow2Layer::Has> Qcow2Layer::look(uint64_t offset, uint64_t length) {
  const uint64_t end = std::min(offset + length, size_bytes_);
  Has most = Has::nothing;
  while (offset < end && most != Has::data) {
    const Piece piece = TRY(piece_at(offset));
    most = std::max(most, piece.has);
    offset += piece.length;
  }
  return most;
}

Result<> Qcow2Layer::lay_over(uint64_t offset, std::span<char> buffer) {
  const uint64_t end = std::min(offset + buffer.size(), size_bytes_);
  uint64_t at = offset;
  while (at < end) {
    Piece piece = TRY(piece_at(at));
    piece.length = std::min(piece.length, end - at);
    // As much as follows in the file, too, in one read.
    while (piece.has == Has::data && at + piece.length < end) {
      const Piece next = TRY(piece_at(at + piece.length));
      if (next.has != Has::data || next.place != piece.place + piece.length) break;
      piece.length = std::min(piece.length + next.length, end - at);
    }
    const std::span<char> target = buffer.subspan(at - offset, piece.length);
    if (piece.has == Has::zeros) std::ranges::fill(target, '\0');
    if (piece.has == Has::data) TRY(read_data(piece.place, target));
    at += piece.length;
  }
  return {};
}

Result<> Qcow2Layer::read_data(uint64_t place, std::span<char> target) {
  const size_t length = TRY(from_files(file_->read_at(place, target)));
  // The file's last cluster may not be written to its end.
  std::ranges::fill(target.subspan(length), '\0');
  if (!cipher_) return {};
  if (place % kSectorBytes != 0 || target.size() % kSectorBytes != 0) return corrupt("isn't read by sectors");
  cipher_->decrypt(place, target);
  return {};
}

Result<std::vector<std::unique_ptr<Qcow2Layer>>> open_layers(os::FileSystem& files, const std::string& path,
                                                             const DiskSecrets* secrets) {
  std::vector<std::unique_ptr<Qcow2Layer>> layers;
  std::string next = path;
  while (!next.empty()) {
    if (layers.size() == kLongestChain) return fail(VolumeErrorCode::corrupt, path + " has too many files behind it");
    layers.push_back(TRY(Qcow2Layer::open(files, next, secrets)));
    TRY(require_snapshot_behind(layers.back()->header(), next));
    const std::string& backing = layers.back()->header().backing_file;
    next = backing.empty() ? "" : resolve_backing_file(next, backing);
  }
  return layers;
}

}  // namespace aerolith::blocks
