#include "services/ebs/listing.h"

#include <gtest/gtest.h>

namespace aerolith::ebs {
namespace {

blocks::Manifest manifest_of(const std::map<uint64_t, std::string>& hashes) {
  blocks::Manifest manifest{.size_bytes = uint64_t{1} << 30};
  for (const auto& [index, hash] : hashes) manifest.blocks[index] = {.hash = hash};
  return manifest;
}

std::vector<Difference> differences(const blocks::Manifest& first, const blocks::Manifest& second) {
  return list_differences(first, second, 0, 100).items;
}

TEST(Listing, BlocksComeInPages) {
  const auto manifest = manifest_of({{0, "a"}, {3, "b"}, {7, "a"}, {9, "c"}});
  const auto first = list_blocks(manifest, 0, 3);
  EXPECT_EQ(first.items, (std::vector<uint64_t>{0, 3, 7}));
  EXPECT_EQ(first.next, 9U);
  const auto second = list_blocks(manifest, *first.next, 3);
  EXPECT_EQ(second.items, std::vector<uint64_t>{9});
  EXPECT_FALSE(second.next);
  EXPECT_EQ(list_blocks(manifest, 4, 100).items, (std::vector<uint64_t>{7, 9}));
  EXPECT_TRUE(list_blocks(manifest, 10, 100).items.empty());
  EXPECT_FALSE(list_blocks(manifest, 0, 4).next);  // the last one fits
}

TEST(Listing, DifferencesAreThoseOfTheHashes) {
  const auto first = manifest_of({{0, "a"}, {1, "b"}, {5, "c"}});
  const auto second = manifest_of({{0, "a"}, {1, "B"}, {6, "d"}});
  EXPECT_EQ(differences(first, second), (std::vector<Difference>{{1, true, true}, {5, true, false}, {6, false, true}}));
  EXPECT_EQ(differences(second, first), (std::vector<Difference>{{1, true, true}, {5, false, true}, {6, true, false}}));
  EXPECT_TRUE(differences(first, first).empty());
  EXPECT_EQ(differences(manifest_of({}), first).size(), 3U);
}

TEST(Listing, PagesOfDifferencesMissNoneAndRepeatNone) {
  std::map<uint64_t, std::string> one;
  std::map<uint64_t, std::string> other;
  for (uint64_t index = 0; index < 200; ++index) {
    if (index % 3 != 0) one[index] = "x";
    if (index % 5 != 0) other[index] = index % 7 == 0 ? "y" : "x";
  }
  const auto all = list_differences(manifest_of(one), manifest_of(other), 0, 1000).items;
  for (const size_t size : {1U, 2U, 7U, 100U}) {
    std::vector<Difference> seen;
    for (std::optional<uint64_t> from = 0; from;) {
      const auto page = list_differences(manifest_of(one), manifest_of(other), *from, size);
      seen.insert(seen.end(), page.items.begin(), page.items.end());
      from = page.next;
    }
    EXPECT_EQ(seen, all) << size;
  }
}

}  // namespace
}  // namespace aerolith::ebs
