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

}  // namespace
}  // namespace aerolith::gateway
