#include "services/ec2/flow_reports.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "os/test_directory.h"
#include "services/ec2/flow_logs.h"
#include "services/ec2/settle_network.h"
#include "services/ec2/test_fakes.h"

namespace aerolith::ec2 {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kStart{std::chrono::milliseconds(1'767'323'040'000)};

struct StillClock final : Clock {
  Timestamp now() const override { return kStart + 10min; }
};

class FlowReportsTest : public testing::Test {
 protected:
  FlowReportsTest() {
    metadata::StoreOptions options;
    options.directory = folder_ / "metadata";
    store_ = metadata::open_store(options).value();
    cloud_.reset(new Cloud{.metadata = *store_});
    cloud_->deliver_log = [this](const LogFile& file) {
      files_.push_back(file);
      return fault_;
    };
  }

  void add_log(const std::string& id) {
    const auto added = metadata::run_transaction(*store_, [&](metadata::Transaction& txn) -> Result<> {
      FlowLogRecord log{.id = id, .network = "vpc-1", .resource = "vpc-1", .bucket = "logs"};
      log.format = kDefaultFlowFormat;
      log.created_at = kStart;
      kFlowLogs.put(txn, scope_, log);
      return {};
    });
    ASSERT_TRUE(added.has_value());
  }
  std::string error_of(const std::string& id) {
    return kFlowLogs.get(*store_->begin_read(), scope_, id).value().delivery_error;
  }
  reconcile::Outcome report() { return FlowReports(*cloud_, fabric_, clock_).report(make_key(scope_, "vpc-1")); }

  const std::string log_ = "fl-00000000000000001";
  const Scope scope_{.account = AccountId("123456789012"), .region = RegionName("us-east-1")};
  os::TestDirectory folder_;
  std::unique_ptr<metadata::Store> store_;
  std::unique_ptr<Cloud> cloud_;
  Fuse fuse_;
  FakeFabric fabric_{fuse_};
  StillClock clock_;
  std::vector<LogFile> files_;
  std::optional<DeliveryFault> fault_;
  const std::vector<network::FlowWindow> window_{
      {.begin = kStart, .end = kStart + 1min, .labels = {"eni-1 subnet-1 i-1 us-east-1a 10.0.0.5"}, .flows = {}}};
};

TEST_F(FlowReportsTest, DeliversAndDrops) {
  EXPECT_TRUE(std::holds_alternative<reconcile::Settled>(report()));
  add_log(log_);
  fabric_.windows = window_;
  EXPECT_TRUE(std::holds_alternative<reconcile::Again>(report()));
  ASSERT_EQ(files_.size(), 1U);
  EXPECT_EQ(files_[0].bucket, "logs");
  EXPECT_TRUE(files_[0].key.starts_with("AWSLogs/123456789012/vpcflowlogs/"));
  EXPECT_TRUE(fabric_.windows.empty());
  EXPECT_EQ(error_of(log_), "");
}

TEST_F(FlowReportsTest, AClosedBucketLosesTheWindowAndTells) {
  add_log(log_);
  fabric_.windows = window_;
  fault_ = DeliveryFault::denied;
  report();
  EXPECT_TRUE(fabric_.windows.empty());
  EXPECT_EQ(error_of(log_), "Access error");
  fabric_.windows = window_;
  fault_.reset();
  report();
  EXPECT_EQ(error_of(log_), "");
}

TEST_F(FlowReportsTest, WhatFailsComesAgainUnderTheSameName) {
  add_log(log_);
  fabric_.windows = window_;
  fault_ = DeliveryFault::failed;
  report();
  EXPECT_EQ(fabric_.windows.size(), 1U);
  EXPECT_EQ(error_of(log_), "Unknown error");
  fault_.reset();
  report();
  EXPECT_TRUE(fabric_.windows.empty());
  ASSERT_EQ(files_.size(), 2U);
  EXPECT_EQ(files_[0].key, files_[1].key);
  EXPECT_EQ(files_[0].bytes, files_[1].bytes);
}

TEST_F(FlowReportsTest, TheLastWindowOfATurnSaysHowItWent) {
  add_log(log_);
  fabric_.windows = {window_[0], window_[0]};
  fabric_.windows[1].begin = kStart + 1min;
  fabric_.windows[1].end = kStart + 2min;
  fault_ = DeliveryFault::denied;
  cloud_->deliver_log = [this](const LogFile& file) {
    files_.push_back(file);
    return files_.size() == 1 ? fault_ : std::nullopt;
  };
  report();
  EXPECT_EQ(files_.size(), 2U);
  EXPECT_EQ(error_of(log_), "");
}

TEST_F(FlowReportsTest, WhatWasCountedBeforeALogIsNotItsOwn) {
  add_log(log_);
  fabric_.windows = window_;
  fabric_.windows[0].begin = kStart - 2min;
  fabric_.windows[0].end = kStart - 1min;
  report();
  EXPECT_TRUE(files_.empty());
  EXPECT_TRUE(fabric_.windows.empty());
}

}  // namespace
}  // namespace aerolith::ec2
