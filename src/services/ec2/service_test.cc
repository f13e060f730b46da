#include "services/ec2/service.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <thread>

#include "os/test_directory.h"
#include "services/ec2/api.h"
#include "services/ec2/instance_tables.h"
#include "services/ec2/interfaces.h"
#include "services/ec2/snapshot_tables.h"
#include "services/ec2/test_fakes.h"
#include "services/ec2/vpcs.h"

namespace aerolith::ec2 {
namespace {

class ServiceTest : public testing::Test {
 protected:
  ServiceTest() {
    metadata::StoreOptions options;
    options.directory = folder_ / "metadata";
    store_ = metadata::open_store(options).value();
  }

  os::TestDirectory folder_;
  SystemClock clock_;
  std::unique_ptr<metadata::Store> store_;
  Scope scope_{.account = AccountId("123456789012"), .region = RegionName("us-east-1")};
};

TEST_F(ServiceTest, EveryImplementedOperationHasItsRow) {
  Service service({.metadata = *store_, .clock = clock_});
  const auto table = service.table();
  std::set<uint16_t> rows;
  gateway::CallContext context;
  context.region = RegionName("us-east-1");
  context.key = std::make_shared<const auth::AccessKey>(auth::AccessKey{.principal = {.account = scope_.account}});
  for (const auto& entry : table.operations) {
    EXPECT_TRUE(rows.insert(entry.operation_id).second);
    const protocol::Operation& operation = table.model->operations[entry.operation_id];
    EXPECT_EQ(entry.iam_action, "ec2:" + std::string(operation.name));
    const auto input = entry.make_input();
    const std::string resource = entry.resource(context, input.get());
    EXPECT_TRUE(resource == "*" || resource.starts_with("arn:aws:ec2:us-east-1:"))
        << entry.iam_action << " " << resource;
    EXPECT_FALSE(entry.needs(context, input.get()).empty()) << entry.iam_action;
  }
  for (const protocol::Operation& operation : table.model->operations) {
    EXPECT_EQ(operation.implemented, rows.contains(operation.id)) << operation.name;
  }
}

// What an earlier process left behind is looked at when the next one starts.
TEST_F(ServiceTest, AtTheStartTheHostIsMadeWhatTheRecordsSay) {
  Fuse fuse;
  FakeFabric fabric(fuse);
  fabric.applied["vpc-of-nobody"] = {.id = "vpc-of-nobody"};
  Cloud cloud{.metadata = *store_};
  cloud.vpc_changed = [](const Scope&, const std::string&) {};
  ASSERT_TRUE(arrive(cloud, scope_, clock_.now()).has_value());
  Service service({.metadata = *store_, .clock = clock_, .fabric = &fabric});
  ASSERT_TRUE(service.settle_all().has_value());
  ASSERT_TRUE(service.wait_idle(std::chrono::seconds(10)));
  EXPECT_TRUE(fabric.applied.empty());  // nobody is in the default VPC

  const auto placed = metadata::run_transaction(*store_, [&](metadata::Transaction& txn) -> Result<> {
    const SubnetRecord subnet = TRY(kSubnets.all(txn, scope_)).front();
    InterfaceRecord interface = TRY(make_interface(txn, scope_, {.subnet = subnet}));
    interface.attachment = AttachmentRecord{.id = "eni-attach-1", .instance = "i-0123456789abcdef0"};
    kInterfaces.put(txn, scope_, interface);
    kInstances.put(txn, scope_, {.id = "i-0123456789abcdef0", .vpc = subnet.vpc, .prepared = true});
    return {};
  });
  ASSERT_TRUE(placed.has_value());
  ASSERT_TRUE(service.settle_all().has_value());
  ASSERT_TRUE(service.wait_idle(std::chrono::seconds(10)));
  ASSERT_EQ(fabric.applied.size(), 1U);
  EXPECT_EQ(fabric.applied.begin()->second.cidrs, std::vector<std::string>{"172.31.0.0/16"});
  EXPECT_TRUE(fabric.applied.begin()->second.has_internet_gateway);
}

TEST_F(ServiceTest, OnlyTheFirstCallMakesTheDefaultVpc) {
  Cloud cloud{.metadata = *store_};
  int made = 0;
  cloud.vpc_changed = [&](const Scope&, const std::string&) { ++made; };
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] { EXPECT_TRUE(arrive(cloud, scope_, clock_.now()).has_value()); });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(made, 1);
  const auto txn = store_->begin_read();
  EXPECT_EQ(kVpcs.all(*txn, scope_)->size(), 1U);
  EXPECT_EQ(kSubnets.all(*txn, scope_)->size(), 3U);
}

