#include "gateway/route.h"

#include <gtest/gtest.h>

#include "gateway/access_log.h"
#include "services.h"

namespace aerolith::gateway {
namespace {

struct HostCase {
  const char* host;
  const char* bucket;  // nullptr: none
  const char* prefix;
};

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
TEST(Host, TellsServiceAndBucket) {
  const HostCase cases[] = {
      {"localhost:4566", nullptr, ""},
      {"127.0.0.1:4566", nullptr, ""},
      {"[::1]:4566", nullptr, ""},
      {"s3.localhost:4566", nullptr, "s3"},
      {"my-bucket.s3.localhost:4566", "my-bucket", "s3"},
      {"my.dotted.bucket.s3.localhost", "my.dotted.bucket", "s3"},
      {"My-Bucket.S3.LocalHost", "my-bucket", "s3"},
      {"s3.amazonaws.com", nullptr, "s3"},
      {"s3.eu-west-1.amazonaws.com", nullptr, "s3"},
      {"s3-eu-west-1.amazonaws.com", nullptr, "s3"},
      {"bucket.s3-eu-west-1.amazonaws.com", "bucket", "s3"},
      {"dotted.bucket.s3-us-west-2.amazonaws.com:443", "dotted.bucket", "s3"},
      {"bucket.s3.amazonaws.com", "bucket", "s3"},
      {"bucket.s3.eu-west-1.amazonaws.com:443", "bucket", "s3"},
      {"bucket.s3.dualstack.eu-west-1.amazonaws.com", "bucket", "s3"},
      {"a.s3.b.s3.us-east-1.amazonaws.com", "a.s3.b", "s3"},
      {"ec2.eu-west-1.amazonaws.com", nullptr, "ec2"},
      {"iam.amazonaws.com", nullptr, "iam"},
      {"runtime.sagemaker.us-east-1.amazonaws.com", nullptr, "runtime.sagemaker"},
      {"sts.us-east-1.api.aws", nullptr, "sts"},
      {"files.s3.cloud.example", "files", "s3"},
      {"b.s3.us-east-1.localhost", "b", "s3"},
      {"b.s3.us-east-1.localhost.localstack.cloud", "b", "s3"},
      {"ec2.localhost", nullptr, "ec2"},
      {"evils3.localhost", nullptr, "evils3"},
      {"evillocalhost", nullptr, ""},
  };
  for (const HostCase& c : cases) {
    const HostName name = parse_host(c.host, {"cloud.example"});
    EXPECT_EQ(name.endpoint_prefix, c.prefix) << c.host;
    EXPECT_EQ(name.bucket.value_or("(none)"), c.bucket != nullptr ? c.bucket : "(none)") << c.host;
  }
}

class RouteTest : public testing::Test {
 protected:
  // No room's table: implemented operations lack their handlers, so the models are copied without that mark.
  RouteTest() {
    for (const protocol::Service* service : all_services()) {
      operations_.emplace_back(service->operations.begin(), service->operations.end());
      for (protocol::Operation& operation : operations_.back()) operation.implemented = false;
      models_.push_back(*service);
      models_.back().operations = operations_.back();
    }
    for (const protocol::Service& model : models_) pointers_.push_back(&model);
    registry_ = std::make_unique<Registry>(pointers_, std::vector<ServiceTable>{});
  }

  static http::RequestHead head(const std::string& target,
                                const std::vector<std::pair<std::string, std::string>>& fields) {
    http::RequestHead h;
    h.method = "GET";
    h.target = target;
    h.headers.add("Host", "localhost:4566");
    for (const auto& [name, value] : fields) h.headers.set(name, value);
    return h;
  }
  static std::string signed_for(const std::string& service) {
    return "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/" + service +
           "/aws4_request, SignedHeaders=host;x-amz-date, Signature=00";
  }
  std::string service_of(const http::RequestHead& h) const {
    const RoutedRequest routed = route(*registry_, h, {});
    return routed.service != nullptr ? std::string(routed.service->model->name) : "unknown:" + routed.unknown_service;
  }

  std::vector<std::vector<protocol::Operation>> operations_;
  std::vector<protocol::Service> models_;
  std::vector<const protocol::Service*> pointers_;
  std::unique_ptr<Registry> registry_;
};

TEST_F(RouteTest, TargetScopeHostThenS3) {
  EXPECT_EQ(service_of(head("/", {{"X-Amz-Target", "DynamoDB_20120810.ListTables"}})), "dynamodb");
  EXPECT_EQ(service_of(head("/", {{"Authorization", signed_for("ec2")}})), "ec2");
  EXPECT_EQ(service_of(head("/", {{"Authorization", signed_for("elasticloadbalancing")}})), "elbv2");
  EXPECT_EQ(service_of(head("/", {{"Host", "sts.amazonaws.com"}})), "sts");
  EXPECT_EQ(service_of(head("/bucket/key", {})), "s3");
  EXPECT_EQ(service_of(head("/", {{"Authorization", signed_for("groundstation")}})), "unknown:groundstation");
  EXPECT_EQ(service_of(head("/b/k?X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fs3%2Faws4_request"
                            "&X-Amz-Algorithm=AWS4-HMAC-SHA256",
                            {})),
            "s3");
}

TEST_F(RouteTest, ServicesThatShareASigningName) {
  EXPECT_EQ(service_of(head("/bucket", {{"Authorization", signed_for("s3")}})), "s3");
  EXPECT_EQ(
      service_of(head("/v20180820/jobs", {{"Authorization", signed_for("s3")}, {"x-amz-account-id", "123456789012"}})),
      "s3control");
  EXPECT_EQ(
      service_of(head("/", {{"Authorization", signed_for("sagemaker")}, {"X-Amz-Target", "SageMaker.ListModels"}})),
      "sagemaker");
  http::RequestHead invoke = head("/endpoints/e/invocations", {{"Authorization", signed_for("sagemaker")}});
  invoke.method = "POST";
  EXPECT_EQ(service_of(invoke), "sagemaker-runtime");
}

TEST_F(RouteTest, VirtualHostedBucketStandsInFrontOfThePath) {
  const http::RequestHead h = head("/a%20key?x=1", {{"Host", "b.s3.localhost"}, {"Authorization", signed_for("s3")}});
  EXPECT_EQ(route(*registry_, h, {}).path, "/b/a%20key");
}

TEST(AccessLog, HidesWhatWouldRepeatTheRequest) {
  EXPECT_EQ(redact_target("/b/k?X-Amz-Signature=abc&x=1&X-Amz-Security-Token=secret"),
            "/b/k?X-Amz-Signature=-&x=1&X-Amz-Security-Token=-");
  EXPECT_EQ(redact_target("/b/k?AWSAccessKeyId=AKID&Expires=1&Signature=a%2Bb%3D"),
            "/b/k?AWSAccessKeyId=AKID&Expires=1&Signature=-");
  EXPECT_EQ(redact_target("/b/k"), "/b/k");
  EXPECT_EQ(redact_target("/?Action=ChangePassword&OldPassword=a&New%50assword=b&x"),
            "/?Action=ChangePassword&OldPassword=-&New%50assword=-&x");
  EXPECT_EQ(redact_target("/b/k?x-amz-server-side-encryption-customer-key=secret&versionId=1"),
            "/b/k?x-amz-server-side-encryption-customer-key=-&versionId=1");
}

}  // namespace
}  // namespace aerolith::gateway
