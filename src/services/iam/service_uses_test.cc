#include "services/iam/service_uses.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

#include "os/test_directory.h"
#include "services/iam/tables.h"

namespace aerolith::iam {
namespace {

class ServiceUsesTest : public testing::Test {
 protected:
  ServiceUsesTest() {
    store_ = metadata::open_store({.directory = folder_ / "metadata"}).value();
    write([&](metadata::Transaction& txn) {
      kUsers.put(txn, {account_, "ann"}, {.name = "Ann", .path = "/", .id = "AIDA1"});
      kRoles.put(txn, {account_, "job"}, {.name = "job", .path = "/", .id = "AROA1"});
    });
    uses_ = std::make_unique<ServiceUses>(*store_);
  }
  template <typename Body>
  void write(Body body) {
    ASSERT_TRUE(metadata::run_transaction(*store_, [&](metadata::Transaction& txn) -> metadata::Result<> {
                  body(txn);
                  return {};
                }).has_value());
  }
  void note(std::string_view id, std::string_view action, Timestamp at, std::string_view region = "r") {
    const bool is_role = id.starts_with("AROA");
    uses_->note({.account = account_,
                 .entity_id = id,
                 .entity_name = is_role ? "job" : "Ann",
                 .is_role = is_role,
                 .action = action,
                 .region = region,
                 .at = at});
  }
  void restart() {
    uses_.reset();
    uses_ = std::make_unique<ServiceUses>(*store_);
  }

  const Timestamp now_{std::chrono::milliseconds(1'700'000'000'000)};
  os::TestDirectory folder_;
  AccountId account_{"123456789012"};
  std::unique_ptr<metadata::Store> store_;
  std::unique_ptr<ServiceUses> uses_;
};

TEST_F(ServiceUsesTest, TheNewestOfEachActionIsToldAtOnceAndAfterARestart) {
  note("AIDA1", "s3:GetObject", now_);
  note("AIDA1", "s3:GetObject", now_ - std::chrono::seconds(5), "older");
  note("AIDA1", "sts:GetCallerIdentity", now_ - std::chrono::seconds(9));
  note("AROA1", "s3:PutObject", now_);
  for (int run = 0; run < 2; ++run) {
    const ActionUses of_user = uses_->find(account_, "AIDA1", now_).value();
    ASSERT_EQ(of_user.size(), 2U);
    EXPECT_EQ(of_user.at("s3:GetObject").at, now_);
    EXPECT_EQ(of_user.at("s3:GetObject").region, "r");
    EXPECT_EQ(of_user.at("sts:GetCallerIdentity").at, now_ - std::chrono::seconds(9));
    EXPECT_EQ(uses_->find(account_, "AROA1", now_).value().size(), 1U);
    EXPECT_TRUE(uses_->find(AccountId("210987654321"), "AIDA1", now_).value().empty());
    restart();
  }
  note("AIDA1", "s3:GetObject", now_ + std::chrono::seconds(1));
  EXPECT_EQ(uses_->find(account_, "AIDA1", now_).value().at("s3:GetObject").at, now_ + std::chrono::seconds(1));
}

TEST_F(ServiceUsesTest, NothingStaysOfWhoIsGone) {
  note("AIDA1", "s3:GetObject", now_);
  note("AIDA2", "s3:GetObject", now_);  // had Ann's name before
  restart();
  EXPECT_TRUE(uses_->find(account_, "AIDA2", now_).value().empty());
  write([&](metadata::Transaction& txn) {
    kUsers.erase(txn, {account_, "ann"});
    EXPECT_TRUE(ServiceUses::erase(txn, account_, "AIDA1").has_value());
  });
  EXPECT_TRUE(uses_->find(account_, "AIDA1", now_).value().empty());
  note("AIDA1", "s3:GetObject", now_);
  restart();
  EXPECT_TRUE(uses_->find(account_, "AIDA1", now_).value().empty());
}

TEST_F(ServiceUsesTest, FourHundredDaysBack) {
  note("AIDA1", "s3:GetObject", now_);
  restart();
  EXPECT_EQ(uses_->find(account_, "AIDA1", now_ + std::chrono::hours(24 * 399)).value().size(), 1U);
  EXPECT_TRUE(uses_->find(account_, "AIDA1", now_ + std::chrono::hours(24 * 401)).value().empty());
}

}  // namespace
}  // namespace aerolith::iam
