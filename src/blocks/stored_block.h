// A block of the store as it lies in a pack, byte for byte (docs/formats/blocks.md). All integers little-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "blocks/block_keys.h"
#include "blocks/volumes.h"

namespace aerolith::blocks {

inline constexpr size_t kBlockBytes = size_t{512} << 10;
inline constexpr size_t kHashBytes = 32;  // SHA-256 of the block's bytes, as they were before compression; see below

// `key`, here and below: what an encrypted snapshot's blocks are stored with; null: they aren't encrypted. The hash of
// those is that of the key (block_keys.h).
std::string hash_of(std::string_view block, const BlockKey* key = nullptr);
bool is_zero(std::string_view block);

// With zstd where that makes it smaller. `block` has kBlockBytes.
std::string encode_block(std::string_view hash, std::string_view block, const BlockKey* key = nullptr);
// `corrupt` unless these are, to the last bit, the bytes of the block of that hash.
Result<std::string> decode_block(std::string_view hash, std::string_view stored, const BlockKey* key = nullptr);

void append_u32(std::string& out, uint32_t value);
void append_u64(std::string& out, uint64_t value);
// The text has that many bytes.
uint32_t read_u32(std::string_view text);
uint64_t read_u64(std::string_view text);

}  // namespace aerolith::blocks
