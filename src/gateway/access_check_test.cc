#include "gateway/access_check.h"

#include <gtest/gtest.h>

namespace aerolith::gateway {
namespace {

class NoIdentities final : public IdentitySource {
 public:
  std::shared_ptr<const Identity> find(const auth::Principal&) const override { return nullptr; }
  std::optional<StoredPolicy> managed_policy(const AccountId&, std::string_view) const override { return std::nullopt; }
};

// A caller whom no policy allows anything, or nobody.
class AccessCheckTest : public testing::Test {
 protected:
  AccessCheckTest() {
    static const protocol::Service service{.name = "s3"};
    context_.service = &service;
    context_.head = &head_;
    context_.resolved.protocol = protocol::Protocol::rest_xml;
  }
  void sign() {
    auto key = std::make_shared<auth::AccessKey>();
    key->principal = {.account = AccountId("111111111111"),
                      .arn = "arn:aws:iam::111111111111:user/u",
                      .user_id = "AIDAU",
                      .entity_arn = "arn:aws:iam::111111111111:user/u",
                      .entity_name = "u"};
    context_.key = std::move(key);
  }
  void sign_as_root() {
    auto key = std::make_shared<auth::AccessKey>();
    key->principal = {.account = AccountId("111111111111"),
                      .arn = "arn:aws:iam::111111111111:root",
                      .user_id = "111111111111",
                      .kind = auth::PrincipalKind::root,
                      .entity_arn = "arn:aws:iam::111111111111:root"};
    context_.key = std::move(key);
  }
  // Empty: an endpoint that allows all.
  void come_through_endpoint(std::string_view policy) {
    auto endpoint = std::make_shared<VpcEndpoint>(VpcEndpoint{.id = "vpce-1", .vpc = "vpc-1", .policy = {}});
    if (!policy.empty()) {
      auto parsed = policy::parse_policy(policy, policy::PolicyKind::resource).value();
      endpoint->policy = StoredPolicy{"vpce-1", std::make_shared<const policy::Policy>(std::move(parsed))};
    }
    context_.endpoint = std::move(endpoint);
  }
  AccessCheck make(const Authorizer& authorizer) { return {authorizer, table_, entry_, context_, nullptr}; }

