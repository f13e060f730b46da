// Numbers in headers of disk files.
#pragma once

#include <cstdint>
#include <string_view>

namespace aerolith::blocks {

// Of eight bytes at most, the highest first.
inline uint64_t big_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

}  // namespace aerolith::blocks
