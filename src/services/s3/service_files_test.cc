#include <gtest/gtest.h>

#include "services/s3/api.h"
#include "services/s3/test_fixture.h"

namespace aerolith::s3 {
namespace {

class ServiceFiles : public S3Test {
 protected:
  ServiceFile file(const std::string& account = "123456789012") const {
    return {.service = "delivery.logs.amazonaws.com",
            .account = AccountId(account),
            .source = "arn:aws:logs:us-east-1:" + account + ":*",
            .bucket = "bucket",
            .key = "AWSLogs/file",
            .content_type = "application/x-gzip",
            .bytes = "bytes"};
  }
  void set_policy(const std::string& statement) {
    const std::string document =
        R"({"Version":"2012-10-17","Statement":[{"Action":"s3:PutObject","Resource":"arn:aws:s3:::bucket/*",)" +
        statement + "}]}";
    PutBucketPolicyInput input{.bucket = "bucket", .policy = document};
    MemoryPayload body(document);
    ASSERT_TRUE(call(put_bucket_policy, input, {}, &body, document).ok());
  }
  ServiceFileFault fault_of(const ServiceFile& file) {
    const auto done = put_service_file(*metadata_, *objects_, file, now_);
    EXPECT_FALSE(done.has_value());
    return done.has_value() ? ServiceFileFault::failed : done.error().fault;
  }
};

TEST_F(ServiceFiles, IntoABucketOfTheSameAccount) {
  EXPECT_EQ(fault_of(file()), ServiceFileFault::no_such_bucket);
  ASSERT_TRUE(make_bucket().ok());
  ASSERT_TRUE(put_service_file(*metadata_, *objects_, file(), now_).has_value());
  ASSERT_TRUE(put_service_file(*metadata_, *objects_, file(), now_).has_value());
  auto read = get("AWSLogs/file");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read.body(), "bytes");
  EXPECT_EQ(read->content_type, "application/x-gzip");
}

TEST_F(ServiceFiles, APolicyMayKeepItOut) {
  ASSERT_TRUE(make_bucket().ok());
  set_policy(R"("Effect":"Deny","Principal":{"Service":"delivery.logs.amazonaws.com"})");
  EXPECT_EQ(fault_of(file()), ServiceFileFault::denied);
}

TEST_F(ServiceFiles, IntoAnotherAccountsBucketWhereThePolicyAllowsIt) {
  ASSERT_TRUE(make_bucket().ok());
  const ServiceFile foreign = file("210987654321");
  EXPECT_EQ(fault_of(foreign), ServiceFileFault::denied);
  set_policy(R"("Effect":"Allow","Principal":{"Service":"delivery.logs.amazonaws.com"},"Condition":{"StringEquals":)"
             R"({"aws:SourceAccount":"210987654321","s3:x-amz-acl":"bucket-owner-full-control"},)"
             R"("ArnLike":{"aws:SourceArn":"arn:aws:logs:us-east-1:210987654321:*"}})");
  EXPECT_TRUE(put_service_file(*metadata_, *objects_, foreign, now_).has_value());
  EXPECT_EQ(fault_of(file("333333333333")), ServiceFileFault::denied);
}

}  // namespace
}  // namespace aerolith::s3
