// What a guest's QEMU may say to who serves a snapshot's blocks: the first byte cuts the rest into pieces.
#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "blocks/nbd_session.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace aerolith::blocks;
  if (size == 0) return 0;
  NbdSession session(uint64_t{1} << 20, [](uint64_t offset, std::span<char> buffer) -> Result<> {
    if (offset + buffer.size() > uint64_t{1} << 20) __builtin_trap();
    return {};
  });
  std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const size_t piece = data[0] + size_t{1};
  // Many reads of much in one piece would only show how much memory there is.
  bytes = bytes.substr(0, 2048);
  while (!bytes.empty() && !session.is_over()) {
    (void)session.take(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  return 0;
}
