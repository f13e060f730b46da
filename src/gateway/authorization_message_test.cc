#include "gateway/authorization_message.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/encoding.h"
#include "gateway/authorize.h"

namespace aerolith::gateway {
namespace {

namespace json = boost::json;

// Not secret, but bound to its context.
class MarkingBox final : public auth::SecretBox {
 public:
  std::string seal(std::string_view secret, std::string_view context) const override {
    return base64_encode(std::string(context) + "|" + std::string(secret));
  }
  std::optional<std::string> open(std::string_view sealed, std::string_view context) const override {
    const auto bytes = base64_decode(sealed);
    const std::string start = std::string(context) + "|";
    if (!bytes || !bytes->starts_with(start)) return std::nullopt;
    return bytes->substr(start.size());
  }
};

class OneUser final : public IdentitySource {
 public:
  std::shared_ptr<const Identity> find(const auth::Principal&) const override { return identity; }
  std::optional<StoredPolicy> managed_policy(const AccountId&, std::string_view) const override { return {}; }
  std::shared_ptr<Identity> identity = std::make_shared<Identity>(Identity{.unique_id = "AIDAU"});
};

class AuthorizationMessageTest : public testing::Test {
 protected:
  AuthorizationMessageTest() {
    key_.principal = {.account = AccountId("111111111111"),
                      .arn = "arn:aws:iam::111111111111:user/u",
                      .user_id = "AIDAU",
                      .entity_arn = "arn:aws:iam::111111111111:user/u",
                      .entity_name = "u"};
    context_.set("aws:SourceIp", "192.0.2.1");
    context_.add_value("aws:TagKeys", "a");
    context_.add_value("aws:TagKeys", "b");
  }
  void give(const char* statement) {
    const std::string text = R"({"Version":"2012-10-17","Statement":)" + std::string(statement) + "}";
    users_.identity->policies = {{"p", std::make_shared<const policy::Policy>(
                                           policy::parse_policy(text, policy::PolicyKind::identity).value())}};
  }
  std::string denied() {
    const AccessAnswer answer = authorizer_.decide({.key = &key_,
                                                    .identity = users_.identity.get(),
                                                    .action = "ec2:StopInstances",
                                                    .resource = "arn:aws:ec2:us-east-1:111111111111:instance/i-1",
                                                    .context = context_,
                                                    .encode_denial = true});
    EXPECT_FALSE(answer.allowed);
    return answer.encoded;
  }
  json::object decoded(const std::string& encoded) {
    const auto text = decode_authorization_message(box_, key_.principal.account, encoded);
    EXPECT_TRUE(text) << encoded;
    return json::parse(text.value_or("{}")).as_object();
  }

  MarkingBox box_;
  OneUser users_;
  Authorizer authorizer_{users_, Enforcement::enforce, &box_};
  auth::AccessKey key_;
  policy::Context context_;
};

TEST_F(AuthorizationMessageTest, SaysWhoWantedWhatAndWhyNot) {
  const json::object message = decoded(denied());
  const json::value wanted = json::parse(R"({
    "allowed": false, "explicitDeny": false, "matchedStatements": {"items": []}, "failures": {"items": []},
    "context": {
      "principal": {"id": "AIDAU", "arn": "arn:aws:iam::111111111111:user/u", "name": "u"},
      "action": "ec2:StopInstances", "resource": "arn:aws:ec2:us-east-1:111111111111:instance/i-1",
      "conditions": {"items": [
        {"key": "aws:sourceip", "values": {"items": [{"value": "192.0.2.1"}]}},
        {"key": "aws:tagkeys", "values": {"items": [{"value": "a"}, {"value": "b"}]}}]}}})");
  EXPECT_EQ(json::value(message), wanted) << json::serialize(message);
}

TEST_F(AuthorizationMessageTest, ShowsTheStatementThatDenied) {
  give(R"({"Sid":"No","Effect":"Deny","Action":"ec2:Stop*","Resource":"*",
           "Condition":{"StringEquals":{"aws:SourceIp":"192.0.2.1"}}})");
  const json::object message = decoded(denied());
  EXPECT_TRUE(message.at("explicitDeny").as_bool());
  const json::value wanted = json::parse(R"({"items": [{
    "statementId": "No", "effect": "DENY", "principals": {"items": [{"value": "AIDAU"}]},
    "principalGroups": {"items": []}, "actions": {"items": [{"value": "ec2:stop*"}]},
    "resources": {"items": [{"value": "*"}]},
    "conditions": {"items": [{"key": "aws:SourceIp", "values": {"items": [{"value": "192.0.2.1"}]}}]}}]})");
  EXPECT_EQ(message.at("matchedStatements"), wanted) << json::serialize(message);
}

TEST_F(AuthorizationMessageTest, IsForTheCallersAccount) {
  const std::string encoded = denied();
  EXPECT_FALSE(decode_authorization_message(box_, AccountId("222222222222"), encoded));
  EXPECT_FALSE(decode_authorization_message(box_, key_.principal.account, box_.seal("{}", "something else")));
}

TEST_F(AuthorizationMessageTest, StaysWithinAwssLimit) {
  for (int i = 0; i < 60; ++i) context_.set("aws:RequestTag/k" + std::to_string(i), std::string(256, 'v'));
  const std::string encoded = denied();
  EXPECT_LE(encoded.size(), kMaxEncodedMessageBytes);
  EXPECT_FALSE(decoded(encoded).at("context").at("conditions").at("items").as_array().empty());
}

TEST_F(AuthorizationMessageTest, OnlyForServicesThatWantIt) {
  EXPECT_TRUE(authorizer_
                  .decide({.key = &key_,
                           .identity = users_.identity.get(),
                           .action = "s3:GetObject",
                           .resource = "*",
                           .context = context_})
                  .encoded.empty());
}

TEST_F(AuthorizationMessageTest, ATokensHolderIsAskedByItsProvider) {
  const char* trust = R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":
    "arn:aws:iam::111111111111:oidc-provider/idp:1"},"Action":"sts:AssumeRoleWithWebIdentity"}})";
  const ResourcePolicy role{
      .owner = AccountId("111111111111"),
      .policy = StoredPolicy{"role", std::make_shared<const policy::Policy>(
                                         policy::parse_policy(trust, policy::PolicyKind::trust).value())}};
  const auto ask = [&](std::string_view provider, std::string_view action) {
    return authorizer_
        .decide({.provider = provider,
                 .action = action,
                 .resource = "arn:aws:iam::111111111111:role/r",
                 .resource_policy = &role,
                 .context = context_,
                 .rule = policy::ResourceRule::trust})
        .allowed;
  };
  EXPECT_TRUE(ask("arn:aws:iam::111111111111:oidc-provider/idp:1", "sts:AssumeRoleWithWebIdentity"));
  EXPECT_FALSE(ask("arn:aws:iam::111111111111:oidc-provider/idp:1", "sts:TagSession"));
  EXPECT_FALSE(ask("arn:aws:iam::111111111111:oidc-provider/idp:2", "sts:AssumeRoleWithWebIdentity"));
  EXPECT_FALSE(ask("", "sts:AssumeRoleWithWebIdentity"));
}

}  // namespace
}  // namespace aerolith::gateway
