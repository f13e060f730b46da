#include "services/iam/service.h"

#include <gtest/gtest.h>

#include <set>

#include "os/test_directory.h"
#include "services/iam/account_end.h"
#include "services/iam/aws_policies.h"
#include "services/iam/names.h"
#include "services/iam/paging.h"
#include "services/iam/tags.h"
#include "services/iam/totp.h"

namespace aerolith::iam {
namespace {

class PlainBox final : public auth::SecretBox {
 public:
  std::string seal(std::string_view secret, std::string_view) const override { return std::string(secret); }
  std::optional<std::string> open(std::string_view sealed, std::string_view) const override {
    return std::string(sealed);
  }
};

class IamTest : public testing::Test {
 protected:
  IamTest() {
    metadata::StoreOptions options;
    options.directory = folder_ / "metadata";
    store_ = metadata::open_store(options).value();
    directory_ = std::make_unique<Directory>(*store_, box_);
  }
  template <typename Body>
  void write(Body body) {
    const auto done = metadata::run_transaction(*store_, [&](metadata::Transaction& txn) -> metadata::Result<> {
      body(txn);
      return {};
    });
    ASSERT_TRUE(done.has_value());
    directory_->changed(account_);
  }

  os::TestDirectory folder_;
  PlainBox box_;
  AccountId account_{"123456789012"};
  std::unique_ptr<metadata::Store> store_;
  std::unique_ptr<Directory> directory_;
};

TEST_F(IamTest, EveryImplementedOperationHasItsRow) {
  const auto table = make_service({.metadata = *store_, .secrets = box_, .directory = *directory_});
  std::set<uint16_t> rows;
  gateway::CallContext context;
  context.key = std::make_shared<const auth::AccessKey>(auth::AccessKey{.principal = {.account = account_}});
  for (const auto& entry : table.operations) {
    EXPECT_TRUE(rows.insert(entry.operation_id).second);
    EXPECT_TRUE(entry.iam_action.starts_with("iam:"));
    const auto input = entry.make_input();
    const std::string resource = entry.resource(context, input.get());
    EXPECT_TRUE(resource == "*" || resource.starts_with("arn:aws:iam::")) << entry.iam_action << " " << resource;
  }
  for (const protocol::Operation& operation : table.model->operations) {
    EXPECT_EQ(operation.implemented, rows.contains(operation.id)) << operation.name;
  }
}

TEST_F(IamTest, TheDirectorySeesChangesAtOnce) {
  EXPECT_EQ(directory_->find_user(account_, "Ann").value(), nullptr);
  write([&](metadata::Transaction& txn) {
    kUsers.put(txn, {account_, "ann"}, {.name = "Ann", .path = "/a/", .id = "AIDA1"});
    kAccessKeys.put(txn, {account_, "ann", "AKIA1"}, {.sealed_secret = "s"});
    kAccessKeyOwners.put(txn, {"AKIA1"}, {.account = account_, .user = "ann"});
  });
  const auto ann = directory_->find_user(account_, "ANN").value();
  ASSERT_NE(ann, nullptr);
  EXPECT_EQ(ann->arn, "arn:aws:iam::123456789012:user/a/Ann");
  EXPECT_TRUE(ann->policies.empty());
  EXPECT_EQ(directory_->find_access_key("AKIA1").value()->key.principal.arn, ann->arn);

  constexpr std::string_view kArn = "arn:aws:iam::aws:policy/AdministratorAccess";
  write([&](metadata::Transaction& txn) {
    kGroups.put(txn, {account_, "g"}, {.name = "g", .path = "/", .id = "AGPA1"});
    kMembers.put(txn, {account_, "g", "ann"}, {});
    kMemberships.put(txn, {account_, "ann", "g"}, {});
    kAttachments.put(txn, {account_, EntityKind::group, "g", std::string(kArn)}, {});
    kAccessKeys.put(txn, {account_, "ann", "AKIA1"}, {.active = false, .sealed_secret = "s"});
  });
  const auto key = directory_->find_access_key("AKIA1").value();
  EXPECT_FALSE(key->key.enabled);
  ASSERT_EQ(key->user->policies.size(), 1U);
  EXPECT_EQ(key->user->policies[0].name, kArn);
  EXPECT_EQ(directory_->find_access_key("AKIA2").value(), nullptr);
}

TEST_F(IamTest, AnInstanceProfileIsFoundWithTheRoleThatItHasNow) {
  EXPECT_FALSE(directory_->find_instance_profile(account_, "web").value().has_value());
  write([&](metadata::Transaction& txn) {
    kInstanceProfiles.put(txn, {account_, "web"}, {.name = "Web", .path = "/x/", .id = "AIPA1"});
  });
  auto found = directory_->find_instance_profile(account_, "WEB").value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->arn, "arn:aws:iam::123456789012:instance-profile/x/Web");
  EXPECT_EQ(found->id, "AIPA1");
  EXPECT_EQ(found->role_arn, "");
  write([&](metadata::Transaction& txn) {
    kInstanceProfiles.put(txn, {account_, "web"}, {.name = "Web", .path = "/x/", .id = "AIPA1", .role = "reader"});
    kRoles.put(txn, {account_, "reader"},
               {.name = "Reader", .path = "/", .id = "AROA1", .tags = {{.key = "team", .value = "web"}}});
  });
  found = directory_->find_instance_profile(account_, "web").value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->role_arn, "arn:aws:iam::123456789012:role/Reader");
  EXPECT_EQ(found->role_tags.at("team"), "web");
}

