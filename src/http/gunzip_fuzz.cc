// gzip request bodies: never more than the limit.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/gunzip.h"

using namespace aerolith::http;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kLimitBytes = 200'000;
  Headers headers;
  headers.add("content-encoding", "gzip");
  StringBody body(std::string(reinterpret_cast<const char*>(data), size));
  const auto whole = read_all_decompressed(headers, body, kLimitBytes);
  if (whole.has_value() && whole->size() > kLimitBytes) std::abort();
  return 0;
}
