// "BLK1", how it is packed (u32), length of what follows the head (u32), the hash, then a CRC-64/NVME of all that and
// of what follows (u64); then the bytes. Encrypted ones are compressed first.
#include "blocks/stored_block.h"

#include <zstd.h>

#include <algorithm>
#include <cstring>

#include "base/digest.h"

namespace aerolith::blocks {

namespace {

constexpr std::string_view kMagic = "BLK1";
constexpr size_t kBlockHeadBytes = 4 + 4 + 4 + kHashBytes + 8;
constexpr uint32_t kRaw = 0;
constexpr uint32_t kZstd = 1;
constexpr uint32_t kIsEncrypted = 2;  // added to one of those
constexpr int kLevel = 1;             // a gigabyte in two seconds; higher ones gain a few percent on file systems

template <typename Integer>
void append_little(std::string& out, Integer value) {
  for (size_t byte = 0; byte < sizeof(value); ++byte) out.push_back(static_cast<char>(value >> (8 * byte) & 0xFF));
}

template <typename Integer>
Integer read(std::string_view text) {
  Integer value = 0;
  for (size_t byte = sizeof(value); byte-- > 0;) {
    value = static_cast<Integer>(value << 8 | static_cast<uint8_t>(text[byte]));
  }
  return value;
}

std::unexpected<VolumeError> corrupt(std::string what) {
  return std::unexpected(VolumeError{VolumeErrorCode::corrupt, "a stored block " + std::move(what)});
}

uint64_t checksum_of(std::string_view head, std::string_view bytes) { return crc64nvme(bytes, crc64nvme(head)); }

std::string compress(std::string_view block) {
  std::string packed(ZSTD_compressBound(block.size()), '\0');
  const size_t length = ZSTD_compress(packed.data(), packed.size(), block.data(), block.size(), kLevel);
  packed.resize(ZSTD_isError(length) != 0 ? 0 : length);
  return packed;
}

}  // namespace

void append_u32(std::string& out, uint32_t value) { append_little(out, value); }
void append_u64(std::string& out, uint64_t value) { append_little(out, value); }
uint32_t read_u32(std::string_view text) { return read<uint32_t>(text); }
uint64_t read_u64(std::string_view text) { return read<uint64_t>(text); }

std::string hash_of(std::string_view block, const BlockKey* key) {
  return key == nullptr ? digest(DigestKind::sha256, block) : key->hash_of(block);
}

bool is_zero(std::string_view block) {
  return block.empty() || (block.front() == '\0' && std::memcmp(block.data(), block.data() + 1, block.size() - 1) == 0);
}

std::string encode_block(std::string_view hash, std::string_view block, const BlockKey* key) {
  std::string packed = compress(block);
  const bool is_smaller = !packed.empty() && packed.size() < block.size();
  if (!is_smaller) packed = block;
  if (key != nullptr) packed = key->seal(hash, packed);
  std::string stored(kMagic);
  append_u32(stored, (is_smaller ? kZstd : kRaw) + (key != nullptr ? kIsEncrypted : 0));
  append_u32(stored, static_cast<uint32_t>(packed.size()));
  stored += hash;
  append_u64(stored, checksum_of(stored, packed));
  return stored + packed;
}

Result<std::string> decode_block(std::string_view hash, std::string_view stored, const BlockKey* key) {
  if (stored.size() < kBlockHeadBytes || !stored.starts_with(kMagic)) return corrupt("has no head");
  const std::string_view checked = stored.substr(0, kBlockHeadBytes - 8);
  std::string_view packed = stored.substr(kBlockHeadBytes);
  if (read_u32(stored.substr(8)) != packed.size()) return corrupt("has another length");
  if (checked.substr(12) != hash) return corrupt("is another one");
  if (read_u64(stored.substr(kBlockHeadBytes - 8)) != checksum_of(checked, packed))
    return corrupt("has a wrong checksum");
  uint32_t how = read_u32(stored.substr(4));
  std::optional<std::string> opened;
  if ((how == kRaw + kIsEncrypted || how == kZstd + kIsEncrypted) != (key != nullptr)) {
    return corrupt(key == nullptr ? "is encrypted" : "isn't encrypted");
  }
  if (key != nullptr) {
    opened = key->open(hash, packed);
    if (!opened) return corrupt("isn't opened by its key");
    packed = *opened;
    how -= kIsEncrypted;
  }
  std::string block;
  if (how == kZstd) {
    block.resize(kBlockBytes);
    const size_t length = ZSTD_decompress(block.data(), block.size(), packed.data(), packed.size());
    if (ZSTD_isError(length) != 0 || length != kBlockBytes) return corrupt("can't be unpacked");
  } else if (how == kRaw && packed.size() == kBlockBytes) {
    block = packed;
  } else {
    return corrupt("is packed in an unknown way");
  }
  if (hash_of(block, key) != hash) return corrupt("has another hash");
  return block;
}

}  // namespace aerolith::blocks
