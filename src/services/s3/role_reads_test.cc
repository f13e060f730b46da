#include <gtest/gtest.h>

#include "policy/document.h"
#include "services/s3/api.h"
#include "services/s3/test_fixture.h"

namespace aerolith::s3 {
namespace {

// One role, whose policy a test sets.
struct OneRole final : gateway::IdentitySource {
  std::shared_ptr<const gateway::Identity> find(const auth::Principal&) const override { return identity; }
  std::optional<gateway::StoredPolicy> managed_policy(const AccountId&, std::string_view) const override {
    return std::nullopt;
  }
  void allow(const std::string& actions) {
    const std::string document = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":)" + actions +
                                 R"(,"Resource":["arn:aws:s3:::bucket","arn:aws:s3:::bucket/*"]}]})";
    auto parsed = policy::parse_policy(document, policy::PolicyKind::identity);
    auto made = std::make_shared<gateway::Identity>();
    made->policies.push_back({"rights", std::make_shared<const policy::Policy>(*std::move(parsed))});
    identity = std::move(made);
  }
  std::shared_ptr<const gateway::Identity> identity;
};

class RoleReads : public S3Test {
 protected:
  RoleReads() {
    auto key = std::make_shared<auth::AccessKey>();
    key->principal = {.account = account_,
                      .arn = "arn:aws:sts::123456789012:assumed-role/vmimport/vmimport",
                      .user_id = "AROA:vmimport",
                      .kind = auth::PrincipalKind::assumed_role,
                      .entity_arn = "arn:aws:iam::123456789012:role/vmimport",
                      .entity_name = "vmimport"};
    key->session.emplace();
    key_ = key;
    role_.allow(kAll);
  }
  RoleReader reader() const {
    return {.metadata = *metadata_,
            .objects = *objects_,
            .authorizer = authorizer_,
            .key = key_,
            .region = region_,
            .now = now_};
  }
  aerolith::Result<ObjectFacts, RoleReadError> look(const std::string& key = "disk") const {
    return look_at_object(reader(), {.bucket = "bucket", .key = key});
  }
  RoleReadFault fault_of(const std::string& key = "disk") const {
    const auto found = look(key);
    EXPECT_FALSE(found.has_value());
    return found.has_value() ? RoleReadFault::failed : found.error().code;
  }

  static constexpr const char* kAll = R"(["s3:GetBucketLocation","s3:ListBucket","s3:GetObject"])";
  OneRole role_;
  const gateway::Authorizer authorizer_{role_};
  std::shared_ptr<const auth::AccessKey> key_;
};

TEST_F(RoleReads, PieceByPieceWhileItIsTheSame) {
  ASSERT_TRUE(make_bucket().ok());
  const std::string bytes = std::string(700'000, 'a') + std::string(700'000, 'b');
  ASSERT_TRUE(put("disk", bytes).ok());
  const auto facts = look();
  ASSERT_TRUE(facts.has_value()) << facts.error().detail;
  EXPECT_EQ(facts->size_bytes, bytes.size());
  std::string read;
  const auto take = [&](std::string_view piece) {
    read += piece;
    return true;
  };
  const ObjectPlace name{.bucket = "bucket", .key = "disk"};
  for (uint64_t at = 0; at < bytes.size(); at += 500'000) {
    ASSERT_TRUE(read_object(reader(), name, {facts->etag, at, 500'000}, take).has_value());
  }
  EXPECT_TRUE(read_object(reader(), name, {facts->etag, bytes.size(), 1}, take).has_value());
  EXPECT_EQ(read, bytes);
  ASSERT_TRUE(put("disk", "another").ok());
  EXPECT_EQ(read_object(reader(), name, {facts->etag, 0, 1}, take).error().code, RoleReadFault::changed);
}

TEST_F(RoleReads, TheRoleNeedsEachRight) {
  ASSERT_TRUE(make_bucket().ok());
  ASSERT_TRUE(put("disk", "bytes").ok());
  for (const char* rights : {R"(["s3:ListBucket","s3:GetObject"])", R"(["s3:GetBucketLocation","s3:GetObject"])",
                             R"(["s3:GetBucketLocation","s3:ListBucket"])"}) {
    role_.allow(rights);
    EXPECT_EQ(fault_of(), RoleReadFault::denied) << rights;
  }
  role_.allow(kAll);
  EXPECT_TRUE(look().has_value());
  role_.identity.reset();
  EXPECT_EQ(fault_of(), RoleReadFault::denied);
}

TEST_F(RoleReads, WhatIsNotThereIsTold) {
  EXPECT_EQ(fault_of(), RoleReadFault::no_such_bucket);
  ASSERT_TRUE(make_bucket().ok());
  EXPECT_EQ(fault_of(), RoleReadFault::no_such_key);
  ASSERT_TRUE(put("cold", "bytes", {.storage_class = "GLACIER"}).ok());
  EXPECT_EQ(fault_of("cold"), RoleReadFault::denied);
}

TEST_F(RoleReads, ABucketsPolicyMayDeny) {
  ASSERT_TRUE(make_bucket().ok());
  ASSERT_TRUE(put("disk", "bytes").ok());
  const std::string document =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:GetObject",)"
      R"("Resource":"arn:aws:s3:::bucket/*"}]})";
  PutBucketPolicyInput input{.bucket = "bucket", .policy = document};
  MemoryPayload body(document);
  ASSERT_TRUE(call(put_bucket_policy, input, {}, &body, document).ok());
  EXPECT_EQ(fault_of(), RoleReadFault::denied);
}

}  // namespace
}  // namespace aerolith::s3
