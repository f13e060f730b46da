// RunInstances and what follows it, with stand-ins for drivers, volumes and fabric.
#include "ec2/operations/run_instances.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/encoding.h"
#include "ec2/model/attribute_boolean_value.h"
#include "ec2/model/attribute_value.h"
#include "ec2/model/request_launch_template_data.h"
#include "ec2/operations.h"
#include "ec2/operations/create_launch_template.h"
#include "ec2/operations/describe_instance_attribute.h"
#include "ec2/operations/describe_instances.h"
#include "ec2/operations/modify_instance_attribute.h"
#include "ec2/operations/reboot_instances.h"
#include "ec2/operations/reset_instance_attribute.h"
#include "ec2/operations/start_instances.h"
#include "ec2/operations/stop_instances.h"
#include "ec2/operations/terminate_instances.h"
#include "os/test_directory.h"
#include "services/ec2/api.h"
#include "services/ec2/filters.h"
#include "services/ec2/instance_tables.h"
#include "services/ec2/interfaces.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/test_fakes.h"
#include "services/ec2/vpcs.h"

namespace aerolith::ec2 {
namespace {

class RunTest : public testing::Test {
 protected:
  RunTest() {
    metadata::StoreOptions options;
    options.directory = folder_ / "metadata";
    store_ = metadata::open_store(options).value();
    cloud_.reset(new Cloud{.metadata = *store_, .container = &driver_, .volumes = &volumes_});
    cloud_->vpc_changed = [](const Scope&, const std::string&) {};
    cloud_->snapshot_unused = [](const Scope&, const std::string&) {};
    cloud_->volume_changed = cloud_->snapshot_unused;
    cloud_->instance_changed = [this](const Scope&, const std::string& id) { settled_.push_back(id); };
    context_.now = Timestamp(std::chrono::milliseconds(1'700'000'000'000));
    context_.key = std::make_shared<const auth::AccessKey>(auth::AccessKey{.principal = {.account = scope_.account}});
    context_.resolved.operation = &service().operations[static_cast<uint16_t>(OperationId::run_instances)];
    EXPECT_TRUE(arrive(*cloud_, scope_, context_.now).has_value());
    image_ = register_own_image(*store_, scope_.region, context_.now, {.name = "tiny", .snapshot = "snap-1"}).value();
  }
  Call call() { return {.context = context_, .cloud = *cloud_, .scope = scope_}; }
  RunInstancesInput request(int32_t count = 1) {
    return {.image_id = image_, .instance_type = "t3.micro", .max_count = count, .min_count = 1};
  }
  Result<RunInstancesOutput> run(const RunInstancesInput& input) {
    Call made = call();
    return run_instances(made, input);
  }
  std::string code_of(const RunInstancesInput& input) {
    const auto answer = run(input);
    return answer.has_value() ? "none" : answer.error().code;
  }
  void set_state(const std::string& id, LifeState state) {
    const auto done = metadata::run_transaction(*store_, [&](metadata::Transaction& txn) -> Result<> {
      InstanceRecord record = TRY(kInstances.get(txn, scope_, id));
      record.state = state;
      kInstances.put(txn, scope_, record);
      return {};
    });
    ASSERT_TRUE(done.has_value());
  }