TEST_F(IamTest, TheIssuerOfTokensStaysThroughAPauseAndGoesWithItsAccount) {
  EXPECT_FALSE(directory_->find_token_signer(account_, "RS256").value());
  EXPECT_FALSE(directory_->find_token_keys("a-1").value());
  TokenIssuerRecord record{
      .id = "a-1", .keys = {{.id = "RSA_0", .algorithm = "RS256", .sealed_pem = "pem"}}, .key_set = "{}"};
  const auto put = [&] {
    write([&](metadata::Transaction& txn) {
      kTokenIssuers.put(txn, {account_}, record);
      kTokenIssuerOwners.put(txn, {record.id}, {.account = account_});
    });
  };
  put();
  const auto signer = directory_->find_token_signer(account_, "RS256").value();
  ASSERT_TRUE(signer);
  EXPECT_EQ(signer->issuer, "https://a-1.tokens.sts.global.api.aws");
  EXPECT_EQ(signer->key_id, "RSA_0");
  EXPECT_EQ(signer->private_key, "pem");
  EXPECT_FALSE(directory_->find_token_signer(account_, "ES384").has_value());  // half an issuer is none
  EXPECT_EQ(directory_->find_token_keys("a-1").value(), "{}");
  record.is_enabled = false;
  put();
  EXPECT_FALSE(directory_->find_token_signer(account_, "RS256").value());
  EXPECT_EQ(directory_->find_token_keys("a-1").value(), "{}");
  // A setting: nothing that would have to be deleted first.
  EXPECT_TRUE(find_account_content(*store_->begin_read(), account_).value().empty());
  write([&](metadata::Transaction& txn) { ASSERT_TRUE(erase_account(txn, account_).has_value()); });
  EXPECT_FALSE(directory_->find_token_keys("a-1").value());
  EXPECT_FALSE(kTokenIssuers.get(*store_->begin_read(), {account_}).value());
  EXPECT_FALSE(kTokenIssuerOwners.get(*store_->begin_read(), {"a-1"}).value());
}

TEST_F(IamTest, NotedUsesAreWrittenAtTheEnd) {
  write(
      [&](metadata::Transaction& txn) { kAccessKeyOwners.put(txn, {"AKIA1"}, {.account = account_, .user = "ann"}); });
  const Timestamp at{std::chrono::milliseconds(1'700'000'000'000)};
  directory_->note_key_use("AKIA1", account_, {.service = "s3", .region = "us-east-1", .at = at});
  directory_->note_key_use("AKIA2", account_, {.service = "s3", .region = "us-east-1", .at = at});
  EXPECT_EQ(directory_->noted_key_use(account_, "AKIA1")->service, "s3");
  directory_.reset();
  auto txn = store_->begin_read();
  EXPECT_EQ(kKeyUses.get(*txn, {account_, "AKIA1"}).value()->at, at);
  EXPECT_FALSE(kKeyUses.get(*txn, {account_, "AKIA2"}).value());
}

TEST(AwsPolicies, AllParseAndAreFound) {
  EXPECT_GT(aws_policies().size(), 100U);
  EXPECT_NE(find_aws_policy("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"), nullptr);
  EXPECT_EQ(find_aws_policy("arn:aws:iam::aws:policy/Nope"), nullptr);
}

TEST(Names, PathsAndArns) {
  EXPECT_EQ(read_path(std::nullopt).value(), "/");
  EXPECT_EQ(read_path("/a/b/").value(), "/a/b/");
  EXPECT_FALSE(read_path("/a").has_value());
  EXPECT_FALSE(read_path("//").has_value());
  const auto parts = split_arn("arn:aws:iam::1:policy/a/b");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->path, "/a/");
  EXPECT_EQ(parts->name, "b");
  EXPECT_FALSE(split_arn("arn:aws:s3:::b"));
  EXPECT_FALSE(split_arn("arn:aws:iam::1:root"));
}

TEST(Paging, MarkersGoThereAndBack) {
  const Page page = make_page(make_marker("key"), 7).value();
  EXPECT_EQ(page.after, "key");
  EXPECT_EQ(page.limit, 7U);
  EXPECT_EQ(make_page(std::nullopt, std::nullopt).value().limit, 100U);
  EXPECT_FALSE(make_page("no!", std::nullopt).has_value());
}

// RFC 6238, appendix B (the last six of its eight digits), RFC 4648.
TEST(Totp, KnownCodes) {
  const std::string seed = "12345678901234567890";
  EXPECT_EQ(totp_code(seed, totp_step(Timestamp(std::chrono::seconds(59)))), "287082");
  EXPECT_EQ(totp_code(seed, totp_step(Timestamp(std::chrono::seconds(1111111109)))), "081804");
  EXPECT_EQ(base32_encode("foobar"), "MZXW6YTBOI");
}

}  // namespace
}  // namespace aerolith::iam
