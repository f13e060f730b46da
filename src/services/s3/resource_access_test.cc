#include "services/s3/resource_access.h"

#include "services/s3/public_access.h"
#include "services/s3/requests.h"
#include "services/s3/test_fixture.h"

namespace aerolith::s3 {
namespace {

using gateway::AccessNeed;
using policy::PrincipalMatch;

const AccountId kOther("444455556666");

class ResourceAccessTest : public S3Test {
 protected:
  ResourceAccessTest() { make_bucket(); }

  static std::shared_ptr<const auth::AccessKey> key_of(const AccountId& account) {
    auto key = std::make_shared<auth::AccessKey>();
    key->principal = {.account = account,
                      .arn = "arn:aws:iam::" + account.str() + ":user/u",
                      .user_id = "AIDAU",
                      .kind = auth::PrincipalKind::user};
    return key;
  }

  // As that account, or (nullopt) as nobody.
  gateway::ResourcePolicy ask(const std::optional<AccountId>& caller, AccessNeed need) {
    gateway::CallContext context;
    if (caller) context.key = key_of(*caller);
    auto found = access_.find(context, need);
    EXPECT_TRUE(found) << need.resource;
    if (found) found->add_keys = nullptr;  // refers to the context
    return found ? *std::move(found) : gateway::ResourcePolicy{};
  }
  PrincipalMatch listed(const std::optional<AccountId>& caller, const std::string& action,
                        const std::string& key = "") {
    return ask(caller, {action, "arn:aws:s3:::bucket" + (key.empty() ? "" : "/" + key)}).listed;
  }

  void change_bucket(const std::function<void(BucketRecord&)>& change) {
    auto txn = metadata_->begin_write();
    BucketRecord bucket = **kBuckets.get(*txn, {BucketName("bucket")});
    change(bucket);
    kBuckets.put(*txn, {BucketName("bucket")}, bucket);
    ASSERT_TRUE(txn->commit().has_value());
  }
  void allow_acls() {
    change_bucket([](BucketRecord& bucket) {
      bucket.ownership = ObjectOwnership::object_writer;
      bucket.public_access.block_public_acls = bucket.public_access.ignore_public_acls = false;
    });
  }
  void change_object(const std::string& key, const std::function<void(ObjectRecord&)>& change) {
    auto txn = metadata_->begin_write();
    const BucketRecord bucket = **kBuckets.get(*txn, {BucketName("bucket")});
    const VersionRow row = current_version(bucket.id, ObjectKey(key));
    ObjectRecord object = **kObjects.get(*txn, row);
    change(object);
    kObjects.put(*txn, row, object);
    ASSERT_TRUE(txn->commit().has_value());
  }

