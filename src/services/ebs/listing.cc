#include "services/ebs/listing.h"

#include <algorithm>

namespace aerolith::ebs {

Page<uint64_t> list_blocks(const blocks::Manifest& manifest, uint64_t from, size_t most) {
  Page<uint64_t> page;
  for (auto at = manifest.blocks.lower_bound(from); at != manifest.blocks.end(); ++at) {
    if (page.items.size() == most) {
      page.next = at->first;
      break;
    }
    page.items.push_back(at->first);
  }
  return page;
}

Page<Difference> list_differences(const blocks::Manifest& first, const blocks::Manifest& second, uint64_t from,
                                  size_t most) {
  Page<Difference> page;
  auto one = first.blocks.lower_bound(from);
  auto other = second.blocks.lower_bound(from);
  while (one != first.blocks.end() || other != second.blocks.end()) {
    Difference found{.index = one == first.blocks.end()      ? other->first
                              : other == second.blocks.end() ? one->first
                                                             : std::min(one->first, other->first)};
    found.in_first = one != first.blocks.end() && one->first == found.index;
    found.in_second = other != second.blocks.end() && other->first == found.index;
    const bool is_same = found.in_first && found.in_second && one->second.hash == other->second.hash;
    if (found.in_first) ++one;
    if (found.in_second) ++other;
    if (is_same) continue;
    if (page.items.size() == most) {
      page.next = found.index;
      break;
    }
    page.items.push_back(found);
  }
  return page;
}

}  // namespace aerolith::ebs
