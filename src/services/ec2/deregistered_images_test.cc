#include "services/ec2/deregistered_images.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>

#include "ec2/operations/deregister_image.h"
#include "ec2/operations/describe_images.h"
#include "os/test_directory.h"
#include "services/ec2/operations/operations.h"

namespace aerolith::ec2 {
namespace {

class DeregisteredImagesTest : public testing::Test {
 protected:
  DeregisteredImagesTest() {
    metadata::StoreOptions options;
    options.directory = folder_ / "metadata";
    store_ = metadata::open_store(options).value();
    cloud_.reset(new Cloud{.metadata = *store_,
                           .snapshot_changed = [](const Scope&, const std::string&) {},
                           .bin_changed = [](const Scope&, const std::string&) {},
                           .snapshot_unused = [](const Scope&, const std::string&) {}});
    context_.now = Timestamp(std::chrono::milliseconds(1'700'000'000'000));
  }
  Call call(Scope scope) { return {.context = context_, .cloud = *cloud_, .scope = std::move(scope)}; }
  template <typename Body>
  void write(Body body) {
    const auto done = metadata::run_transaction(*store_, [&](metadata::Transaction& txn) -> Result<> {
      body(txn);
      return {};
    });
    ASSERT_TRUE(done.has_value());
  }
  void deregister() {
    write([&](auto& txn) { kImages.put(txn, image_scope(mine_), {.id = kId, .owner = mine_.account.str()}); });
    Call made = call(mine_);
    ASSERT_TRUE(deregister_image(made, {.image_id = kId}).has_value());
  }
  // "shown", "none" or the error's code.
  std::string described(const Scope& scope) {
    Call asked = call(scope);
    const auto answer = describe_images(asked, {.image_ids = std::vector<std::string>{kId}});
    if (!answer.has_value()) return answer.error().code;
    return answer->images->empty() ? "none" : "shown";
  }
  std::string deregistered_again() {
    Call again = call(mine_);
    return deregister_image(again, {.image_id = kId}).error().code;
  }

  const std::string kId = "ami-0123456789abcdef0";
  os::TestDirectory folder_;
  Scope mine_{.account = AccountId("123456789012"), .region = RegionName("us-east-1")};
  Scope other_{.account = AccountId("210987654321"), .region = RegionName("us-east-1")};
  gateway::CallContext context_;
  std::unique_ptr<metadata::Store> store_;
  std::unique_ptr<Cloud> cloud_;
};

TEST_F(DeregisteredImagesTest, ItsIdIsKnownForAnHour) {
  deregister();
  EXPECT_EQ(described(mine_), "none");
  EXPECT_EQ(deregistered_again(), "InvalidAMIID.Unavailable");
  EXPECT_EQ(described(other_), "InvalidAMIID.NotFound");  // it was never his to see
  context_.now += std::chrono::hours(1);
  EXPECT_EQ(described(mine_), "InvalidAMIID.NotFound");
  EXPECT_EQ(deregistered_again(), "InvalidAMIID.NotFound");
}

TEST_F(DeregisteredImagesTest, ItsIdIsKnownForAsLongAsAnInstanceOfItIsThere) {
  InstanceRecord instance{.id = "i-0123456789abcdef0", .image = kId};
  write([&](auto& txn) { kInstances.put(txn, mine_, instance); });
  deregister();
  context_.now += std::chrono::hours(30);
  EXPECT_EQ(described(mine_), "none");
  instance.state = LifeState::terminated;
  write([&](auto& txn) { kInstances.put(txn, mine_, instance); });
  EXPECT_EQ(described(mine_), "InvalidAMIID.NotFound");
}

TEST_F(DeregisteredImagesTest, OldOnesAndTooManyAreForgotten) {
  write([&](auto& txn) {
    kDeregistered.put(txn, {mine_.region, "ami-0"}, {.at = context_.now - std::chrono::hours(2)});
    for (size_t i = 1; i <= kMaxDeregistered; ++i) {
      const auto age = std::chrono::seconds(kMaxDeregistered - i);
      kDeregistered.put(txn, {mine_.region, fmt::format("ami-{}", i)}, {.at = context_.now - age});
    }
  });
  deregister();
  const auto txn = store_->begin_read();
  EXPECT_FALSE(kDeregistered.contains(*txn, {mine_.region, "ami-0"}).value());
  EXPECT_FALSE(kDeregistered.contains(*txn, {mine_.region, "ami-1"}).value());
  EXPECT_TRUE(kDeregistered.contains(*txn, {mine_.region, "ami-2"}).value());
  EXPECT_TRUE(kDeregistered.contains(*txn, {mine_.region, kId}).value());
}

}  // namespace
}  // namespace aerolith::ec2
