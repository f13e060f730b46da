// Which blocks a snapshot has, and in which ones two differ, a page at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "blocks/manifest.h"

namespace aerolith::ebs {

struct Difference {
  uint64_t index = 0;
  bool in_first = false;  // false: zeros there
  bool in_second = false;
  bool operator==(const Difference&) const = default;
};

template <typename Item>
struct Page {
  std::vector<Item> items;       // indexes rise
  std::optional<uint64_t> next;  // where the next one begins; nullopt: there is none
};

Page<uint64_t> list_blocks(const blocks::Manifest& manifest, uint64_t from, size_t most);
Page<Difference> list_differences(const blocks::Manifest& first, const blocks::Manifest& second, uint64_t from,
                                  size_t most);

}  // namespace aerolith::ebs
