// A progress from a disk that lies: read, or refused; what is read is written the same.
#include <cstdint>
#include <cstdlib>

#include "blocks/fill_progress.h"
#include "blocks/stored_block.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace aerolith::blocks;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  bytes += hash_of(bytes);  // else nothing gets past the checksum
  const auto progress = decode_progress(bytes);
  if (!progress.has_value()) return 0;
  if (encode_progress(*progress) != bytes) std::abort();
  return 0;
}
