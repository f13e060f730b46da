#include "services/ec2/settle_instance.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "ec2/model/vpc.h"
#include "os/test_directory.h"
#include "services/ec2/attachments.h"
#include "services/ec2/instance_tables.h"
#include "services/ec2/interfaces.h"
#include "services/ec2/root_replacement.h"
#include "services/ec2/settle_network.h"
#include "services/ec2/test_fakes.h"
#include "services/ec2/vpcs.h"

namespace aerolith::ec2 {
namespace {

using namespace std::chrono_literals;

class SettableClock final : public Clock {
 public:
  Timestamp now() const override { return at; }
  Timestamp at{std::chrono::milliseconds(1'700'000'000'000)};
};

class SettleTest : public testing::Test {
 protected:
  SettleTest() {
    metadata::StoreOptions options;
    options.directory = folder_ / "metadata";
    store_ = metadata::open_store(options).value();
    cloud_.reset(new Cloud{.metadata = *store_, .container = &driver_, .volumes = &volumes_});
    cloud_->vpc_changed = [](const Scope&, const std::string&) {};
    cloud_->instance_changed = cloud_->vpc_changed;
    cloud_->snapshot_unused = cloud_->vpc_changed;
    cloud_->volume_changed = cloud_->vpc_changed;
    cloud_->bin_changed = cloud_->vpc_changed;
    EXPECT_TRUE(arrive(*cloud_, scope_, clock_.now()).has_value());
    launch();
  }

