// A manifest from a disk that lies: read, or refused; what is read is written the same.
#include <cstdint>
#include <cstdlib>

#include "blocks/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace aerolith::blocks;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  bytes += hash_of(bytes);  // else nothing gets past the checksum
  const auto manifest = decode_manifest(bytes);
  if (!manifest.has_value()) return 0;
  const auto again = decode_manifest(encode_manifest(*manifest));
  if (!again.has_value() || !(*again == *manifest)) std::abort();
  return 0;
}
