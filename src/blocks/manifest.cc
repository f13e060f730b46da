// "AEROSNAP", version (u32), bytes of a block (u32), size of the volume (u64); of encrypted ones, which are version 2,
// length of the key's name (u32) and the name; how many packs (u32) and blocks (u64);
// each pack: length of its id (u32), the id; each block, indexes rising: index (u64), hash, number of its pack (u32),
// offset (u64), length (u32); at last SHA-256 of all that.
#include "blocks/manifest.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace aerolith::blocks {

namespace {

constexpr std::string_view kManifestMagic = "AEROSNAP";
constexpr uint32_t kManifestVersion = 1;
constexpr uint32_t kEncryptedVersion = 2;
constexpr size_t kManifestEntryBytes = 8 + kHashBytes + 4 + 8 + 4;
constexpr uint32_t kMostIdBytes = 64;

std::unexpected<VolumeError> corrupt_manifest(std::string_view what) {
  return std::unexpected(VolumeError{VolumeErrorCode::corrupt, "a manifest " + std::string(what)});
}

// Takes pieces from the front; remembers when there was too little.
class Reader {
 public:
  explicit Reader(std::string_view rest) : rest_(rest) {}
  std::string_view take(size_t bytes) {
    if (bytes > rest_.size()) {
      is_short_ = true;
      rest_ = {};
      return {};
    }
    const std::string_view piece = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return piece;
  }
  uint32_t u32() {
    const std::string_view piece = take(4);
    return is_short_ ? 0 : read_u32(piece);
  }
  uint64_t u64() {
    const std::string_view piece = take(8);
    return is_short_ ? 0 : read_u64(piece);
  }
  size_t left() const { return rest_.size(); }
  bool is_short() const { return is_short_; }

 private:
  std::string_view rest_;
  bool is_short_ = false;
};

Result<std::vector<std::string>> read_packs(Reader& reader, uint32_t count) {
  std::vector<std::string> packs;
  for (uint32_t pack = 0; pack < count && !reader.is_short(); ++pack) {
    const uint32_t length = reader.u32();
    if (length == 0 || length > kMostIdBytes) return corrupt_manifest("names a pack that can't be");
    packs.emplace_back(reader.take(length));
  }
  return packs;
}

Result<> read_blocks(Reader& reader, uint64_t count, const std::vector<std::string>& packs, Manifest& manifest) {
  if (reader.left() != count * kManifestEntryBytes || reader.left() / kManifestEntryBytes != count)
    return corrupt_manifest("has another length");
  const uint64_t most_index = manifest.size_bytes / kBlockBytes + (manifest.size_bytes % kBlockBytes != 0 ? 1 : 0);
  uint64_t least = 0;
  for (uint64_t block = 0; block < count; ++block) {
    const uint64_t index = reader.u64();
    if (index < least || index >= most_index) return corrupt_manifest("has a block outside of its order or size");
    least = index + 1;
    BlockEntry entry{.hash = std::string(reader.take(kHashBytes))};
    const uint32_t pack = reader.u32();
    if (pack >= packs.size()) return corrupt_manifest("has a block of no pack");
    entry.place = {.pack = packs[pack], .offset = reader.u64(), .length = reader.u32()};
    manifest.blocks.emplace_hint(manifest.blocks.end(), index, std::move(entry));
  }
  return {};
}

}  // namespace

std::string manifest_path(std::string_view folder, std::string_view snapshot) {
  return fmt::format("{}/snapshots/{}{}", folder, snapshot, kManifestSuffix);
}
std::string pack_path(std::string_view folder, std::string_view pack) {
  return fmt::format("{}/packs/{}{}", folder, pack, kPackSuffix);
}

std::string encode_manifest(const Manifest& manifest) {
  std::map<std::string, uint32_t> numbers;
  for (const auto& [index, entry] : manifest.blocks) numbers.emplace(entry.place.pack, 0);
  std::string bytes(kManifestMagic);
  append_u32(bytes, manifest.key.empty() ? kManifestVersion : kEncryptedVersion);
  append_u32(bytes, static_cast<uint32_t>(kBlockBytes));
  append_u64(bytes, manifest.size_bytes);
  if (!manifest.key.empty()) {
    append_u32(bytes, static_cast<uint32_t>(manifest.key.size()));
    bytes += manifest.key;
  }
  append_u32(bytes, static_cast<uint32_t>(numbers.size()));
  append_u64(bytes, manifest.blocks.size());
  uint32_t next = 0;
  for (auto& [pack, number] : numbers) {
    number = next++;
    append_u32(bytes, static_cast<uint32_t>(pack.size()));
    bytes += pack;
  }
  for (const auto& [index, entry] : manifest.blocks) {
    append_u64(bytes, index);
    bytes += entry.hash;
    append_u32(bytes, numbers.at(entry.place.pack));
    append_u64(bytes, entry.place.offset);
    append_u32(bytes, entry.place.length);
  }
  return bytes + hash_of(bytes);
}

Result<Manifest> decode_manifest(std::string_view bytes) {
  if (!bytes.starts_with(kManifestMagic) || bytes.size() < kManifestMagic.size() + kHashBytes)
    return corrupt_manifest("has no head");
  const std::string_view checked = bytes.substr(0, bytes.size() - kHashBytes);
  if (hash_of(checked) != bytes.substr(checked.size())) return corrupt_manifest("has a wrong checksum");
  Reader reader(checked.substr(kManifestMagic.size()));
  const uint32_t version = reader.u32();
  if (version != kManifestVersion && version != kEncryptedVersion) return corrupt_manifest("is of an unknown version");
  if (reader.u32() != kBlockBytes) return corrupt_manifest("has blocks of another size");
  Manifest manifest{.size_bytes = reader.u64()};
  if (version == kEncryptedVersion) {
    const uint32_t length = reader.u32();
    if (length == 0 || length > kMostIdBytes) return corrupt_manifest("names a key that can't be");
    manifest.key = reader.take(length);
  }
  const uint32_t pack_count = reader.u32();
  const uint64_t block_count = reader.u64();
  const std::vector<std::string> packs = TRY(read_packs(reader, pack_count));
  if (reader.is_short()) return corrupt_manifest("is too short");
  TRY(read_blocks(reader, block_count, packs, manifest));
  return manifest;
}

}  // namespace aerolith::blocks