  NoIdentities identities_;
  Authorizer enforcing_{identities_};
  Authorizer auditing_{identities_, Enforcement::audit};
  http::RequestHead head_;
  ServiceTable table_;
  OperationEntry entry_;
  CallContext context_;
};

TEST_F(AccessCheckTest, EnforcingRefusesAndRemembers) {
  sign();
  AccessCheck check = make(enforcing_);
  const auto answer = check.require({"s3:GetObject", "arn:aws:s3:::b/k"});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, "AccessDenied");
  EXPECT_FALSE(check.allows({"s3:ListBucket", "arn:aws:s3:::b"}));
  const auto asks = check.take_asks();
  ASSERT_EQ(asks.size(), 2u);
  EXPECT_EQ(asks[0].action, "s3:GetObject");
  EXPECT_EQ(asks[0].resource, "arn:aws:s3:::b/k");
  EXPECT_EQ(asks[0].outcome, audit::Outcome::denied);
  EXPECT_FALSE(asks[0].is_probe);
  ASSERT_TRUE(asks[0].reason);
  EXPECT_EQ(asks[0].reason->policy_kind, "identity-based policy");
  EXPECT_TRUE(asks[1].is_probe);
}

TEST_F(AccessCheckTest, AuditingLetsThroughAndRemembersTheSame) {
  sign();
  AccessCheck check = make(auditing_);
  EXPECT_TRUE(check.require({"s3:GetObject", "arn:aws:s3:::b/k"}).has_value());
  EXPECT_TRUE(check.allows({"s3:ListBucket", "arn:aws:s3:::b"}));
  const auto asks = check.take_asks();
  ASSERT_EQ(asks.size(), 2u);
  EXPECT_EQ(asks[0].outcome, audit::Outcome::would_deny);
  ASSERT_TRUE(asks[0].reason);
  EXPECT_EQ(asks[0].reason->policy_kind, "identity-based policy");
}

TEST_F(AccessCheckTest, AuditingLetsNobodyThroughWithoutASignature) {
  AccessCheck check = make(auditing_);
  EXPECT_FALSE(check.require({"s3:GetObject", "arn:aws:s3:::b/k"}).has_value());
  EXPECT_FALSE(check.allows({"s3:ListBucket", "arn:aws:s3:::b"}));
  EXPECT_EQ(check.take_asks().at(0).outcome, audit::Outcome::denied);
}

TEST_F(AccessCheckTest, PastAThousandItOnlyCounts) {
  sign();
  AccessCheck check = make(auditing_);
  for (int number = 0; number < 1007; ++number) EXPECT_TRUE(check.allows({"s3:GetObject", "arn:aws:s3:::b/k"}));
  EXPECT_EQ(check.take_asks().size(), 1000u);
  EXPECT_EQ(check.asks_left_out(), 7u);
}

TEST_F(AccessCheckTest, TheKeysOfTheRowAreFoundOutWhenOneIsAskedFor) {
  sign();
  int found_out = 0;
  entry_.conditions = [&](const CallContext&, const void*, policy::Context& keys) {
    ++found_out;
    keys.set("s3:prefix", "home/");
  };
  AccessCheck check = make(enforcing_);
  EXPECT_FALSE(check.allows({"s3:GetObject", "arn:aws:s3:::b/k"}));
  EXPECT_EQ(found_out, 0);
  EXPECT_TRUE(check.conditions().contains(policy::ContextKey("s3:prefix")));
  EXPECT_TRUE(check.conditions().contains(policy::ContextKey("aws:username")));
  EXPECT_EQ(found_out, 1);
}

TEST_F(AccessCheckTest, AnEndpointsPolicyLimitsTheRootToo) {
  sign_as_root();
  come_through_endpoint(R"({"Statement": [
      {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]},
      {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": "*"}]})");
  AccessCheck check = make(enforcing_);
  EXPECT_TRUE(check.allows({"s3:GetObject", "arn:aws:s3:::b/k"}));
  const auto missing = check.require({"s3:GetObject", "arn:aws:s3:::other/k"});
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, "AccessDenied");
  EXPECT_EQ(missing.error().message,
            "User: arn:aws:iam::111111111111:root is not authorized to perform: s3:GetObject on resource: "
            "\"arn:aws:s3:::other/k\" because no VPC endpoint policy allows the s3:GetObject action");
  const auto denied = check.require({"s3:DeleteObject", "arn:aws:s3:::b/k"});
  ASSERT_FALSE(denied.has_value());
  EXPECT_TRUE(denied.error().message.ends_with("with an explicit deny in a VPC endpoint policy"));
}

TEST_F(AccessCheckTest, AnAllowOfTheEndpointIsNoneOfTheCallers) {
  sign();
  come_through_endpoint(R"({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}})");
  EXPECT_FALSE(make(enforcing_).allows({"s3:GetObject", "arn:aws:s3:::b/k"}));
}

TEST_F(AccessCheckTest, AnEndpointThatNamesAnAccountIsForItsRoot) {
  constexpr std::string_view kNamed =
      R"({"Statement": {"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "*", "Resource": "*"}})";
  sign_as_root();
  come_through_endpoint(kNamed);
  EXPECT_TRUE(make(enforcing_).allows({"s3:GetObject", "arn:aws:s3:::b/k"}));
  sign();
  const auto answer = make(enforcing_).require({"s3:GetObject", "arn:aws:s3:::b/k"});
  ASSERT_FALSE(answer.has_value());
  EXPECT_NE(answer.error().message.find("no VPC endpoint policy"), std::string::npos);
}

TEST_F(AccessCheckTest, WhereARequestComesFrom) {
  sign();
  head_.peer_address = "169.254.128.1";
  const auto has = [&](const char* key) { return make(enforcing_).conditions().contains(policy::ContextKey(key)); };
  EXPECT_TRUE(has("aws:SourceIp"));
  EXPECT_FALSE(has("aws:SourceVpce"));
  come_through_endpoint("");
  EXPECT_FALSE(has("aws:SourceIp"));
  EXPECT_TRUE(has("aws:SourceVpce"));
  EXPECT_TRUE(has("aws:SourceVpc"));
}

}  // namespace
}  // namespace aerolith::gateway
