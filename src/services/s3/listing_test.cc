#include "services/s3/listing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace aerolith::s3 {
namespace {

class SetSource final : public NameSource {
 public:
  explicit SetSource(std::set<std::string> names) : names_(std::move(names)), next_(names_.begin()) {}
  Result<bool> next() override {
    ++steps;
    if (next_ == names_.end()) return false;
    name_ = *next_++;
    return true;
  }
  std::string_view name() const override { return name_; }
  void seek_after(std::string_view name) override { next_ = names_.upper_bound(std::string(name)); }
  void seek(std::string_view name) override { next_ = names_.lower_bound(std::string(name)); }
  void seek_past_prefix(std::string_view prefix) override {
    next_ = std::find_if(names_.lower_bound(std::string(prefix)), names_.end(),
                         [&](const std::string& n) { return !n.starts_with(prefix); });
  }
  int steps = 0;

 private:
  std::set<std::string> names_;
  std::set<std::string>::iterator next_;
  std::string name_;
};

using Names = std::vector<std::string>;

struct Listed {
  Names names;
  Names prefixes;
  Page page;
};

Listed list(SetSource& source, const PageRequest& request) {
  Listed listed;
  auto page = list_page(
      request, source,
      [&]() -> Result<> {
        listed.names.emplace_back(source.name());
        return {};
      },
      [&](std::string prefix) { listed.prefixes.push_back(std::move(prefix)); });
  EXPECT_TRUE(page.has_value());
  listed.page = *page;
  return listed;
}

Listed list(const std::set<std::string>& names, const PageRequest& request) {
  SetSource source(names);
  return list(source, request);
}

const std::set<std::string> kTree = {"asdf", "boo/bar", "boo/baz/xyzzy", "cquux/thud", "cquux/bla"};

TEST(Listing, Flat) {
  Listed all = list(kTree, {});
  EXPECT_EQ(all.names, (Names{"asdf", "boo/bar", "boo/baz/xyzzy", "cquux/bla", "cquux/thud"}));
  EXPECT_FALSE(all.page.is_truncated);
  EXPECT_EQ(list(kTree, {.prefix = "boo/"}).names, (Names{"boo/bar", "boo/baz/xyzzy"}));
  EXPECT_EQ(list(kTree, {.after = "boo/bar"}).names, (Names{"boo/baz/xyzzy", "cquux/bla", "cquux/thud"}));
  EXPECT_EQ(list(kTree, {.prefix = "c", .after = "a"}).names, (Names{"cquux/bla", "cquux/thud"}));
  EXPECT_EQ(list(kTree, {.prefix = "b", .after = "c"}).names, Names{});
}

TEST(Listing, LimitOfExactlyAllIsNotTruncated) {
  EXPECT_FALSE(list(kTree, {.limit = 5}).page.is_truncated);
  Listed four = list(kTree, {.limit = 4});
  EXPECT_TRUE(four.page.is_truncated);
  EXPECT_EQ(four.page.last, "cquux/bla");
  EXPECT_FALSE(list(kTree, {.limit = 0}).page.is_truncated);
}

TEST(Listing, DelimiterPagesOfOne) {
  Names given;
  std::string after;
  for (int i = 0; i < 10; ++i) {
    Listed one = list(kTree, {.delimiter = "/", .after = after, .limit = 1});
    for (const auto& n : one.names) given.push_back(n);
    for (const auto& p : one.prefixes) given.push_back(p);
    after = one.page.last;
    if (!one.page.is_truncated) break;
  }
  EXPECT_EQ(given, (Names{"asdf", "boo/", "cquux/"}));
}

TEST(Listing, MarkerInsideAGroupSkipsTheGroup) {
  EXPECT_EQ(list(kTree, {.delimiter = "/", .after = "boo/bar"}).prefixes, (Names{"cquux/"}));
  EXPECT_EQ(list(kTree, {.delimiter = "/", .after = "boo/"}).prefixes, (Names{"cquux/"}));
  // Inside the prefix that is asked for, not inside a group below it.
  Listed inside = list(kTree, {.prefix = "boo/", .delimiter = "/", .after = "boo/bar"});
  EXPECT_EQ(inside.prefixes, (Names{"boo/baz/"}));
  EXPECT_EQ(list(kTree, {.prefix = "boo/", .delimiter = "/", .after = "boo/baz/a"}).prefixes, Names{});
}

TEST(Listing, DelimiterOfSeveralBytesAndPrefix) {
  std::set<std::string> names = {"a--b--c", "a--b--d", "a--e", "a--", "x"};
  Listed listed = list(names, {.prefix = "a--", .delimiter = "--"});
  EXPECT_EQ(listed.names, (Names{"a--", "a--e"}));
  EXPECT_EQ(listed.prefixes, (Names{"a--b--"}));
  // The delimiter may overlap the prefix's end only when it begins after it.
  EXPECT_EQ(list(names, {.prefix = "a-", .delimiter = "--"}).prefixes, (Names{"a--b--"}));
}

TEST(Listing, AGroupCostsOneStep) {
  std::set<std::string> names;
  for (int i = 0; i < 1000; ++i) names.insert("big/" + std::to_string(i));
  names.insert("small");
  SetSource source(names);
  Listed listed = list(source, {.delimiter = "/"});
  EXPECT_EQ(listed.prefixes, Names{"big/"});
  EXPECT_EQ(listed.names, Names{"small"});
  EXPECT_EQ(source.steps, 3);
}

TEST(Listing, OrderIsByBytes) {
  std::set<std::string> names = {"Z", "a", "\xc3\xa4", "z", "a\x01"};
  EXPECT_EQ(list(names, {}).names, (Names{"Z", "a", "a\x01", "z", "\xc3\xa4"}));
}

}  // namespace
}  // namespace aerolith::s3
