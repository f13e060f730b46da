#include <gtest/gtest.h>

#include "services/s3/test_fixture.h"

namespace aerolith::s3 {
namespace {

using Names = std::vector<std::string>;

class ListsTest : public S3Test {
 protected:
  ListsTest() {
    make_bucket();
    make_bucket("another");
    put("other", "x", {.bucket = "another"});
    for (const char* key : {"asdf", "boo/bar", "boo/baz/xyzzy", "cquux/thud", "cquux/bla", "a b+\xc3\xa4"})
      put(key, key);
  }
  Answer<ListObjectsV2Output> list(ListObjectsV2Input input = {}) {
    input.bucket = "bucket";
    return call(list_objects_v2, input);
  }
  static Names keys(const std::optional<std::vector<Object>>& contents) {
    Names names;
    for (const Object& object : *contents) names.push_back(*object.key);
    return names;
  }
  static Names prefixes(const std::optional<std::vector<CommonPrefix>>& groups) {
    Names names;
    for (const CommonPrefix& group : *groups) names.push_back(*group.prefix);
    return names;
  }
};

TEST_F(ListsTest, SecondForm) {
  auto all = list();
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(keys(all->contents),
            (Names{"a b+\xc3\xa4", "asdf", "boo/bar", "boo/baz/xyzzy", "cquux/bla", "cquux/thud"}));
  EXPECT_EQ(all->key_count, 6);
  EXPECT_EQ(all->max_keys, 1000);
  EXPECT_EQ(all->is_truncated, false);
  const Object& first = all->contents->front();
  EXPECT_EQ(first.size, 6);
  EXPECT_EQ(first.storage_class, "STANDARD");
  EXPECT_FALSE(first.owner.has_value());
  EXPECT_EQ(list({.fetch_owner = true})->contents->front().owner->id->size(), 64U);
  EXPECT_EQ(keys(list({.prefix = "boo/"})->contents), (Names{"boo/bar", "boo/baz/xyzzy"}));
  EXPECT_EQ(keys(list({.start_after = "boo/bar"})->contents), (Names{"boo/baz/xyzzy", "cquux/bla", "cquux/thud"}));
  auto grouped = list({.delimiter = "/"});
  EXPECT_EQ(keys(grouped->contents), (Names{"a b+\xc3\xa4", "asdf"}));
  EXPECT_EQ(prefixes(grouped->common_prefixes), (Names{"boo/", "cquux/"}));
  EXPECT_EQ(grouped->key_count, 4);
}

TEST_F(ListsTest, TokensLeadThroughAllPages) {
  Names given;
  std::optional<std::string> token;
  for (int i = 0; i < 10; ++i) {
    auto page = list({.delimiter = "/", .max_keys = 1, .continuation_token = token});
    ASSERT_TRUE(page.ok());
    for (const auto& name : keys(page->contents)) given.push_back(name);
    for (const auto& name : prefixes(page->common_prefixes)) given.push_back(name);
    token = page->next_continuation_token;
    if (!*page->is_truncated) break;
  }
  EXPECT_EQ(given, (Names{"a b+\xc3\xa4", "asdf", "boo/", "cquux/"}));
  EXPECT_EQ(list({.continuation_token = "junk"}).code(), "InvalidArgument");
  EXPECT_EQ(list({.start_after = "asdf"})->start_after, "asdf");
  token = list({.max_keys = 1})->next_continuation_token;
  auto page = list({.continuation_token = token, .start_after = "cquux"});
  EXPECT_EQ(page->contents->front().key, "asdf");
  EXPECT_FALSE(page->start_after.has_value());
}

TEST_F(ListsTest, FirstForm) {
  auto page = call(list_objects, ListObjectsInput{.bucket = "bucket", .max_keys = 2});
  EXPECT_EQ(keys(page->contents), (Names{"a b+\xc3\xa4", "asdf"}));
  EXPECT_EQ(page->is_truncated, true);
  EXPECT_FALSE(page->next_marker.has_value());
  EXPECT_TRUE(page->contents->front().owner.has_value());
  page = call(list_objects, ListObjectsInput{.bucket = "bucket", .delimiter = "/", .marker = "asdf", .max_keys = 1});
  EXPECT_EQ(prefixes(page->common_prefixes), Names{"boo/"});
  EXPECT_EQ(page->next_marker, "boo/");
  page = call(list_objects, ListObjectsInput{.bucket = "bucket", .delimiter = "/", .marker = "boo/", .max_keys = 1});
  EXPECT_EQ(prefixes(page->common_prefixes), Names{"cquux/"});
  EXPECT_EQ(page->is_truncated, false);
}

TEST_F(ListsTest, MarkersInsideAGroup) {
  auto first = call(list_objects, ListObjectsInput{.bucket = "bucket", .delimiter = "/", .marker = "boo/bar"});
  EXPECT_EQ(prefixes(first->common_prefixes), Names{"cquux/"});
  auto second = list({.delimiter = "/", .start_after = "boo/bar"});
  EXPECT_EQ(prefixes(second->common_prefixes), Names{"cquux/"});
}

TEST_F(ListsTest, UrlEncodingAndLimits) {
  auto encoded = list({.encoding_type = "url", .prefix = "a "});
  EXPECT_EQ(keys(encoded->contents), Names{"a+b%2B%C3%A4"});
  EXPECT_EQ(encoded->prefix, "a+");
  EXPECT_EQ(list({.max_keys = 0})->is_truncated, false);
  EXPECT_EQ(list({.max_keys = 5000})->max_keys, 1000);
  EXPECT_EQ(list({.max_keys = -1}).code(), "InvalidArgument");
  EXPECT_EQ(call(list_objects_v2, ListObjectsV2Input{.bucket = "none"}).code(), "NoSuchBucket");
}

}  // namespace
}  // namespace aerolith::s3
