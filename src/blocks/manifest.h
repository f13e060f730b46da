// What a snapshot is made of: its size, and where each block lies that isn't all zeros (docs/formats/blocks.md).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "blocks/stored_block.h"

namespace aerolith::blocks {

struct Place {
  std::string pack;  // id of the snapshot that it was written for
  uint64_t offset = 0;
  uint32_t length = 0;
  auto operator<=>(const Place&) const = default;
};

struct BlockEntry {
  std::string hash;
  Place place;
  bool operator==(const BlockEntry&) const = default;
};

struct Manifest {
  uint64_t size_bytes = 0;
  std::map<uint64_t, BlockEntry> blocks;  // by index
  std::string key{};                      // that its blocks are encrypted with: the name; empty: they aren't
  bool operator==(const Manifest&) const = default;
};

inline constexpr uint64_t kMostManifestBytes = uint64_t{16} << 30;
// Where they lie in the folder of a store.
std::string manifest_path(std::string_view folder, std::string_view snapshot);
std::string pack_path(std::string_view folder, std::string_view pack);
inline constexpr std::string_view kManifestSuffix = ".manifest";
inline constexpr std::string_view kPackSuffix = ".pack";

std::string encode_manifest(const Manifest& manifest);
Result<Manifest> decode_manifest(std::string_view bytes);  // `corrupt`

}  // namespace aerolith::blocks