TEST_F(ServiceTest, AnInstanceIsFoundByItsAddress) {
  Cloud cloud{.metadata = *store_};
  cloud.vpc_changed = [](const Scope&, const std::string&) {};
  ASSERT_TRUE(arrive(cloud, scope_, clock_.now()).has_value());
  std::string vpc;
  std::string address;
  const auto done = metadata::run_transaction(*store_, [&](metadata::Transaction& txn) -> Result<> {
    const SubnetRecord subnet = TRY(kSubnets.all(txn, scope_)).front();
    InterfaceRecord interface = TRY(make_interface(txn, scope_, {.subnet = subnet}));
    interface.attachment = AttachmentRecord{.id = "eni-attach-1", .instance = "i-0123456789abcdef0"};
    kInterfaces.put(txn, scope_, interface);
    InstanceRecord record{.id = "i-0123456789abcdef0", .vpc = subnet.vpc, .zone = subnet.zone, .type = "t3.micro"};
    record.interfaces = {interface.id};
    record.private_address = interface.addresses.front().address;
    kInstances.put(txn, scope_, record);
    kUserData.put(txn, {scope_.account, scope_.region, record.id}, {.data = "#!/bin/sh"});
    vpc = subnet.vpc;
    address = record.private_address;
    return {};
  });
  ASSERT_TRUE(done.has_value());
  const auto found = find_instance(*store_, vpc, address).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, "i-0123456789abcdef0");
  EXPECT_EQ(found->user_data, "#!/bin/sh");
  EXPECT_EQ(found->interfaces.at(0).group_names, std::vector<std::string>{"default"});
  EXPECT_EQ(found->zone_id.substr(0, 7), "use1-az");
  EXPECT_FALSE(find_instance(*store_, vpc, "172.31.255.200").value());
  EXPECT_FALSE(find_instance(*store_, "vpc-other", address).value());
}

TEST_F(ServiceTest, AnImportedSnapshotIsItsOwners) {
  const std::string id = new_snapshot_id();
  ASSERT_TRUE(register_snapshot(*store_, scope_.region, clock_.now(),
                                {.id = id, .owner = scope_.account, .size_gib = 3, .description = "from elsewhere"})
                  .has_value());
  const auto found = kSnapshots.find(*store_->begin_read(), snapshot_scope(scope_), id).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->owner, scope_.account.str());
  EXPECT_EQ(found->state, SnapshotState::completed);
  EXPECT_EQ(found->size_gib, 3);
}

TEST_F(ServiceTest, AnOwnImageKeepsItsId) {
  const auto first = register_own_image(*store_, scope_.region, clock_.now(), {.name = "tiny", .snapshot = "snap-1"});
  const auto again = register_own_image(*store_, scope_.region, clock_.now(), {.name = "tiny", .snapshot = "snap-2"});
  EXPECT_EQ(first.value(), again.value());
  const auto txn = store_->begin_read();
  EXPECT_EQ(kImages.all(*txn, image_scope(scope_))->at(0).devices.at(0).snapshot, "snap-2");
}

}  // namespace
}  // namespace aerolith::ec2
