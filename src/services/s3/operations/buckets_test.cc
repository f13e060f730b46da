#include <gtest/gtest.h>

#include "services/s3/test_fixture.h"

namespace aerolith::s3 {
namespace {

class BucketsTest : public S3Test {
 protected:
  Answer<CreateBucketOutput> make_in(const std::string& constraint) {
    CreateBucketInput input{.bucket = "bucket"};
    if (!constraint.empty()) input.create_bucket_configuration.emplace().location_constraint = constraint;
    return call(create_bucket, input);
  }
  std::vector<std::string> listed(const ListBucketsOutput& output) {
    std::vector<std::string> names;
    for (const Bucket& bucket : *output.buckets) names.push_back(*bucket.name);
    return names;
  }
};
using Names = std::vector<std::string>;

TEST_F(BucketsTest, CreateAnswersWhereItIs) {
  auto made = make_bucket();
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->location, "/bucket");
  EXPECT_EQ(made->bucket_arn, "arn:aws:s3:::bucket");
  EXPECT_EQ(make_bucket("Bad_Name").code(), "InvalidBucketName");
}

TEST_F(BucketsTest, CreateAgain) {
  EXPECT_TRUE(make_bucket().ok());
  EXPECT_TRUE(make_bucket().ok());  // us-east-1
  account_ = AccountId("999999999999");
  EXPECT_EQ(make_bucket().code(), "BucketAlreadyExists");
  region_ = Region("eu-central-1");
  account_ = AccountId("123456789012");
  CreateBucketInput input{.bucket = "elsewhere"};
  input.create_bucket_configuration.emplace().location_constraint = "eu-central-1";
  EXPECT_EQ(*call(create_bucket, input)->location, "http://elsewhere.s3.amazonaws.com/");
  auto again = call(create_bucket, input);
  EXPECT_EQ(again.code(), "BucketAlreadyOwnedByYou");
  EXPECT_EQ(again.status(), 409);
}

TEST_F(BucketsTest, LocationConstraints) {
  EXPECT_EQ(make_in("us-east-1").code(), "InvalidLocationConstraint");
  EXPECT_EQ(make_in("nowhere-9").code(), "InvalidLocationConstraint");
  EXPECT_EQ(make_in("aws-global").code(), "InvalidLocationConstraint");
  EXPECT_EQ(make_in("eu-west-1").code(), "IllegalLocationConstraintException");
  region_ = Region("eu-west-1");
  EXPECT_EQ(make_in("").code(), "IllegalLocationConstraintException");
  for (const char* wrong : {"us-west-2", "us-east-1", "aws-global", "bar"}) {
    EXPECT_EQ(make_in(wrong).code(), "IllegalLocationConstraintException") << wrong;
  }
  EXPECT_TRUE(make_in("EU").ok());
  EXPECT_EQ(call(get_bucket_location, GetBucketLocationInput{.bucket = "bucket"})->location_constraint, "EU");
  EXPECT_EQ(call(head_bucket, HeadBucketInput{.bucket = "bucket"})->bucket_region, "eu-west-1");
}

TEST_F(BucketsTest, LocationIsTheRegion) {
  make_bucket();
  EXPECT_EQ(call(get_bucket_location, GetBucketLocationInput{.bucket = "bucket"})->location_constraint, "");
  region_ = Region("eu-west-1");
  CreateBucketInput input{.bucket = "elsewhere"};
  input.create_bucket_configuration.emplace().location_constraint = "eu-west-1";
  ASSERT_TRUE(call(create_bucket, input).ok());
  EXPECT_EQ(call(get_bucket_location, GetBucketLocationInput{.bucket = "elsewhere"})->location_constraint, "eu-west-1");
}

TEST_F(BucketsTest, HeadAndOwners) {
  make_bucket();
  auto head = call(head_bucket, HeadBucketInput{.bucket = "bucket"});
  ASSERT_TRUE(head.ok());
  EXPECT_EQ(head->bucket_region, "us-east-1");
  EXPECT_EQ(call(head_bucket, HeadBucketInput{.bucket = "other"}).code(), "NoSuchBucket");
  HeadBucketInput expected{.bucket = "bucket", .expected_bucket_owner = "999999999999"};
  auto refused = call(head_bucket, expected);
  EXPECT_EQ(refused.code(), "AccessDenied");
  EXPECT_EQ(refused.status(), 403);
  EXPECT_EQ(refused.result.error().headers.at(0).first, "x-amz-bucket-region");
}

TEST_F(BucketsTest, ListInPages) {
  for (const char* name : {"b-two", "a-one", "b-three"}) make_bucket(name);
  EXPECT_EQ(listed(call(list_buckets, ListBucketsInput{}).output()), (Names{"a-one", "b-three", "b-two"}));
  auto page = call(list_buckets, ListBucketsInput{.max_buckets = 2});
  EXPECT_EQ(listed(page.output()), (Names{"a-one", "b-three"}));
  ASSERT_TRUE(page->continuation_token.has_value());
  page = call(list_buckets, ListBucketsInput{.max_buckets = 2, .continuation_token = page->continuation_token});
  EXPECT_EQ(listed(page.output()), (Names{"b-two"}));
  EXPECT_FALSE(page->continuation_token.has_value());
  EXPECT_EQ(listed(call(list_buckets, ListBucketsInput{.prefix = "b-"}).output()), (Names{"b-three", "b-two"}));
  EXPECT_EQ(listed(call(list_buckets, ListBucketsInput{.bucket_region = "eu-west-1"}).output()), Names{});
  page = call(list_buckets, ListBucketsInput{.max_buckets = 1, .continuation_token = ""});
  EXPECT_EQ(listed(page.output()), (Names{"a-one"}));
  EXPECT_EQ(page->buckets->front().bucket_arn, "arn:aws:s3:::a-one");
  EXPECT_EQ(call(list_buckets, ListBucketsInput{.max_buckets = 0}).code(), "InvalidArgument");
  EXPECT_EQ(call(list_buckets, ListBucketsInput{.continuation_token = "?"}).code(), "InvalidArgument");
}

TEST_F(BucketsTest, DeleteOnlyWhenEmpty) {
  EXPECT_EQ(call(delete_bucket, DeleteBucketInput{.bucket = "bucket"}).code(), "NoSuchBucket");
  make_bucket();
  put("key", "bytes");
  auto refused = call(delete_bucket, DeleteBucketInput{.bucket = "bucket"});
  EXPECT_EQ(refused.code(), "BucketNotEmpty");
  EXPECT_EQ(refused.status(), 409);
  call(delete_object, DeleteObjectInput{.bucket = "bucket", .key = "key"});
  EXPECT_TRUE(call(delete_bucket, DeleteBucketInput{.bucket = "bucket"}).ok());
  EXPECT_EQ(call(head_bucket, HeadBucketInput{.bucket = "bucket"}).code(), "NoSuchBucket");
}

TEST_F(BucketsTest, DeleteTakesUnfinishedUploadsAlong) {
  make_bucket();
  auto upload = call(create_multipart_upload, CreateMultipartUploadInput{.bucket = "bucket", .key = "key"});
  MemoryPayload body("part");
  UploadPartInput part{.bucket = "bucket", .key = "key", .part_number = 1, .upload_id = upload->upload_id};
  ASSERT_TRUE(call(upload_part, part, {{"Content-Length", "4"}}, &body).ok());
  EXPECT_EQ(extents(), 1U);
  EXPECT_TRUE(call(delete_bucket, DeleteBucketInput{.bucket = "bucket"}).ok());
  EXPECT_EQ(extents(), 0U);
}

}  // namespace
}  // namespace aerolith::s3