  // As RunInstances writes it.
  void launch() {
    const auto done = metadata::run_transaction(*store_, [&](metadata::Transaction& txn) -> Result<> {
      const SubnetRecord subnet = TRY(kSubnets.all(txn, scope_)).front();
      InterfaceRecord interface = TRY(make_interface(txn, scope_, {.subnet = subnet}));
      interface.attachment = AttachmentRecord{
          .id = make_part_id("eni-attach-"), .instance = id_, .at = clock_.now(), .delete_on_termination = true};
      put_part(txn, scope_, interface.attachment->id, interface.id);
      kInterfaces.put(txn, scope_, interface);
      InstanceRecord record{.id = id_, .vpc = subnet.vpc, .subnet = subnet.id, .zone = subnet.zone, .type = "t3.micro"};
      record.interfaces = {interface.id};
      record.private_address = interface.addresses.front().address;
      record.volumes = {{.volume = "vol-0123456789abcdef0", .device = "/dev/xvda", .is_root = true}};
      record.state_at = clock_.now();
      kVolumes.put(txn, scope_, {.id = "vol-0123456789abcdef0", .size_gib = 2, .attachments = {{.instance = id_}}});
      kInstances.put(txn, scope_, record);
      vpc_ = subnet.vpc;
      return {};
    });
    ASSERT_TRUE(done.has_value());
  }
  // As AttachNetworkInterface writes it.
  std::string attach(AttachmentState state) {
    std::string id;
    const auto done = metadata::run_transaction(*store_, [&](metadata::Transaction& txn) -> Result<> {
      InstanceRecord instance = TRY(kInstances.get(txn, scope_, id_));
      InterfaceRecord interface =
          TRY(make_interface(txn, scope_, {.subnet = TRY(kSubnets.get(txn, scope_, instance.subnet))}));
      id = interface.id;
      return begin_attachment(txn, scope_,
                              {.id = make_part_id("eni-attach-"), .instance = id_, .device_index = 1, .state = state},
                              interface, instance);
    });
    EXPECT_TRUE(done.has_value());
    return id;
  }
  // As DetachNetworkInterface writes it.
  void detach(const std::string& id, AttachmentState state) {
    const auto done = metadata::run_transaction(*store_, [&](metadata::Transaction& txn) -> Result<> {
      InterfaceRecord interface = TRY(kInterfaces.get(txn, scope_, id));
      interface.attachment->state = state;
      kInterfaces.put(txn, scope_, interface);
      return {};
    });
    ASSERT_TRUE(done.has_value());
  }
  std::optional<AttachmentRecord> attachment_of(const std::string& interface) {
    const auto txn = store_->begin_read();
    return kInterfaces.get(*txn, scope_, interface).value().attachment;
  }
  network::PortKind port_of(const std::string& interface) {
    return std::ranges::find(fabric_.applied.at(vpc_).interfaces, interface, &network::Interface::id)->port;
  }
  template <typename Change>
  void change(Change body) {
    const auto done = metadata::run_transaction(*store_, [&](metadata::Transaction& txn) -> Result<> {
      InstanceRecord record = TRY(kInstances.get(txn, scope_, id_));
      body(record);
      kInstances.put(txn, scope_, record);
      return {};
    });
    ASSERT_TRUE(done.has_value());
  }
  void want(Desired desired, LifeState state) {
    change([&](InstanceRecord& record) {
      record.desired = desired;
      record.state = state;
    });
  }
  // As CreateImage writes it.
  void put_image(const std::string& id) {
    const auto done = metadata::run_transaction(*store_, [&](metadata::Transaction& txn) -> Result<> {
      ImageRecord image{.id = id, .owner = scope_.account.str(), .name = "mine"};
      image.devices = {{.device = "/dev/xvda", .snapshot = "snap-0123456789abcdef0", .size_gib = 2}};
      image.created_at = clock_.now();
      image.state = ImageState::pending;
      kImages.put(txn, image_scope(scope_), image);
      return {};
    });
    ASSERT_TRUE(done.has_value());
  }
  // As CreateReplaceRootVolumeTask writes it.
  void replace_root(const std::string& volume, bool deletes_old = true) {
    const auto done = metadata::run_transaction(*store_, [&](metadata::Transaction& txn) -> Result<> {
      InstanceRecord instance = TRY(kInstances.get(txn, scope_, id_));
      RootReplacementRecord task{.id = "replacevol-0123456789abcdef0", .instance = id_, .volume = volume};
      task.old_volume = instance.volumes.front().volume;
      task.snapshot = "snap-0123456789abcdef0";
      task.size_gib = 2;
      task.deletes_old = deletes_old;
      task.state_at = clock_.now();
      task.started_at = clock_.now();
      instance.replacing = task.id;
      kRootReplacements.put(txn, scope_, task);
      kInstances.put(txn, scope_, instance);
      return {};
    });
    ASSERT_TRUE(done.has_value());
  }
  RootReplacementRecord replacement() {
    return kRootReplacements.get(*store_->begin_read(), scope_, std::string("replacevol-0123456789abcdef0")).value();
  }
  std::optional<VolumeRecord> find_volume(const std::string& id) {
    return kVolumes.find(*store_->begin_read(), scope_, id).value();
  }
  std::optional<ImageRecord> find_image(const std::string& id) {
    const auto txn = store_->begin_read();
    return kImages.find(*txn, image_scope(scope_), id).value();
  }
  std::optional<InstanceRecord> record() {
    const auto txn = store_->begin_read();
    return kInstances.find(*txn, scope_, id_).value();
  }
  // What the next process does first, for each VPC.
  void settle_networks() {
    const auto txn = store_->begin_read();
    const auto vpcs = kVpcs.all(*txn, scope_).value();
    for (const VpcRecord& vpc : vpcs) {
      settle_network({.cloud = *cloud_, .fabric = fabric_, .turns = turns_}, make_key(scope_, vpc.id));
    }
  }
  // Until it waits or is done. A kill ends a run; the next one is another process.
  reconcile::Outcome settle() {
    for (int i = 0; i < 200; ++i) {
      try {
        const auto outcome = settle_instance({.cloud = *cloud_, .fabric = fabric_, .clock = clock_, .turns = turns_},
                                             make_key(scope_, id_));
        const auto* again = std::get_if<reconcile::Again>(&outcome);
        if (again == nullptr || again->after > 0ms) return outcome;
      } catch (const Killed&) {
        ++kills_;
        fuse_.steps_left = -1;
        settle_networks();
      }
    }
    return reconcile::Failed{"it never ended"};
  }

