#include "gateway/own_names.h"

#include <gtest/gtest.h>

#include "services.h"

namespace aerolith::gateway {
namespace {

class OwnNamesTest : public testing::Test {
 protected:
  // No room's table: the models are copied without the mark of what is implemented.
  OwnNamesTest() {
    for (const protocol::Service* service : all_services()) {
      models_.push_back(*service);
      models_.back().operations = {};
    }
    for (const protocol::Service& model : models_) known_.push_back(&model);
    registry_ = std::make_unique<Registry>(known_, std::vector<ServiceTable>());
  }
  std::optional<OwnName> find(std::string_view name) const {
    return find_own_name(*registry_, name, {"cloud.example", "Box"});
  }

  std::vector<protocol::Service> models_;
  std::vector<const protocol::Service*> known_;
  std::unique_ptr<Registry> registry_;
};

TEST_F(OwnNamesTest, OfServices) {
  for (const char* const name : {"localhost",
                                 "cloud.example",
                                 "box",
                                 "BOX",
                                 "sts.amazonaws.com",
                                 "sts.us-east-1.amazonaws.com",
                                 "STS.us-gov-west-1.AmazonAWS.com",
                                 "iam.amazonaws.com",
                                 "iam.global.api.aws",
                                 "iam-fips.aws-global.api.aws",
                                 "fips.eks.us-east-1.amazonaws.com",
                                 "api.sagemaker.eu-west-1.amazonaws.com",
                                 "api-fips.sagemaker.us-east-1.amazonaws.com",
                                 "runtime.sagemaker.us-east-1.amazonaws.com",
                                 "ecr.us-east-1.api.aws",
                                 "api.ecr.us-east-1.amazonaws.com",
                                 "monitoring.ap-southeast-2.amazonaws.com",
                                 "ec2.localhost",
                                 "ec2.eu-west-1.localhost",
                                 "sts.cloud.example",
                                 "s3.localhost",
                                 "s3.amazonaws.com",
                                 "s3-us-west-2.amazonaws.com",
                                 "s3-us-gov-west-1.amazonaws.com",
                                 "s3.dualstack.us-east-1.amazonaws.com",
                                 "s3-fips.aws-global.amazonaws.com"}) {
    const auto own = find(name);
    ASSERT_TRUE(own.has_value()) << name;
    EXPECT_EQ(own->bucket_parent, "") << name;
  }
}

TEST_F(OwnNamesTest, OfBuckets) {
  const std::pair<const char*, const char*> cases[] = {
      {"My-Bucket.s3.amazonaws.com", "s3.amazonaws.com"},
      {"my-bucket.s3.eu-west-1.amazonaws.com", "s3.eu-west-1.amazonaws.com"},
      {"my-bucket.s3.dualstack.eu-west-1.amazonaws.com", "s3.dualstack.eu-west-1.amazonaws.com"},
      {"my-bucket.s3-us-west-2.amazonaws.com", "s3-us-west-2.amazonaws.com"},
      {"b.s3.localhost", "s3.localhost"},
      {"b.s3.eu-west-1.localhost", "s3.eu-west-1.localhost"},
      {"b.s3.cloud.example", "s3.cloud.example"},
      {"123456789012.s3-control.us-east-1.amazonaws.com", "s3-control.us-east-1.amazonaws.com"},
      // A wildcard stands for one label, so these need their own names.
      {"my.bucket.s3.amazonaws.com", ""},
      {"my.bucket.s3-us-west-2.amazonaws.com", ""},
      {"a.s3.b.s3.us-east-1.amazonaws.com", ""},
  };
  for (const auto& [name, parent] : cases) {
    const auto own = find(name);
    ASSERT_TRUE(own.has_value()) << name;
    EXPECT_EQ(own->bucket_parent, parent) << name;
  }
}

TEST_F(OwnNamesTest, NotOurs) {
  const std::string long_label(64, 'a');
  for (const std::string& name : {std::string(),
                                  std::string("."),
                                  std::string("example.com"),
                                  std::string("amazonaws.com"),
                                  std::string("us-east-1.amazonaws.com"),
                                  std::string("aws.amazon.com"),
                                  std::string("console.amazonaws.com"),
                                  std::string("s3.amazonaws.com.cn"),
                                  std::string("s3.amazonaws.com.evil.example"),
                                  std::string("evilamazonaws.com"),
                                  std::string("sts.evilamazonaws.com"),
                                  std::string("sts.foo.amazonaws.com"),
                                  std::string("sts-us-west-2.amazonaws.com"),
                                  std::string("ec2-1-2-3-4.compute-1.amazonaws.com"),
                                  std::string("x.us-east-1.elb.amazonaws.com"),
                                  std::string("a.sts.us-east-1.amazonaws.com"),
                                  std::string("foo.localhost"),
                                  std::string("evillocalhost"),
                                  std::string("*.s3.amazonaws.com"),
                                  std::string("a..s3.amazonaws.com"),
                                  std::string(".s3.amazonaws.com"),
                                  std::string("s3.amazonaws.com."),
                                  std::string("a b.s3.amazonaws.com"),
                                  std::string("a\0b.s3.localhost", 16),
                                  std::string("www.cloud.example"),
                                  std::string("127.0.0.1"),
                                  std::string("[::1]"),
                                  long_label + ".s3.amazonaws.com",
                                  std::string(250, 'a') + ".s3.amazonaws.com"}) {
    EXPECT_FALSE(find(name).has_value()) << name;
  }
}

}  // namespace
}  // namespace aerolith::gateway
