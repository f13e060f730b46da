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

}  // namespace
}  // namespace aerolith::ec2
