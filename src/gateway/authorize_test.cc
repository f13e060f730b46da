#include "gateway/authorize.h"

#include <gtest/gtest.h>

#include <map>

namespace aerolith::gateway {
namespace {

constexpr std::string_view kObject = "arn:aws:s3:::bucket/key";

StoredPolicy stored(std::string name, std::string_view statement, policy::PolicyKind kind) {
  const std::string text = R"({"Version": "2012-10-17", "Statement": [)" + std::string(statement) + "]}";
  return {std::move(name), std::make_shared<const policy::Policy>(policy::parse_policy(text, kind).value())};
}
StoredPolicy allowing(std::string name, std::string_view action) {
  return stored(std::move(name), R"({"Effect": "Allow", "Action": ")" + std::string(action) + R"(", "Resource": "*"})",
                policy::PolicyKind::identity);
}

class Identities final : public IdentitySource {
 public:
  std::shared_ptr<const Identity> find(const auth::Principal& principal) const override {
    const auto found = by_arn.find(principal.entity_arn);
    return found == by_arn.end() ? nullptr : found->second;
  }
  std::optional<StoredPolicy> managed_policy(const AccountId&, std::string_view arn) const override {
    const auto found = managed.find(std::string(arn));
    if (found == managed.end()) return std::nullopt;
    return found->second;
  }
  std::map<std::string, std::shared_ptr<Identity>> by_arn;
  std::map<std::string, StoredPolicy> managed;
};

class AuthorizeTest : public testing::Test {
 protected:
  static auth::AccessKey root(const std::string& account) {
    const std::string arn = "arn:aws:iam::" + account + ":root";
    auth::AccessKey key;
    key.principal = {.account = AccountId(account),
                     .arn = arn,
                     .user_id = account,
                     .kind = auth::PrincipalKind::root,
                     .entity_arn = arn};
    return key;
  }
  auth::AccessKey user(std::vector<StoredPolicy> policies) {
    const std::string arn = "arn:aws:iam::111111111111:user/u";
    identities_.by_arn[arn] =
        std::make_shared<Identity>(Identity{.unique_id = "AIDAU", .policies = std::move(policies)});
    auth::AccessKey key;
    key.principal = {.account = AccountId("111111111111"),
                     .arn = arn,
                     .user_id = "AIDAU",
                     .kind = auth::PrincipalKind::user,
                     .entity_arn = arn,
                     .entity_name = "u"};
    return key;
  }
  AccessAnswer ask(const auth::AccessKey* key, std::string_view action, const ResourcePolicy* resource = nullptr) {
    const auto identity = authorizer_.find_identity(key);
    return authorizer_.decide({.key = key,
                               .identity = identity.get(),
                               .action = action,
                               .resource = kObject,
                               .resource_policy = resource,
                               .context = context_});
  }
  static ResourcePolicy bucket_of(const std::string& account, std::string_view statement = "") {
    ResourcePolicy found{.owner = AccountId(account), .policy = std::nullopt};
    if (!statement.empty()) found.policy = stored("bucket", statement, policy::PolicyKind::resource);
    return found;
  }

  Identities identities_;
  Authorizer authorizer_{identities_};
  policy::Context context_;
};

constexpr std::string_view kPublicRead =
    R"({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"})";

TEST_F(AuthorizeTest, OnlyTheRootOfTheOwnAccountIsNotAsked) {
  const auth::AccessKey own = root("111111111111");
  const ResourcePolicy mine = bucket_of("111111111111");
  const ResourcePolicy other = bucket_of("222222222222");
  const ResourcePolicy with_policy = bucket_of("111111111111", kPublicRead);
  EXPECT_TRUE(Authorizer::is_unlimited(&own, nullptr));
  EXPECT_TRUE(Authorizer::is_unlimited(&own, &mine));
  EXPECT_FALSE(Authorizer::is_unlimited(&own, &other));
  EXPECT_FALSE(Authorizer::is_unlimited(&own, &with_policy));
  EXPECT_FALSE(Authorizer::is_unlimited(nullptr, nullptr));
}

TEST_F(AuthorizeTest, AnotherAccountNeedsBothSides) {
  const auth::AccessKey stranger = root("111111111111");
  const ResourcePolicy closed = bucket_of("222222222222");
  EXPECT_FALSE(ask(&stranger, "s3:GetObject", &closed).allowed);
  const ResourcePolicy open = bucket_of("222222222222", kPublicRead);
  EXPECT_TRUE(ask(&stranger, "s3:GetObject", &open).allowed);
  EXPECT_FALSE(ask(&stranger, "s3:PutObject", &open).allowed);
  const auth::AccessKey powerless = user({});
  EXPECT_FALSE(ask(&powerless, "s3:GetObject", &open).allowed) << "its own account doesn't let it";
}

TEST_F(AuthorizeTest, AnonymousCallersHaveWhatTheResourceGives) {
  const ResourcePolicy open = bucket_of("111111111111", kPublicRead);
  EXPECT_TRUE(ask(nullptr, "s3:GetObject", &open).allowed);
  EXPECT_FALSE(ask(nullptr, "s3:PutObject", &open).allowed);
  EXPECT_FALSE(ask(nullptr, "s3:GetObject").allowed);
}

TEST_F(AuthorizeTest, ARestrictedPolicyIsForItsOwnAccount) {
  ResourcePolicy open = bucket_of("111111111111", kPublicRead);
  open.own_account_only = true;
  EXPECT_FALSE(ask(nullptr, "s3:GetObject", &open).allowed);
  const auth::AccessKey own = user({});
  EXPECT_TRUE(ask(&own, "s3:GetObject", &open).allowed);
}

