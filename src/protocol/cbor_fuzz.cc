// CBOR bodies by the tables of a generated model. What was decoded is written, and reads back as the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "protocol/cbor_codec.h"
#include "s3/model.h"
#include "s3/schema.h"

using aerolith::protocol::append_cbor;
using aerolith::protocol::decode_cbor;
namespace s3 = aerolith::s3;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto& shape = s3::schema::kListObjectsV2Output;
  s3::ListObjectsV2Output value;
  if (!decode_cbor(shape, bytes, &value).has_value()) return 0;
  std::string once, twice;
  append_cbor(shape, &value, once);
  s3::ListObjectsV2Output again;
  if (!decode_cbor(shape, once, &again).has_value()) std::abort();
  append_cbor(shape, &again, twice);
  if (once != twice) std::abort();
  return 0;
}