  os::TestDirectory folder_;
  Fuse fuse_;
  FakeDriver driver_{fuse_};
  FakeVolumes volumes_{fuse_};
  Scope scope_{.account = AccountId("123456789012"), .region = RegionName("us-east-1")};
  gateway::CallContext context_;
  std::vector<std::string> settled_;
  std::string image_;
  std::unique_ptr<metadata::Store> store_;
  std::unique_ptr<Cloud> cloud_;
};

TEST_F(RunTest, WhatIsRunIsDescribed) {
  RunInstancesInput input = request(2);
  input.user_data = base64_encode("#!/bin/sh");
  input.tag_specifications = {{.resource_type = "instance", .tags = std::vector<Tag>{{.key = "Name", .value = "web"}}}};
  const auto made = run(input).value();
  ASSERT_EQ(made.instances->size(), 2U);
  EXPECT_EQ(settled_.size(), 2U);
  const Instance& first = made.instances->front();
  EXPECT_EQ(first.state->name, "pending");
  EXPECT_EQ(first.tags->at(0).value, "web");
  EXPECT_TRUE(first.public_ip_address->starts_with("198.18."));
  EXPECT_EQ(first.block_device_mappings->size(), 1U);
  EXPECT_EQ(first.placement->availability_zone, "us-east-1a");
  EXPECT_EQ(first.security_groups->at(0).group_name, "default");

  Call asked = call();
  const auto all = describe_instances(
      asked, {.filters = std::vector<Filter>{{.name = "tag:Name", .values = Strings{"w*"}},
                                             {.name = "instance-state-name", .values = Strings{"pending"}}}});
  ASSERT_EQ(all->reservations->size(), 1U);
  EXPECT_EQ(all->reservations->front().instances->size(), 2U);
  const auto data = describe_instance_attribute(asked, {.instance_id = first.instance_id, .attribute = "userData"});
  EXPECT_EQ(data->user_data->value, base64_encode("#!/bin/sh"));
}

TEST_F(RunTest, WhatIsRefused) {
  RunInstancesInput input = request();
  input.image_id = "ami-00000000";
  EXPECT_EQ(code_of(input), "InvalidAMIID.NotFound");
  input = request();
  input.key_name = "nobody";
  EXPECT_EQ(code_of(input), "InvalidKeyPair.NotFound");
  input = request();
  input.min_count = 3;
  EXPECT_EQ(code_of(input), "InvalidParameterValue");
  input = request();
  input.user_data = "not base64";
  EXPECT_EQ(code_of(input), "InvalidUserData.Malformed");
  input = request();
  input.user_data = base64_encode(std::string(16385, 'x'));
  EXPECT_EQ(code_of(input), "InvalidParameterValue");
  input = request();
  input.subnet_id = "subnet-00000000";
  EXPECT_EQ(code_of(input), "InvalidSubnetID.NotFound");
  input.network_interfaces = std::vector<InstanceNetworkInterfaceSpecification>{{.device_index = 0}};
  input.subnet_id = "subnet-1";
  EXPECT_EQ(code_of(input), "InvalidParameterCombination");
  input = request();
  input.instance_type = "u-24tb1.112xlarge";
  EXPECT_EQ(code_of(input), "Unsupported");
  input = request();
  input.block_device_mappings =
      std::vector<BlockDeviceMapping>{{.ebs = EbsBlockDevice{.volume_size = 0}, .device_name = "/dev/xvda"}};
  EXPECT_EQ(code_of(input), "InvalidParameterValue");
  const auto with = [&](EbsBlockDevice ebs) {
    RunInstancesInput asked = request();
    asked.block_device_mappings = std::vector<BlockDeviceMapping>{{.ebs = std::move(ebs), .device_name = "/dev/xvda"}};
    return code_of(asked);
  };
  EXPECT_EQ(with({.volume_size = 200, .volume_type = "st1"}), "InvalidParameterValue");
  EXPECT_EQ(with({.volume_size = 200, .volume_type = "sc1"}), "InvalidParameterValue");
  EXPECT_EQ(with({.outpost_arn = "arn:aws:outposts:us-east-1:123456789012:outpost/op-1"}), "UnsupportedOperation");
  EXPECT_EQ(with({.availability_zone = "us-east-1a"}), "UnsupportedOperation");
  EXPECT_EQ(with({.availability_zone_id = "use1-az1"}), "UnsupportedOperation");
  EXPECT_EQ(with({.ebs_card_index = 1}), "UnsupportedOperation");
  cloud_->container = nullptr;
  EXPECT_EQ(code_of(request()), "Unsupported");
  const auto txn = store_->begin_read();
  EXPECT_TRUE(kInstances.all(*txn, scope_)->empty());
  EXPECT_TRUE(kInterfaces.all(*txn, scope_)->empty());
}

TEST_F(RunTest, MappingsAddAndLeaveOut) {
  const auto devices_of = [&](const RunInstancesInput& input) {
    Strings devices;
    const auto made = run(input).value();
    for (const auto& each : *made.instances->front().block_device_mappings) devices.push_back(*each.device_name);
    return devices;
  };
  RunInstancesInput input = request();
  input.block_device_mappings = std::vector<BlockDeviceMapping>{
      {.ebs = EbsBlockDevice{.volume_size = 3}, .device_name = "/dev/sdf"},
      {.ebs = EbsBlockDevice{.volume_size = 200, .volume_type = "st1"}, .device_name = "/dev/sdg"}};
  EXPECT_EQ(devices_of(input), (Strings{"/dev/xvda", "/dev/sdf", "/dev/sdg"}));
  // What isn't there may be left out, too; the root may not.
  input.block_device_mappings = std::vector<BlockDeviceMapping>{{.no_device = "", .device_name = "/dev/sdf"}};
  EXPECT_EQ(devices_of(input), (Strings{"/dev/xvda"}));
  input.block_device_mappings = std::vector<BlockDeviceMapping>{{.no_device = "", .device_name = "/dev/xvda"}};
  EXPECT_EQ(code_of(input), "InvalidBlockDeviceMapping");
}

TEST_F(RunTest, ATemplatesMappingsCountUntilTheRequestHasItsOwn) {
  Call made = call();
  LaunchTemplateEbsBlockDeviceRequest ebs;
  ebs.volume_size = 3;
  LaunchTemplateBlockDeviceMappingRequest mapping;
  mapping.device_name = "/dev/sdf";
  mapping.ebs = ebs;
  RequestLaunchTemplateData data{.image_id = image_, .instance_type = "t3.small"};
  data.block_device_mappings = std::vector<LaunchTemplateBlockDeviceMappingRequest>{mapping};
  ASSERT_TRUE(
      create_launch_template(made, {.launch_template_name = "disks", .launch_template_data = data}).has_value());
  RunInstancesInput input{.max_count = 1, .min_count = 1};
  input.launch_template = LaunchTemplateSpecification{.launch_template_name = "disks"};
  const auto devices = [&] { return *run(input).value().instances->front().block_device_mappings; };
  ASSERT_EQ(devices().size(), 2U);
  EXPECT_EQ(devices().at(1).device_name, "/dev/sdf");
  input.block_device_mappings = std::vector<BlockDeviceMapping>{{.no_device = "", .device_name = "/dev/sdf"}};
  EXPECT_EQ(devices().size(), 1U);
}

TEST_F(RunTest, ATokenRunsOnce) {
  RunInstancesInput input = request();
  input.client_token = "once";
  context_.whole_body = "Action=RunInstances&ClientToken=once";
  const auto first = run(input).value();
  const auto again = run(input).value();
  EXPECT_EQ(first.instances->front().instance_id, again.instances->front().instance_id);
  context_.whole_body = "Action=RunInstances&ClientToken=once&MaxCount=2";
  EXPECT_EQ(code_of(input), "IdempotentParameterMismatch");
}

TEST_F(RunTest, ADryRunLeavesNothing) {
  Call made = call();
  made.dry_run = true;
  EXPECT_TRUE(run_instances(made, request()).has_value());
  const auto txn = store_->begin_read();
  EXPECT_TRUE(kInstances.all(*txn, scope_)->empty());
  EXPECT_TRUE(settled_.empty());
}

TEST_F(RunTest, ATemplateSaysWhatTheRequestDoesNot) {
  Call made = call();
  const auto created = create_launch_template(
      made, {.launch_template_name = "web",
             .launch_template_data = RequestLaunchTemplateData{.image_id = image_, .instance_type = "t3.small"}});
  ASSERT_TRUE(created.has_value());
  RunInstancesInput input{.max_count = 1, .min_count = 1};
  input.launch_template = LaunchTemplateSpecification{.launch_template_name = "web"};
  const Instance launched = run(input).value().instances->front();
  EXPECT_EQ(launched.instance_type, "t3.small");
  ASSERT_EQ(launched.tags.value_or(std::vector<Tag>()).size(), 2U);
  EXPECT_EQ(launched.tags->at(0).key, "aws:ec2launchtemplate:id");
  EXPECT_EQ(launched.tags->at(0).value, created->launch_template->launch_template_id);
  EXPECT_EQ(launched.tags->at(1).key, "aws:ec2launchtemplate:version");
  EXPECT_EQ(launched.tags->at(1).value, "1");
  input.instance_type = "t3.nano";
  EXPECT_EQ(run(input).value().instances->front().instance_type, "t3.nano");
  input.launch_template->version = "7";
  EXPECT_EQ(code_of(input), "InvalidLaunchTemplateId.VersionNotFound");
}

TEST_F(RunTest, StatesAndWhatTheyForbid) {
  RunInstancesInput input = request();
  input.disable_api_termination = true;
  const std::string id = *run(input).value().instances->front().instance_id;
  Call made = call();
  EXPECT_EQ(terminate_instances(made, {.instance_ids = Strings{id}}).error().code, "OperationNotPermitted");
  EXPECT_EQ(reboot_instances(made, {.instance_ids = Strings{id}}).error().code, "IncorrectInstanceState");
  set_state(id, LifeState::running);
  const auto stopped = stop_instances(made, {.instance_ids = Strings{id}}).value();
  EXPECT_EQ(stopped.stopping_instances->at(0).previous_state->name, "running");
  EXPECT_EQ(stopped.stopping_instances->at(0).current_state->code, 64);
  EXPECT_EQ(start_instances(made, {.instance_ids = Strings{id}}).error().code, "IncorrectInstanceState");
  EXPECT_EQ(start_instances(made, {.instance_ids = Strings{id, "i-00000000"}}).error().code,
            "InvalidInstanceID.NotFound");
  set_state(id, LifeState::stopped);
  ASSERT_TRUE(modify_instance_attribute(made, {.instance_id = id,
                                               .disable_api_termination = AttributeBooleanValue{false},
                                               .instance_type = AttributeValue{"t3.large"}})
                  .has_value());
  EXPECT_TRUE(start_instances(made, {.instance_ids = Strings{id}}).has_value());
  EXPECT_TRUE(terminate_instances(made, {.instance_ids = Strings{id}}).has_value());
}

TEST_F(RunTest, StopProtectionIsAgainstStopsAlone) {
  RunInstancesInput input = request();
  input.disable_api_stop = true;
  const std::string id = *run(input).value().instances->front().instance_id;
  set_state(id, LifeState::running);
  Call made = call();
  EXPECT_EQ(stop_instances(made, {.instance_ids = Strings{id}}).error().code, "OperationNotPermitted");
  EXPECT_EQ(stop_instances(made, {.instance_ids = Strings{id}, .force = true}).error().code, "OperationNotPermitted");
  EXPECT_TRUE(reboot_instances(made, {.instance_ids = Strings{id}}).has_value());
  EXPECT_TRUE(terminate_instances(made, {.instance_ids = Strings{id}}).has_value());
}

TEST_F(RunTest, AttributesAreChangedByTheirNamesToo) {
  const std::string id = *run(request()).value().instances->front().instance_id;
  Call made = call();
  const auto change = [&](const std::string& name, const std::string& value) {
    const auto changed = modify_instance_attribute(made, {.instance_id = id, .attribute = name, .value = value});
    return changed.has_value() ? "none" : changed.error().code;
  };
  EXPECT_EQ(change("userData", base64_encode("#!/bin/sh")), "IncorrectInstanceState");
  set_state(id, LifeState::stopped);
  EXPECT_EQ(change("userData", "not base64"), "InvalidUserData.Malformed");
  EXPECT_EQ(change("userData", base64_encode("#!/bin/sh\ntrue")), "none");
  const auto data = describe_instance_attribute(made, {.instance_id = id, .attribute = "userData"});
  EXPECT_EQ(data->user_data->value, base64_encode("#!/bin/sh\ntrue"));
  EXPECT_EQ(change("disableApiStop", "true"), "none");
  EXPECT_EQ(change("enaSupport", "true"), "none");
  EXPECT_EQ(change("enaSupport", "false"), "UnsupportedOperation");
  EXPECT_EQ(change("sriovNetSupport", "simple"), "UnsupportedOperation");
  EXPECT_EQ(change("groupSet", "sg-1"), "InvalidParameterValue");
}

TEST_F(RunTest, AnAttributeIsReset) {
  const std::string id = *run(request()).value().instances->front().instance_id;
  Call made = call();
  const auto checks = [&] {
    return *describe_instance_attribute(made, {.instance_id = id, .attribute = "sourceDestCheck"})
                .value()
                .source_dest_check->value;
  };
  ASSERT_TRUE(modify_instance_attribute(made, {.source_dest_check = AttributeBooleanValue{false}, .instance_id = id})
                  .has_value());
  EXPECT_FALSE(checks());
  ASSERT_TRUE(reset_instance_attribute(made, {.instance_id = id, .attribute = "sourceDestCheck"}).has_value());
  EXPECT_TRUE(checks());
  EXPECT_TRUE(reset_instance_attribute(made, {.instance_id = id, .attribute = "kernel"}).has_value());
  EXPECT_EQ(reset_instance_attribute(made, {.instance_id = id, .attribute = "userData"}).error().code,
            "InvalidParameterValue");
}

TEST_F(RunTest, TheGuestsShutdownMayBeForcedOrSkippedWhileItGoesOn) {
  const std::string id = *run(request()).value().instances->front().instance_id;
  set_state(id, LifeState::running);
  const auto record = [&] { return kInstances.get(*store_->begin_read(), scope_, id).value(); };
  Call made = call();
  ASSERT_TRUE(stop_instances(made, {.instance_ids = Strings{id}}).has_value());
  EXPECT_FALSE(record().is_forced || record().skips_shutdown);
  ASSERT_TRUE(stop_instances(made, {.instance_ids = Strings{id}, .force = true}).has_value());
  EXPECT_TRUE(record().is_forced && !record().skips_shutdown);
  ASSERT_TRUE(terminate_instances(made, {.instance_ids = Strings{id}}).has_value());
  ASSERT_TRUE(terminate_instances(made, {.instance_ids = Strings{id}, .skip_os_shutdown = true}).has_value());
  EXPECT_TRUE(record().skips_shutdown);
  EXPECT_EQ(record().state, LifeState::shutting_down);
}

TEST_F(RunTest, ATypeHasItsCreditsAndItsLimits) {
  RunInstancesInput input = request();
  input.instance_type = "t3.small";
  input.network_interfaces = std::vector<InstanceNetworkInterfaceSpecification>{
      {.device_index = 0}, {.device_index = 1, .secondary_private_ip_address_count = 3}, {.device_index = 2}};
  const Instance made = run(input).value().instances->front();
  EXPECT_FALSE(made.public_ip_address) << "several interfaces";
  const std::string id = *made.instance_id;
  set_state(id, LifeState::stopped);
  Call call_made = call();
  const auto change = [&](const std::string& type) {
    const auto changed =
        modify_instance_attribute(call_made, {.instance_id = id, .instance_type = AttributeValue{type}});
    return changed.has_value() ? kInstances.get(*store_->begin_read(), scope_, id)->credits : changed.error().code;
  };
  EXPECT_EQ(change("t3.micro"), "AttachmentLimitExceeded");
  EXPECT_EQ(change("m5.large"), "");
  EXPECT_EQ(change("t3.medium"), "unlimited");
  EXPECT_EQ(change("t2.medium"), "unlimited") << "as it was";
  EXPECT_EQ(change("m5.large"), "");
  EXPECT_EQ(change("t2.medium"), "standard");
  input.network_interfaces->pop_back();
  const std::string other = *run(input).value().instances->front().instance_id;
  set_state(other, LifeState::stopped);
  EXPECT_EQ(modify_instance_attribute(call_made, {.instance_id = other, .instance_type = AttributeValue{"t3.nano"}})
                .error()
                .code,
            "PrivateIpAddressLimitExceeded");
  input.instance_type = "t3.nano";
  EXPECT_EQ(code_of(input), "PrivateIpAddressLimitExceeded");
}

TEST_F(RunTest, AZoneIsNamedByItsIdToo) {
  RunInstancesInput input = request();
  input.placement = Placement{.availability_zone_id = "use1-az2"};
  const Instance made = run(input).value().instances->front();
  EXPECT_EQ(made.placement->availability_zone_id, "use1-az2");
  EXPECT_EQ(made.placement->availability_zone, "us-east-1b");
  input.placement->availability_zone = "us-east-1b";
  EXPECT_EQ(code_of(input), "InvalidParameterCombination");
  input.placement = Placement{.availability_zone_id = "us-east-1b"};
  EXPECT_EQ(code_of(input), "InvalidParameterValue");
}

TEST_F(RunTest, AnInterfaceThatIsThereIsTakenAsItIs) {
  using Interface = InstanceNetworkInterfaceSpecification;
  std::string subnet;
  std::string existing;
  const auto done = metadata::run_transaction(*store_, [&](metadata::Transaction& txn) -> Result<> {
    const SubnetRecord record = TRY(kSubnets.all(txn, scope_)).front();
    subnet = record.id;
    existing = TRY(make_interface(txn, scope_, {.subnet = record})).id;
    return {};
  });
  ASSERT_TRUE(done.has_value());
  const auto code_with = [&](Interface interface) {
    interface.device_index = 0;
    interface.network_interface_id = existing;
    RunInstancesInput input = request();
    input.network_interfaces = std::vector<Interface>{std::move(interface)};
    return code_of(input);
  };
  EXPECT_EQ(code_with({.subnet_id = subnet}), "InvalidParameterCombination");
  EXPECT_EQ(code_with({.groups = Strings{"sg-1"}}), "InvalidParameterCombination");
  EXPECT_EQ(code_with({.private_ip_address = "172.31.0.9"}), "InvalidParameterCombination");
  EXPECT_EQ(code_with({.ipv6_address_count = 1}), "InvalidParameterCombination");
  EXPECT_EQ(code_with({.associate_public_ip_address = true}), "InvalidParameterCombination");
  EXPECT_EQ(code_with({.delete_on_termination = true}), "InvalidParameterCombination");
  EXPECT_EQ(code_with({.delete_on_termination = false}), "none");
}

TEST_F(RunTest, WhatWouldBeLeftOutIsRefused) {
  using Interface = InstanceNetworkInterfaceSpecification;
  RunInstancesInput input = request();
  input.network_interfaces =
      std::vector<Interface>{{.associate_public_ip_address = true, .device_index = 0}, {.device_index = 1}};
  EXPECT_EQ(code_of(input), "InvalidParameterCombination");
  input = request();
  input.subnet_id = kSubnets.all(*store_->begin_read(), scope_)->front().id;
  input.security_groups = Strings{"default"};
  EXPECT_EQ(code_of(input), "InvalidParameterCombination");
  input = request();
  input.instance_type = "c5.large";
  input.credit_specification = CreditSpecificationRequest{.cpu_credits = "standard"};
  EXPECT_EQ(code_of(input), "InstanceCreditSpecification.NotSupported");
  input = request();
  input.credit_specification = CreditSpecificationRequest{.cpu_credits = "many"};
  EXPECT_EQ(code_of(input), "InvalidParameterValue");
  input = request();
  input.block_device_mappings =
      std::vector<BlockDeviceMapping>{{.ebs = EbsBlockDevice{.volume_size = 1}, .device_name = "/dev/nonsense"}};
  EXPECT_EQ(code_of(input), "InvalidParameterValue");
  input.block_device_mappings =
      std::vector<BlockDeviceMapping>{{.device_name = "/dev/sdb", .virtual_name = "ephemeral0"}};
  EXPECT_EQ(run(input).value().instances->front().block_device_mappings->size(), 1U);
}

TEST_F(RunTest, WhatANetworkSaysOfItsInstancesIsKeptOrRefused) {
  SubnetRecord subnet;
  const auto done = metadata::run_transaction(*store_, [&](metadata::Transaction& txn) -> Result<> {
    subnet = TRY(kSubnets.all(txn, scope_)).front();
    VpcRecord vpc = TRY(kVpcs.get(txn, scope_, subnet.vpc));
    vpc.tenancy = "dedicated";
    kVpcs.put(txn, scope_, vpc);
    subnet.hostname_type = "resource-name";
    kSubnets.put(txn, scope_, subnet);
    return {};
  });
  ASSERT_TRUE(done.has_value());
  RunInstancesInput input = request();
  input.subnet_id = subnet.id;
  EXPECT_EQ(code_of(input), "UnsupportedOperation");
  input.private_dns_name_options = PrivateDnsNameOptionsRequest{.hostname_type = "ip-name"};
  EXPECT_EQ(run(input).value().instances->front().placement->tenancy, "dedicated");
}

}  // namespace
}  // namespace aerolith::ec2
