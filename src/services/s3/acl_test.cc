#include "services/s3/acl.h"

#include <gtest/gtest.h>

namespace aerolith::s3 {
namespace {

using policy::PrincipalMatch;

constexpr AclCaller kOwner{.canonical_id = "owner", .is_signed = true};
constexpr AclCaller kOther{.canonical_id = "other", .is_signed = true};
constexpr AclCaller kNobody{.canonical_id = kAnonymousId, .is_signed = false};

Acl canned(std::string_view name, AclTarget target = AclTarget::object) {
  return canned_acl(name, target, {.owner = "owner", .bucket_owner = "bucket owner"}).value_or(Acl());
}

std::string text(const std::optional<std::vector<NamedGrantee>>& grantees) {
  if (!grantees) return "refused";
  std::string all;
  for (const auto& [type, value] : *grantees) all += type + " is " + value + ";";
  return all;
}

TEST(Acl, GroupsNameEveryoneAndAccountsThemselves) {
  const Acl read = canned("public-read");
  EXPECT_EQ(match(read, AclPermission::read, kNobody), PrincipalMatch::direct);
  EXPECT_EQ(match(read, AclPermission::read, kOther), PrincipalMatch::direct);
  EXPECT_EQ(match(read, AclPermission::write, kNobody), PrincipalMatch::none);
  EXPECT_EQ(match(read, AclPermission::write, kOwner), PrincipalMatch::account) << "full control is each permission";
  const Acl authenticated = canned("authenticated-read");
  EXPECT_EQ(match(authenticated, AclPermission::read, kOther), PrincipalMatch::direct);
  EXPECT_EQ(match(authenticated, AclPermission::read, kNobody), PrincipalMatch::none);
  EXPECT_EQ(match(canned("private"), AclPermission::read, kOther), PrincipalMatch::none);
  EXPECT_EQ(match({}, AclPermission::read, kOwner), PrincipalMatch::none);
}

TEST(Acl, CannedOnes) {
  EXPECT_EQ(canned("private"), owner_s_acl("owner"));
  EXPECT_EQ(canned("public-read-write").size(), 3U);
  EXPECT_EQ(canned("bucket-owner-read")[1], (AclGrant{.id = "bucket owner", .permission = AclPermission::read}));
  EXPECT_EQ(canned("bucket-owner-full-control")[1], (AclGrant{.id = "bucket owner"}));
  EXPECT_EQ(canned("bucket-owner-full-control", AclTarget::bucket), owner_s_acl("owner"));
  EXPECT_EQ(canned_acl("bucket-owner-full-control", AclTarget::object, {.owner = "o", .bucket_owner = "o"}),
            owner_s_acl("o"));
  EXPECT_EQ(canned("log-delivery-write", AclTarget::bucket).size(), 3U);
  EXPECT_FALSE(canned_acl("log-delivery-write", AclTarget::object, {}));
  EXPECT_FALSE(canned_acl("fake-acl", AclTarget::bucket, {}));
}

TEST(Acl, PublicIsWhatGroupsGet) {
  EXPECT_TRUE(is_public(canned("public-read")));
  EXPECT_TRUE(is_public(canned("authenticated-read")));
  EXPECT_FALSE(is_public(canned("log-delivery-write", AclTarget::bucket)));
  EXPECT_FALSE(is_public(canned("bucket-owner-read")));
  EXPECT_EQ(without_public_grants(canned("public-read-write")), owner_s_acl("owner"));
}

TEST(Acl, ActionsThatAListCanAllow) {
  EXPECT_EQ(acl_requirement("s3:ListBucket")->permission, AclPermission::read);
  EXPECT_EQ(acl_requirement("s3:GetObjectVersion")->target, AclTarget::object);
  EXPECT_EQ(acl_requirement("s3:PutObjectVersionAcl")->permission, AclPermission::write_acp);
  EXPECT_EQ(acl_requirement("s3:PutObject")->target, AclTarget::bucket);
  for (const char* action : {"s3:GetObjectTagging", "s3:DeleteBucket", "s3:PutBucketPolicy", "s3:GetBucketLocation"}) {
    EXPECT_FALSE(acl_requirement(action)) << action;
  }
}

TEST(Acl, NamesOfGroupsAndPermissionsGoBothWays) {
  for (const GranteeKind group :
       {GranteeKind::all_users, GranteeKind::authenticated_users, GranteeKind::log_delivery}) {
    EXPECT_EQ(find_group(group_uri(group)), group);
  }
  EXPECT_TRUE(group_uri(GranteeKind::account).empty());
  EXPECT_FALSE(find_group("http://acs.amazonaws.com/groups/s3/FakeGroup"));
  for (const char* name : {"FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP"}) {
    EXPECT_EQ(permission_name(*find_permission(name)), name);
  }
  EXPECT_FALSE(find_permission("read"));
}

TEST(Acl, GrantHeaders) {
  EXPECT_EQ(text(parse_grantees(R"(id="1")")), "id is 1;");
  EXPECT_EQ(text(parse_grantees(R"( id = "1" , uri="http://a/b,c" )")), "id is 1;uri is http://a/b,c;");
  EXPECT_EQ(text(parse_grantees("id=1,emailAddress=a@b")), "id is 1;emailAddress is a@b;");
  for (const char* wrong : {"", "id", "id=", R"(id="")", R"(id="1)", "=1", "id=1,", ",id=1", R"(id="1" x)",
                            R"(id=1"2")", R"(id="1" id="2")"}) {
    EXPECT_EQ(text(parse_grantees(wrong)), "refused") << wrong;
  }
}

}  // namespace
}  // namespace aerolith::s3
