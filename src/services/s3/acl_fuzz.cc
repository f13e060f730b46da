// Any value of an x-amz-grant-... header: what is read of it are grantees with a type and a value, none longer than it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "services/s3/acl.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace aerolith;
  const auto grantees = s3::parse_grantees(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!grantees) return 0;
  if (grantees->empty()) std::abort();
  size_t bytes = 0;
  for (const auto& [type, value] : *grantees) {
    if (type.empty() || value.empty() || type.find('=') != std::string::npos) std::abort();
    bytes += type.size() + value.size();
  }
  if (bytes >= size) std::abort();
  return 0;
}
