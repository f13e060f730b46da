#include "services/iam/paging.h"

#include <algorithm>

#include "base/encoding.h"

namespace aerolith::iam {

std::string make_marker(std::string_view key) { return base64_encode(key); }

Result<Page> make_page(const std::optional<std::string>& marker, const std::optional<int32_t>& max_items) {
  Page page;
  if (max_items) page.limit = std::clamp<size_t>(static_cast<size_t>(std::max(*max_items, 1)), 1, kLargestPage);
  if (!marker) return page;
  std::optional<std::string> after = base64_decode(*marker);
  if (!after || after->empty()) return errors::validation_error("Invalid Marker.");
  page.after = *std::move(after);
  return page;
}

}  // namespace aerolith::iam
