#include "services/s3/versions.h"

#include "services/s3/test_fixture.h"

namespace aerolith::s3 {
namespace {

class VersionsTest : public S3Test {
 protected:
  VersionsTest() { make_bucket(); }

  void set_versioning(const std::string& status) {
    PutBucketVersioningInput input{.bucket = "bucket"};
    input.versioning_configuration.emplace().status = status;
    ASSERT_TRUE(call(put_bucket_versioning, input).ok());
  }
  std::string put_version(const std::string& key, const std::string& bytes) {
    auto stored = put(key, bytes);
    EXPECT_TRUE(stored.ok()) << stored.code();
    return stored->version_id.value_or("");
  }
  Answer<DeleteObjectOutput> remove(const std::string& key, std::optional<std::string> version = std::nullopt) {
    return call(delete_object, DeleteObjectInput{.bucket = "bucket", .key = key, .version_id = std::move(version)});
  }
  // "key version-or-null [latest] [marker]" of each entry, all pages together.
  std::vector<std::string> list(int32_t page_size = 1000) {
    std::vector<std::string> entries;
    ListObjectVersionsInput input{.bucket = "bucket", .max_keys = page_size};
    for (int pages = 0; pages < 100; ++pages) {
      auto answer = call(list_object_versions, input);
      EXPECT_TRUE(answer.ok()) << answer.code();
      for (const auto& v : *answer->versions) {
        entries.push_back(*v.key + " " + *v.version_id + (*v.is_latest ? " latest" : ""));
      }
      for (const auto& m : *answer->delete_markers) {
        entries.push_back(*m.key + " " + *m.version_id + (*m.is_latest ? " latest" : "") + " marker");
      }
      if (!*answer->is_truncated) return entries;
      input.key_marker = answer->next_key_marker;
      input.version_id_marker = answer->next_version_id_marker;
    }
    ADD_FAILURE() << "the pages don't end";
    return entries;
  }
};

TEST_F(VersionsTest, IdsTellTheirSequence) {
  for (uint64_t sequence : {uint64_t{0}, uint64_t{1}, uint64_t{1'700'000'000'000'000}, UINT64_MAX}) {
    VersionId id = make_version_id(sequence);
    EXPECT_EQ(id.str().size(), 32U);
    EXPECT_EQ(sequence_of(id), sequence);
    EXPECT_NE(make_version_id(sequence), id);
  }
  EXPECT_EQ(sequence_of(VersionId("short")), std::nullopt);
  EXPECT_EQ(sequence_of(VersionId(std::string(32, '/'))), std::nullopt);
}

TEST_F(VersionsTest, EveryWriteIsKept) {
  set_versioning("Enabled");
  std::string one = put_version("key", "one");
  std::string two = put_version("key", "two");
  EXPECT_EQ(get("key").body(), "two");
  EXPECT_EQ(get("key")->version_id, two);
  EXPECT_EQ(get("key", {.version_id = one}).body(), "one");
  EXPECT_EQ(list(), (std::vector<std::string>{"key " + two + " latest", "key " + one}));
  EXPECT_EQ(extents(), 2U);
}

TEST_F(VersionsTest, ClocksThatGoBackKeepTheOrder) {
  set_versioning("Enabled");
  std::string one = put_version("key", "one");
  now_ -= std::chrono::hours(1);
  std::string two = put_version("key", "two");
  EXPECT_EQ(list(), (std::vector<std::string>{"key " + two + " latest", "key " + one}));
}

TEST_F(VersionsTest, DeleteMarkersHideAndGoAgain) {
  set_versioning("Enabled");
  std::string one = put_version("key", "one");
  auto marker = remove("key");
  EXPECT_EQ(marker->delete_marker, true);
  auto hidden = get("key");
  EXPECT_EQ(hidden.code(), "NoSuchKey");
  EXPECT_EQ(hidden.result.error().headers.at(1).second, *marker->version_id);
  EXPECT_EQ(get("key", {.version_id = marker->version_id}).status(), 405);
  EXPECT_EQ(get("key", {.version_id = one}).body(), "one");
  auto gone = remove("key", marker->version_id);
  EXPECT_EQ(gone->delete_marker, true);
  EXPECT_EQ(get("key").body(), "one");
  EXPECT_EQ(call(delete_bucket, DeleteBucketInput{.bucket = "bucket"}).code(), "BucketNotEmpty");
  EXPECT_TRUE(remove("key", one).ok());
  EXPECT_EQ(extents(), 0U);
  EXPECT_TRUE(call(delete_bucket, DeleteBucketInput{.bucket = "bucket"}).ok());
}

TEST_F(VersionsTest, TheOneBeforeIsCurrentAgain) {
  set_versioning("Enabled");
  std::string one = put_version("key", "one");
  std::string two = put_version("key", "two");
  std::string three = put_version("key", "three");
  EXPECT_TRUE(remove("key", three).ok());
  EXPECT_EQ(get("key")->version_id, two);
  EXPECT_TRUE(remove("key", one).ok());
  EXPECT_EQ(list(), (std::vector<std::string>{"key " + two + " latest"}));
  EXPECT_TRUE(remove("key", two).ok());
  EXPECT_EQ(get("key").code(), "NoSuchKey");
  EXPECT_EQ(get("key", {.version_id = two}).code(), "NoSuchVersion");
  EXPECT_EQ(extents(), 0U);
}

TEST_F(VersionsTest, TheNullVersionIsOne) {
  put("key", "before");
  set_versioning("Enabled");
  EXPECT_EQ(get("key")->version_id, "null");
  std::string one = put_version("key", "one");
  EXPECT_EQ(get("key", {.version_id = "null"}).body(), "before");
  set_versioning("Suspended");
  EXPECT_EQ(put_version("key", "after"), "");
  EXPECT_EQ(get("key", {.version_id = "null"}).body(), "after");
  EXPECT_EQ(list(), (std::vector<std::string>{"key null latest", "key " + one}));
  put_version("key", "again");
  EXPECT_EQ(list().size(), 2U);
  auto marker = remove("key");
  EXPECT_EQ(marker->version_id, "null");
  EXPECT_EQ(list(), (std::vector<std::string>{"key " + one, "key null latest marker"}));
  EXPECT_EQ(extents(), 1U);
  EXPECT_TRUE(remove("key", "null").ok());
  EXPECT_EQ(get("key").body(), "one");
  set_versioning("Enabled");
  EXPECT_TRUE(remove("key", "null").ok());
  EXPECT_EQ(list().size(), 1U);
}

TEST_F(VersionsTest, APastNullVersionIsReplaced) {
  put("key", "before");
  set_versioning("Enabled");
  std::string one = put_version("key", "one");
  set_versioning("Suspended");
  put("key", std::string(200'000, 'x'));
  set_versioning("Enabled");
  std::string two = put_version("key", "two");
  EXPECT_EQ(list(), (std::vector<std::string>{"key " + two + " latest", "key null", "key " + one}));
  EXPECT_TRUE(remove("key", "null").ok());
  EXPECT_EQ(get("key", {.version_id = "null"}).code(), "NoSuchVersion");
  EXPECT_EQ(extents(), 2U);
}

TEST_F(VersionsTest, PagesOfAnySizeListEachOnce) {
  set_versioning("Enabled");
  for (const char* key : {"a", "b", "c"}) {
    for (int i = 0; i < 4; ++i) put_version(key, "x");
    remove(key);
  }
  std::vector<std::string> all = list();
  std::ranges::sort(all);
  EXPECT_EQ(all.size(), 15U);
  for (int32_t size : {1, 2, 3, 5, 7, 14, 15}) {
    std::vector<std::string> paged = list(size);
    std::ranges::sort(paged);
    EXPECT_EQ(paged, all) << size;
  }
}

TEST_F(VersionsTest, CopiesOfVersions) {
  set_versioning("Enabled");
  std::string one = put_version("key", "one");
  put_version("key", "two");
  CopyObjectInput input{.bucket = "bucket", .copy_source = "bucket/key?versionId=" + one, .key = "key"};
  auto copied = call(copy_object, input);
  ASSERT_TRUE(copied.ok()) << copied.code();
  EXPECT_EQ(copied->copy_source_version_id, one);
  EXPECT_EQ(get("key").body(), "one");
  EXPECT_EQ(list().size(), 3U);
  auto marker = remove("key");
  input.copy_source = "bucket/key?versionId=" + *marker->version_id;
  EXPECT_EQ(call(copy_object, input).code(), "InvalidRequest");
  input.copy_source = "bucket/key";
  input.key = "other";
  EXPECT_EQ(call(copy_object, input).code(), "NoSuchKey");
}

}  // namespace
}  // namespace aerolith::s3