  ResourceAccess access_{*metadata_};
};

TEST_F(ResourceAccessTest, NoBucketNoAnswer) {
  const gateway::CallContext context{};
  EXPECT_FALSE(access_.find(context, {"s3:ListBucket", "arn:aws:s3:::absent"}));
  EXPECT_FALSE(access_.find(context, {"s3:ListAllMyBuckets", "*"}));
  EXPECT_FALSE(access_.may_admit_anonymous("/absent"));
  EXPECT_FALSE(access_.owner_of_bucket("arn:aws:s3:::absent"));
  EXPECT_FALSE(access_.region_of_bucket("/absent/key"));
  EXPECT_EQ(access_.owner_of_bucket("arn:aws:s3:::bucket"), account_);
  EXPECT_EQ(access_.region_of_bucket("/bucket"), region_);
}

TEST_F(ResourceAccessTest, ListsMeanNothingWhereTheOwnerIsEnforced) {
  put("k", "bytes");
  change_bucket([&](BucketRecord& bucket) {
    bucket.acl = canned_acl("public-read", AclTarget::bucket, {.owner = canonical_user_id(account_)});
  });
  change_object("k", [](ObjectRecord& object) { object.owner = kOther; });
  EXPECT_EQ(listed(std::nullopt, "s3:ListBucket"), PrincipalMatch::none);
  EXPECT_EQ(ask(std::nullopt, {"s3:GetObject", "arn:aws:s3:::bucket/k"}).owner, account_);
  EXPECT_FALSE(access_.may_admit_anonymous("/bucket/k"));
}

TEST_F(ResourceAccessTest, GrantsByTheBucketAndByTheObject) {
  allow_acls();
  EXPECT_TRUE(access_.may_admit_anonymous("/bucket/k"));
  put("k", "bytes");
  change_bucket([&](BucketRecord& bucket) {
    bucket.acl = Acl{{.id = canonical_user_id(kOther), .permission = AclPermission::read}};
  });
  EXPECT_EQ(listed(kOther, "s3:ListBucket"), PrincipalMatch::account);
  EXPECT_EQ(listed(std::nullopt, "s3:ListBucket"), PrincipalMatch::none);
  EXPECT_EQ(listed(kOther, "s3:PutObject", "new"), PrincipalMatch::none);
  EXPECT_EQ(listed(kOther, "s3:GetObject", "k"), PrincipalMatch::none) << "an object doesn't inherit";
  EXPECT_EQ(listed(kOther, "s3:GetObject", "absent"), PrincipalMatch::account) << "who may list may know";
  change_object("k", [](ObjectRecord& object) {
    object.acl = Acl{{.grantee = GranteeKind::all_users, .permission = AclPermission::read}};
  });
  EXPECT_EQ(listed(std::nullopt, "s3:GetObject", "k"), PrincipalMatch::direct);
  EXPECT_EQ(listed(std::nullopt, "s3:GetObjectAcl", "k"), PrincipalMatch::none);
  change_bucket([](BucketRecord& bucket) { bucket.public_access.ignore_public_acls = true; });
  EXPECT_EQ(listed(std::nullopt, "s3:GetObject", "k"), PrincipalMatch::none);
}

TEST_F(ResourceAccessTest, WhatTheAccountIgnoresIsIgnored) {
  allow_acls();
  change_bucket([](BucketRecord& bucket) {
    bucket.acl = Acl{{.grantee = GranteeKind::all_users, .permission = AclPermission::read}};
  });
  EXPECT_EQ(listed(std::nullopt, "s3:ListBucket"), PrincipalMatch::direct);
  auto txn = metadata_->begin_write();
  AccountRecord account{.public_access = kNoBlock};
  account.public_access.is_set = account.public_access.ignore_public_acls = true;
  kAccounts.put(*txn, {account_}, account);
  ASSERT_TRUE(txn->commit().has_value());
  EXPECT_EQ(listed(std::nullopt, "s3:ListBucket"), PrincipalMatch::none);
}

TEST_F(ResourceAccessTest, AnObjectBelongsToItsWriter) {
  allow_acls();
  put("k", "bytes");
  change_object("k", [](ObjectRecord& object) { object.owner = kOther; });
  const auto read = ask(account_, {"s3:GetObject", "arn:aws:s3:::bucket/k"});
  EXPECT_EQ(read.owner, kOther);
  EXPECT_TRUE(read.only_denies);
  EXPECT_EQ(read.listed, PrincipalMatch::none) << "the bucket's owner isn't in its list";
  EXPECT_EQ(ask(account_, {"s3:DeleteObject", "arn:aws:s3:::bucket/k"}).owner, account_);
  EXPECT_EQ(ask(kOther, {"s3:GetObject", "arn:aws:s3:::bucket/k"}).owner, kOther);
}

TEST_F(ResourceAccessTest, WriteIsForNewObjectsAndOwnOnes) {
  allow_acls();
  put("k", "bytes");
  put("own", "bytes");
  change_object("own", [](ObjectRecord& object) { object.owner = kOther; });
  change_bucket([&](BucketRecord& bucket) {
    bucket.acl = Acl{{.id = canonical_user_id(kOther), .permission = AclPermission::write}};
  });
  EXPECT_EQ(listed(kOther, "s3:PutObject", "new"), PrincipalMatch::account);
  EXPECT_EQ(listed(kOther, "s3:PutObject", "k"), PrincipalMatch::none);
  EXPECT_EQ(listed(kOther, "s3:PutObject", "own"), PrincipalMatch::account);
  EXPECT_EQ(listed(kOther, "s3:DeleteObject", "k"), PrincipalMatch::none);
  EXPECT_EQ(listed(kOther, "s3:DeleteObject", "own"), PrincipalMatch::account);
  const AccessNeed new_acl{.action = "s3:PutObjectAcl", .resource = "arn:aws:s3:::bucket/new", .makes_resource = true};
  EXPECT_EQ(ask(kOther, new_acl).listed, PrincipalMatch::account);
}

TEST_F(ResourceAccessTest, AVersionByItsId) {
  allow_acls();
  put("k", "bytes");
  change_object("k", [](ObjectRecord& object) {
    object.acl = Acl{{.grantee = GranteeKind::all_users, .permission = AclPermission::read}};
  });
  const std::string arn = "arn:aws:s3:::bucket/k";
  EXPECT_EQ(ask(std::nullopt, {"s3:GetObjectVersion", arn, "null"}).listed, PrincipalMatch::direct);
  EXPECT_EQ(ask(std::nullopt, {"s3:GetObjectVersion", arn, std::string(32, 'A')}).listed, PrincipalMatch::none);
}

TEST_F(ResourceAccessTest, AnUploadBelongsToItsInitiator) {
  auto txn = metadata_->begin_write();
  const BucketRecord bucket = **kBuckets.get(*txn, {BucketName("bucket")});
  kUploads.put(*txn, {bucket.id, ObjectKey("k"), UploadId("u")}, UploadRecord{.initiator = kOther});
  ASSERT_TRUE(txn->commit().has_value());
  const std::string arn = "arn:aws:s3:::bucket/k";
  EXPECT_EQ(ask(kOther, {"s3:AbortMultipartUpload", arn, "u"}).listed, PrincipalMatch::account);
  EXPECT_EQ(ask(kOther, {"s3:AbortMultipartUpload", arn, "v"}).listed, PrincipalMatch::none);
  EXPECT_EQ(ask(std::nullopt, {"s3:ListMultipartUploadParts", arn, "u"}).listed, PrincipalMatch::none);
}

// Records as version 4 of the table and version 2 of objects and uploads wrote them.
struct OldBucketRecord {
  static constexpr uint32_t kVersion = 4;
  BucketRecord now;
};
template <class Archive>
void fields(Archive& archive, OldBucketRecord& r) {
  archive(r.now.id, r.now.owner, r.now.region, r.now.created_at, r.now.location_alias, r.now.versioning,
          r.now.policy_revision, r.now.public_access);
}
struct OldUploadRecord {
  static constexpr uint32_t kVersion = 2;
  UploadRecord now;
};
template <class Archive>
void fields(Archive& archive, OldUploadRecord& r) {
  archive(r.now.initiated_at, r.now.headers, r.now.checksum_algorithm, r.now.checksum_type, r.now.checksum_was_chosen,
          r.now.storage_class, r.now.tags);
}

TEST(Records, OlderOnesAreOfBucketsWithoutAcls) {
  const OldBucketRecord old{.now = {.owner = AccountId("1"), .ownership = ObjectOwnership::none}};
  const auto bucket = metadata::decode_record<BucketRecord>(metadata::encode_record(old));
  ASSERT_TRUE(bucket.has_value());
  EXPECT_EQ(bucket->owner.str(), "1");
  EXPECT_FALSE(bucket->has_acls());
  EXPECT_FALSE(bucket->acl);
  const OldUploadRecord old_upload{.now = {.storage_class = "GLACIER", .owner = AccountId("1")}};
  const auto upload = metadata::decode_record<UploadRecord>(metadata::encode_record(old_upload));
  ASSERT_TRUE(upload.has_value());
  EXPECT_EQ(upload->storage_class, "GLACIER");
  EXPECT_TRUE(upload->owner.empty());
}

TEST(Records, AnEmptyListIsNotNone) {
  const BucketRecord none;
  EXPECT_FALSE(metadata::decode_record<BucketRecord>(metadata::encode_record(none))->acl);
  const BucketRecord empty{.acl = Acl()};
  EXPECT_TRUE(metadata::decode_record<BucketRecord>(metadata::encode_record(empty))->acl);
}

}  // namespace
}  // namespace aerolith::s3