  os::TestDirectory folder_;
  Fuse fuse_;
  FakeFabric fabric_{fuse_};
  FakeDriver driver_{fuse_};
  FakeVolumes volumes_{fuse_};
  SettableClock clock_;
  Turns turns_;
  Scope scope_{.account = AccountId("123456789012"), .region = RegionName("us-east-1")};
  std::string id_ = "i-0123456789abcdef0";
  std::string vpc_;
  int kills_ = 0;
  std::unique_ptr<metadata::Store> store_;
  std::unique_ptr<Cloud> cloud_;
};

TEST_F(SettleTest, ALaunchMakesAllItNeeds) {
  settle();
  EXPECT_EQ(record()->state, LifeState::running);
  EXPECT_EQ(volumes_.sizes.at("vol-0123456789abcdef0"), uint64_t{2} << 30);
  const compute::Spec& spec = driver_.launched.at(id_);
  EXPECT_EQ(spec.memory_bytes, uint64_t{1} << 30);
  EXPECT_EQ(spec.vcpus, 2);
  EXPECT_EQ(spec.ports.at(0).gateway.substr(0, 7), "172.31.");
  ASSERT_TRUE(spec.resolver.has_value());
  EXPECT_EQ(spec.resolver->servers, (std::vector<std::string>{"172.31.0.2"}));
  EXPECT_EQ(spec.resolver->domain, "ec2.internal");
  const network::Vpc& vpc = fabric_.applied.at(vpc_);
  EXPECT_EQ(vpc.interfaces.at(0).port, network::PortKind::veth);
  EXPECT_EQ(vpc.interfaces.at(0).guest_namespace, "/run/netns/" + id_);
}

TEST_F(SettleTest, AGuestAsksWhomItsVpcsOptionsName) {
  const auto done = metadata::run_transaction(*store_, [&](metadata::Transaction& txn) -> Result<> {
    VpcRecord vpc = TRY(kVpcs.get(txn, scope_, vpc_));
    vpc.dhcp_options = make_id(Kind::dhcp_options);
    kVpcs.put(txn, scope_, vpc);
    kDhcpOptions.put(txn, scope_,
                     {.id = vpc.dhcp_options,
                      .options = {{.key = "domain-name", .values = {"one\nnameserver 192.0.2.1"}},
                                  {.key = "domain-name-servers", .values = {"10.9.9.9", "AmazonProvidedDNS", "x"}}}});
    return {};
  });
  ASSERT_TRUE(done.has_value());
  settle();
  const compute::Spec& spec = driver_.launched.at(id_);
  EXPECT_EQ(spec.resolver->servers, (std::vector<std::string>{"10.9.9.9", "172.31.0.2"}));
  EXPECT_EQ(spec.resolver->domain, "");
}

// The process is killed at each step in turn: the next one ends in the same state.
TEST_F(SettleTest, AKillAtAnyStepIsMadeGood) {
  for (int steps = 0; steps < 40; ++steps) {
    want(Desired::running, LifeState::pending);
    fuse_.steps_left = steps;
    settle();
    fuse_.steps_left = -1;
    ASSERT_EQ(record()->state, LifeState::running) << steps;
    ASSERT_EQ(fabric_.applied.at(vpc_).interfaces.at(0).port, network::PortKind::veth) << steps;
    want(Desired::stopped, LifeState::stopping);
    fuse_.steps_left = steps;
    settle();
    fuse_.steps_left = -1;
    ASSERT_EQ(record()->state, LifeState::stopped) << steps;
    ASSERT_TRUE(driver_.prepared.empty()) << steps;
    ASSERT_FALSE(fabric_.applied.contains(vpc_)) << steps;  // nobody is in it
  }
  EXPECT_GT(kills_, 8);
}

TEST_F(SettleTest, AKillWhileItIsTerminatedLeaksNothing) {
  settle();
  want(Desired::terminated, LifeState::shutting_down);
  for (int steps = 0; steps < 14 && record()->state != LifeState::terminated; ++steps) {
    fuse_.steps_left = steps;
    settle();
  }
  EXPECT_EQ(record()->state, LifeState::terminated);
  EXPECT_TRUE(volumes_.sizes.empty());
  EXPECT_TRUE(driver_.launched.empty());
  EXPECT_FALSE(fabric_.applied.contains(vpc_));
  const auto txn = store_->begin_read();
  EXPECT_TRUE(kInterfaces.all(*txn, scope_)->empty());
  EXPECT_TRUE(kVolumes.all(*txn, scope_)->empty());
  clock_.at += 2h;
  settle();
  EXPECT_FALSE(record());
}

TEST_F(SettleTest, AGuestHasTimeToShutDownBeforeItIsTerminated) {
  settle();
  driver_.shutdown = compute::Shutdown::goes_on;
  want(Desired::terminated, LifeState::shutting_down);
  settle();
  EXPECT_GT(driver_.shutdowns, 1) << "other instances never had their turn";
  EXPECT_EQ(record()->state, LifeState::shutting_down);
  EXPECT_TRUE(driver_.launched.contains(id_));
  EXPECT_FALSE(volumes_.sizes.empty());
  driver_.shutdown = compute::Shutdown::ended;
  settle();
  EXPECT_EQ(record()->state, LifeState::terminated);
}

TEST_F(SettleTest, AGuestThatDoesNotShutDownIsEndedInTheEnd) {
  for (const bool is_forced : {false, true}) {
    want(Desired::running, LifeState::pending);
    settle();
    driver_.shutdown = compute::Shutdown::goes_on;
    change([&](InstanceRecord& each) {
      each.is_forced = is_forced;
      each.state_at = clock_.at;
    });
    want(Desired::stopped, LifeState::stopping);
    clock_.at += is_forced ? 9s : 59s;
    settle();
    EXPECT_EQ(record()->state, LifeState::stopping) << is_forced;
    clock_.at += 2s;
    settle();
    EXPECT_EQ(record()->state, LifeState::stopped) << is_forced;
    EXPECT_FALSE(record()->is_forced);
  }
}

TEST_F(SettleTest, AGuestThatDoesNotListenIsEndedAtOnce) {
  settle();
  driver_.shutdown = compute::Shutdown::unheard;
  want(Desired::terminated, LifeState::shutting_down);
  settle();
  EXPECT_EQ(record()->state, LifeState::terminated);
}

TEST_F(SettleTest, AGuestsShutdownMayBeSkippedWhileItGoesOn) {
  settle();
  driver_.shutdown = compute::Shutdown::goes_on;
  want(Desired::terminated, LifeState::shutting_down);
  settle();
  const int asked = driver_.shutdowns;
  change([](InstanceRecord& each) { each.skips_shutdown = true; });
  settle();
  EXPECT_EQ(driver_.shutdowns, asked);
  EXPECT_EQ(record()->state, LifeState::terminated);
}

TEST_F(SettleTest, AKillWhileAnImageIsMadeIsMadeGood) {
  settle();
  ASSERT_EQ(record()->state, LifeState::running);
  const std::string image = "ami-0123456789abcdef0";
  for (int steps = 0; steps < 40; ++steps) {
    put_image(image);
    change([&](InstanceRecord& record) { record.imaging = image; });
    volumes_.snapshots.clear();
    fuse_.steps_left = steps;
    settle();
    fuse_.steps_left = -1;
    EXPECT_EQ(find_image(image)->state, ImageState::available) << steps;
    EXPECT_TRUE(volumes_.snapshots.contains("snap-0123456789abcdef0")) << steps;
    EXPECT_EQ(record()->imaging, "");
    EXPECT_EQ(record()->state, LifeState::running) << steps;
    EXPECT_EQ(driver_.states.at(id_), compute::State::running) << steps;
  }
}

TEST_F(SettleTest, AStoppedInstanceStaysSoWhenAnImageIsMade) {
  settle();
  want(Desired::stopped, LifeState::stopping);
  settle();
  put_image("ami-0123456789abcdef0");
  change([&](InstanceRecord& record) { record.imaging = "ami-0123456789abcdef0"; });
  settle();
  EXPECT_EQ(find_image("ami-0123456789abcdef0")->state, ImageState::available);
  EXPECT_EQ(record()->state, LifeState::stopped);
  EXPECT_FALSE(driver_.launched.contains(id_));
}

TEST_F(SettleTest, AnImageThatCanNotBeMadeFailsAndItsInstanceGoesOn) {
  settle();
  put_image("ami-0123456789abcdef0");
  change([&](InstanceRecord& record) { record.imaging = "ami-0123456789abcdef0"; });
  volumes_.snapshot_error = blocks::VolumeError{blocks::VolumeErrorCode::no_space, "the disk is full"};
  settle();
  const auto failed = find_image("ami-0123456789abcdef0");
  EXPECT_EQ(failed->state, ImageState::failed);
  EXPECT_NE(failed->failure.find("the disk is full"), std::string::npos) << failed->failure;
  EXPECT_EQ(failed->devices.front().snapshot, "");
  EXPECT_EQ(record()->state, LifeState::running);
}

TEST_F(SettleTest, AKillWhileItsRootIsReplacedIsMadeGood) {
  settle();
  for (int steps = 0; steps < 16; ++steps) {
    const std::string old = record()->volumes.front().volume;
    const std::string volume = fmt::format("vol-{:017}", steps);
    const std::string address = record()->private_address;
    replace_root(volume, steps % 2 == 0);
    fuse_.steps_left = steps;
    settle();
    fuse_.steps_left = -1;
    EXPECT_EQ(replacement().state, ReplacementState::succeeded) << steps;
    EXPECT_EQ(record()->replacing, "") << steps;
    EXPECT_EQ(record()->state, LifeState::running) << steps;
    ASSERT_EQ(record()->volumes.size(), 1U) << steps;
    EXPECT_EQ(record()->volumes.front().volume, volume) << steps;
    EXPECT_TRUE(record()->volumes.front().is_root) << steps;
    EXPECT_NE(find_volume(volume)->attachment_to(id_), nullptr) << steps;
    EXPECT_FALSE(find_volume(old)->is_attached()) << steps;
    EXPECT_EQ(find_volume(old)->removed, steps % 2 == 0) << steps;
    EXPECT_TRUE(volumes_.sizes.contains(volume)) << steps;
    EXPECT_EQ(driver_.states.at(id_), compute::State::running) << steps;
    EXPECT_EQ(driver_.launched.at(id_).disks.front().volume, volume) << steps;
    EXPECT_EQ(record()->private_address, address);
  }
}

TEST_F(SettleTest, ANewRootThatDoesNotStartGivesWayToTheOldOne) {
  settle();
  replace_root("vol-00000000000000001");
  driver_.launch_error = compute::DriverError{compute::DriverErrorCode::bad_image, "it has no /sbin/init"};
  for (int i = 0; i < 5 && replacement().state != ReplacementState::failed; ++i) {
    settle_instance({.cloud = *cloud_, .fabric = fabric_, .clock = clock_, .turns = turns_}, make_key(scope_, id_));
  }
  driver_.launch_error.reset();
  settle();
  EXPECT_EQ(replacement().state, ReplacementState::failed);
  EXPECT_EQ(replacement().failure, "it has no /sbin/init");
  EXPECT_EQ(record()->state, LifeState::running);
  EXPECT_EQ(record()->volumes.front().volume, "vol-0123456789abcdef0");
  EXPECT_EQ(driver_.launched.at(id_).disks.front().volume, "vol-0123456789abcdef0");
  EXPECT_FALSE(find_volume("vol-00000000000000001"));
  EXPECT_FALSE(volumes_.sizes.contains("vol-00000000000000001"));
}

TEST_F(SettleTest, AnInstanceThatIsToEndHasItsRootReplacedFirst) {
  settle();
  replace_root("vol-00000000000000001", false);
  want(Desired::terminated, LifeState::shutting_down);
  settle();
  EXPECT_EQ(record()->state, LifeState::terminated);
  EXPECT_FALSE(volumes_.sizes.contains("vol-00000000000000001"));
  EXPECT_FALSE(find_volume("vol-0123456789abcdef0")->is_attached());  // it was to stay
}

// Killed at each step in turn, on both ways.
TEST_F(SettleTest, AnInterfaceComesAndGoesWhileItRuns) {
  settle();
  for (int steps = 0; steps < 8; ++steps) {
    const std::string id = attach(AttachmentState::attaching);
    fuse_.steps_left = steps;
    settle();
    fuse_.steps_left = -1;
    ASSERT_EQ(attachment_of(id)->state, AttachmentState::attached) << steps;
    ASSERT_TRUE(driver_.ports[id_].contains(id)) << steps;
    ASSERT_EQ(port_of(id), network::PortKind::veth) << steps;
    ASSERT_EQ(record()->interfaces.at(1), id) << steps;
    detach(id, AttachmentState::detaching);
    fuse_.steps_left = steps;
    settle();
    fuse_.steps_left = -1;
    ASSERT_FALSE(attachment_of(id)) << steps;
    ASSERT_FALSE(driver_.ports[id_].contains(id)) << steps;
    ASSERT_EQ(port_of(id), network::PortKind::none) << steps;
    ASSERT_EQ(record()->interfaces.size(), 1U) << steps;
  }
  EXPECT_GT(kills_, 6);
}

TEST_F(SettleTest, AGuestThatKeepsAnInterfaceLosesItByForceAlone) {
  settle();
  const std::string id = attach(AttachmentState::attaching);
  settle();
  driver_.port_error = {compute::DriverErrorCode::command, "it doesn't let go"};
  detach(id, AttachmentState::detaching);
  change([](InstanceRecord& record) { record.reboot_wanted = true; });
  settle();
  EXPECT_EQ(driver_.reboots, 1) << "all else goes on";
  EXPECT_TRUE(std::holds_alternative<reconcile::Failed>(settle()));
  EXPECT_EQ(attachment_of(id)->state, AttachmentState::detaching);
  detach(id, AttachmentState::detaching_by_force);
  settle();
  EXPECT_FALSE(attachment_of(id));
}

TEST_F(SettleTest, AStopEndsWhatWasAskedOfInterfaces) {
  settle();
  const std::string comes = attach(AttachmentState::attaching);
  driver_.port_error = {compute::DriverErrorCode::no_capacity, "no slot"};
  settle();
  want(Desired::stopped, LifeState::stopping);
  settle();
  EXPECT_EQ(attachment_of(comes)->state, AttachmentState::attached);
  want(Desired::running, LifeState::pending);
  settle();
  const auto& ports = driver_.launched.at(id_).ports;
  ASSERT_EQ(ports.size(), 2U);
  EXPECT_EQ(ports.at(1).interface, comes);
  EXPECT_EQ(ports.at(1).device_index, 1);
  detach(comes, AttachmentState::detaching);
  want(Desired::stopped, LifeState::stopping);
  settle();
  EXPECT_FALSE(attachment_of(comes));
  EXPECT_EQ(record()->interfaces.size(), 1U);
}

TEST_F(SettleTest, WhatTheMachineLacksIsToldInTheReason) {
  driver_.launch_error = {compute::DriverErrorCode::unavailable, "runc is not installed: apt-get install runc"};
  settle();
  EXPECT_EQ(record()->state, LifeState::terminated);
  EXPECT_EQ(record()->reason_code, "Server.InternalError");
  EXPECT_NE(record()->reason_message.find("apt-get install runc"), std::string::npos);
}

TEST_F(SettleTest, AStepThatShouldNotFailIsTriedForAWhile) {
  driver_.launch_error = {compute::DriverErrorCode::command, "exit code 1"};
  EXPECT_TRUE(std::holds_alternative<reconcile::Failed>(settle()));
  EXPECT_EQ(record()->state, LifeState::pending);
  clock_.at += 2min;
  settle();
  EXPECT_EQ(record()->state, LifeState::terminated);
}

TEST_F(SettleTest, AGuestThatEndsIsSeen) {
  settle();
  driver_.states[id_] = compute::State::crashed;
  settle();
  EXPECT_EQ(record()->state, LifeState::stopped);
  EXPECT_EQ(record()->reason_message, "Server.InternalError: it fell over");
}

// Killed at each step in turn.
TEST_F(SettleTest, WhatAGuestWroteStaysUntilItStartsAgain) {
  const auto kept = [&] { return kConsoles.get(*store_->begin_read(), {scope_.account, scope_.region, id_}).value(); };
  for (int steps = 0; steps < 20; ++steps) {
    want(Desired::running, LifeState::pending);
    driver_.console_text = "panic " + std::to_string(steps);
    settle();
    ASSERT_FALSE(kept()) << steps;
    driver_.states[id_] = compute::State::crashed;
    fuse_.steps_left = steps;
    settle();
    fuse_.steps_left = -1;
    ASSERT_EQ(kept()->text, driver_.console_text) << steps;
    EXPECT_EQ(kept()->kept_at, clock_.now());
  }
  EXPECT_GT(kills_, 2);
}

TEST_F(SettleTest, WhatAGuestWroteIsShownAsLongAsItsInstance) {
  settle();
  want(Desired::terminated, LifeState::shutting_down);
  settle();
  const auto is_kept = [&] {
    return kConsoles.get(*store_->begin_read(), {scope_.account, scope_.region, id_}).value().has_value();
  };
  EXPECT_TRUE(is_kept());
  clock_.at += 2h;
  settle();
  EXPECT_FALSE(record());
  EXPECT_FALSE(is_kept());
}

TEST_F(SettleTest, AGuestThatShutsDownMayEndForGood) {
  settle();
  change([](InstanceRecord& each) { each.terminates_on_shutdown = true; });
  driver_.states[id_] = compute::State::stopped;
  settle();
  EXPECT_EQ(record()->state, LifeState::terminated);
  EXPECT_EQ(record()->reason_code, "Client.InstanceInitiatedShutdown");
}

TEST_F(SettleTest, AfterAHostsRebootItComesBack) {
  settle();
  driver_.states.clear();
  driver_.launched.clear();
  settle();
  EXPECT_TRUE(driver_.launched.contains(id_));
  EXPECT_EQ(record()->state, LifeState::running);
}

TEST_F(SettleTest, ARebootIsAskedForOnce) {
  settle();
  change([](InstanceRecord& each) { each.reboot_wanted = true; });
  settle();
  settle();
  EXPECT_EQ(driver_.reboots, 1);
}

}  // namespace
}  // namespace aerolith::ec2