TEST_F(AuthorizeTest, AUserHasWhatItsPoliciesAllow) {
  const auth::AccessKey reader = user({allowing("reads", "s3:Get*")});
  EXPECT_TRUE(ask(&reader, "s3:GetObject").allowed);
  const AccessAnswer refused = ask(&reader, "s3:PutObject");
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.denial,
            "User: arn:aws:iam::111111111111:user/u is not authorized to perform: s3:PutObject on resource: "
            "arn:aws:s3:::bucket/key because no identity-based policy allows the s3:PutObject action");
}

TEST_F(AuthorizeTest, ABoundaryLimits) {
  const auth::AccessKey key = user({allowing("all", "s3:*")});
  identities_.by_arn[key.principal.arn]->boundary = allowing("boundary", "s3:Get*");
  EXPECT_TRUE(ask(&key, "s3:GetObject").allowed);
  EXPECT_FALSE(ask(&key, "s3:PutObject").allowed);
}

TEST_F(AuthorizeTest, WhoIsGoneMayNothing) {
  const auth::AccessKey key = user({allowing("all", "*")});
  identities_.by_arn.clear();
  EXPECT_FALSE(ask(&key, "s3:GetObject").allowed);
}

TEST_F(AuthorizeTest, SessionPoliciesLimit) {
  auth::AccessKey key = user({allowing("all", "s3:*")});
  identities_.managed["arn:aws:iam::aws:policy/Writes"] = allowing("writes", "s3:Put*");
  key.session = auth::Session{.token = "one", .expires_at = {}};
  EXPECT_TRUE(ask(&key, "s3:DeleteObject").allowed) << "a session without policies has all of its user's";
  key.session->token = "two";
  key.session->policies = {
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}})"};
  EXPECT_TRUE(ask(&key, "s3:GetObject").allowed);
  EXPECT_FALSE(ask(&key, "s3:PutObject").allowed);
  key.session->token = "three";
  key.session->policy_arns = {"arn:aws:iam::aws:policy/Writes"};
  EXPECT_TRUE(ask(&key, "s3:PutObject").allowed);
  EXPECT_FALSE(ask(&key, "s3:DeleteObject").allowed);
}

TEST_F(AuthorizeTest, ASessionPolicyThatIsGoneAllowsNothing) {
  auth::AccessKey key = user({allowing("all", "s3:*")});
  key.session = auth::Session{.token = "t", .expires_at = {}};
  key.session->policy_arns = {"arn:aws:iam::aws:policy/Gone"};
  EXPECT_FALSE(ask(&key, "s3:GetObject").allowed);
}

TEST_F(AuthorizeTest, AFederatedUserOfTheRootHasItsSessionPolicies) {
  auth::AccessKey key = root("111111111111");
  key.principal.kind = auth::PrincipalKind::federated_user;
  key.principal.arn = "arn:aws:sts::111111111111:federated-user/f";
  key.session = auth::Session{.token = "t", .expires_at = {}};
  EXPECT_FALSE(Authorizer::is_unlimited(&key, nullptr));
  EXPECT_FALSE(ask(&key, "s3:GetObject").allowed);
  key.session->token = "u";
  key.session->policies = {
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}})"};
  EXPECT_TRUE(ask(&key, "s3:GetObject").allowed);
  EXPECT_FALSE(ask(&key, "s3:PutObject").allowed);
}

TEST_F(AuthorizeTest, ADenialNamesTheStatementOrWhatIsMissing) {
  const auth::AccessKey nobody = user({});
  const auto missing = ask(&nobody, "s3:GetObject").reason;
  ASSERT_TRUE(missing);
  EXPECT_EQ(*missing, (audit::Reason{.policy_kind = "identity-based policy", .policy = {}, .sid = {}}));

  constexpr std::string_view kTwo =
      R"({"Effect": "Allow", "Action": "*", "Resource": "*"},
         {"Sid": "Never", "Effect": "Deny", "Action": "s3:Put*", "Resource": "*"})";
  const auth::AccessKey denied = user({allowing("all", "s3:*"), stored("rules", kTwo, policy::PolicyKind::identity)});
  EXPECT_FALSE(ask(&denied, "s3:GetObject").reason);
  const auto explicit_one = ask(&denied, "s3:PutObject").reason;
  ASSERT_TRUE(explicit_one);
  EXPECT_EQ(*explicit_one, (audit::Reason{.is_explicit = true,
                                          .policy_kind = "identity-based policy",
                                          .policy = "rules",
                                          .sid = "Never",
                                          .statement = 1}));
}

TEST_F(AuthorizeTest, SessionTagsHideThoseOfTheUser) {
  auth::AccessKey key = user({});
  identities_.by_arn[key.principal.arn]->tags = {{"team", "a"}, {"floor", "3"}};
  key.session = auth::Session{.token = "t", .expires_at = {}, .tags = {{"team", "b"}}};
  EXPECT_EQ(principal_tags(key, authorizer_.find_identity(&key).get()), (auth::Tags{{"team", "b"}, {"floor", "3"}}));
  // Names are the same whatever their case.
  key.session->tags = {{"TEAM", "c"}};
  EXPECT_EQ(principal_tags(key, authorizer_.find_identity(&key).get()), (auth::Tags{{"TEAM", "c"}, {"floor", "3"}}));
}

}  // namespace
}  // namespace aerolith::gateway
