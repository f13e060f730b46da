// Any bytes as a record and as a key: an error or a value that encodes and decodes to itself.
#include <cstdlib>

#include "metadata/key.h"
#include "metadata/record.h"

namespace {

using namespace aerolith;
using namespace aerolith::metadata;

struct Inner {
  std::string text;
  std::optional<int32_t> number;
};
template <class Archive>
void fields(Archive& archive, Inner& r) {
  archive(r.text, r.number);
}

struct FuzzRecord {
  static constexpr uint32_t kVersion = 1;
  std::string text;
  bool flag = false;
  int64_t number = 0;
  Timestamp time;
  std::optional<Inner> inner;
  std::vector<Inner> list;
  std::map<std::string, std::string> tags;
  std::vector<std::vector<uint8_t>> nested;
};
template <class Archive>
void fields(Archive& archive, FuzzRecord& r) {
  archive(r.text, r.flag, r.number, r.time, r.inner, r.list, r.tags, r.nested);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (auto record = decode_record<FuzzRecord>(bytes)) {
    std::string once = encode_record(*record);
    auto again = decode_record<FuzzRecord>(once);
    if (!again || encode_record(*again) != once) std::abort();
  }
  std::tuple<std::string, int16_t, Descending<std::string>, bool> key;
  if (take_key_parts(bytes, key)) {
    std::string once;
    std::apply([&](const auto&... part) { append_key_parts<decltype(key)>(once, part...); }, key);
    if (once != bytes) std::abort();
  }
  return 0;
}
