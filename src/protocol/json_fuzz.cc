// JSON bodies by the tables of a generated model. What was decoded is written, and reads back as the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "protocol/constraints.h"
#include "protocol/json_codec.h"
#include "protocol/struct_json.h"
#include "s3/model.h"
#include "s3/schema.h"

using aerolith::protocol::append_json;
using aerolith::protocol::check_constraints;
using aerolith::protocol::decode_json;
using aerolith::protocol::JsonForm;
namespace s3 = aerolith::s3;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  s3::CreateMultipartUploadInput flat;
  if (decode_json(s3::schema::kCreateMultipartUploadInput, text, JsonForm{}, &flat).has_value()) {
    check_constraints(s3::schema::kCreateMultipartUploadInput, &flat);
  }
  s3::ListObjectsV2Output nested;
  const auto& shape = s3::schema::kListObjectsV2Output;
  if (!decode_json(shape, text, JsonForm{}, &nested).has_value()) return 0;
  check_constraints(shape, &nested);
  std::string once, twice;
  append_json(shape, &nested, JsonForm{}, once);
  s3::ListObjectsV2Output again;
  if (!decode_json(shape, once, JsonForm{}, &again).has_value()) std::abort();
  append_json(shape, &again, JsonForm{}, twice);
  if (once != twice) std::abort();
  return 0;
}
