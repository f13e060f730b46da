#include "objects/extent.h"

#include <chrono>

#include "base/encoding.h"
#include "base/random.h"

namespace aerolith::objects {

bool is_extent_id(const ExtentId& id) {
  return id.view().size() == 32 && id.view().find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

ExtentId make_extent_id() {
  auto now = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  std::string bytes;
  for (int shift = 40; shift >= 0; shift -= 8) bytes += static_cast<char>(now.count() >> shift);
  return ExtentId(hex_encode(bytes + random_bytes(10)));
}

}  // namespace aerolith::objects
