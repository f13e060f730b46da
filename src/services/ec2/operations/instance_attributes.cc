#include <fmt/format.h>

#include "base/encoding.h"
#include "ec2/operations/describe_instance_attribute.h"
#include "ec2/operations/modify_instance_attribute.h"
#include "ec2/operations/reset_instance_attribute.h"
#include "services/ec2/attachments.h"
#include "services/ec2/describe.h"
#include "services/ec2/instance_types.h"
#include "services/ec2/instances.h"
#include "services/ec2/interfaces.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/user_data.h"

namespace aerolith::ec2 {
namespace {

// What may change only while it is stopped.
Result<> require_stopped(const InstanceRecord& record, std::string_view attribute) {
  if (record.state == LifeState::stopped) return {};
  return errors::of("IncorrectInstanceState",
                    fmt::format("The instance '{}' is not in the 'stopped' state: its attribute {} can't change now.",
                                record.id, attribute));
}

bool is_on(const std::optional<AttributeBooleanValue>& value) { return value && value->value.value_or(false); }

// What it has stays with it, and must have room.
Result<> check_interfaces(metadata::ReadTransaction& txn, const Scope& scope, const InstanceRecord& record,
                          const TypeFacts& type) {
  TRY(check_interface_count(type, record.interfaces.size()));
  for (const std::string& id : record.interfaces) {
    if (const auto interface = TRY(kInterfaces.find(txn, scope, id))) {
      TRY(check_address_count(type, interface->addresses.size()));
    }
  }
  return {};
}

Result<> change_type(metadata::ReadTransaction& txn, const Scope& scope, InstanceRecord& record,
                     const std::string& name) {
  TRY(require_stopped(record, "instanceType"));
  const TypeFacts* const type = find_instance_type(name);
  if (type == nullptr) return errors::invalid_parameter(fmt::format("Invalid value '{}' for InstanceType.", name));
  TRY(check_interfaces(txn, scope, record, *type));
  // From one burstable type to another it keeps what was chosen.
  if (!type->is_burstable() || record.credits.empty()) record.credits = type->usual_credits();
  record.type = name;
  record.cores = type->cores();
  record.threads_per_core = type->threads_per_core;
  return {};
}

Result<> change_interface(metadata::Transaction& txn, const Call& call, const InstanceRecord& record,
                          const ModifyInstanceAttributeInput& input) {
  if (!input.groups && !input.source_dest_check) return {};
  if (record.interfaces.size() != 1) {
    return errors::of("InvalidInstanceID",
                      fmt::format("There are multiple interfaces attached to instance '{}'. Please "
                                  "specify an interface ID for the operation instead.",
                                  record.id));
  }
  auto interface = TRY(kInterfaces.get(txn, call.scope, record.interfaces.front()));
  if (input.source_dest_check) interface.source_dest_check = is_on(input.source_dest_check);
  if (input.groups) {
    TRY(check_group_count(input.groups->size()));
    for (const std::string& id : *input.groups) {
      if (TRY(kGroups.get(txn, call.scope, id)).vpc != interface.vpc)
        return errors::not_found(Kind::security_group, id);
    }
    interface.groups = *input.groups;
  }
  kInterfaces.put(txn, call.scope, interface);
  return {};
}

Result<> change_devices(metadata::Transaction& txn, const Call& call, InstanceRecord& record,
                        const ModifyInstanceAttributeInput& input) {
  if (!input.block_device_mappings) return {};
  for (const auto& mapping : *input.block_device_mappings) {
    const auto found = std::ranges::find(record.volumes, mapping.device_name.value_or(""), &InstanceVolume::device);
    if (found == record.volumes.end()) {
      return errors::of("InvalidInstanceAttributeValue",
                        fmt::format("No device is currently mapped at {}", mapping.device_name.value_or("")));
    }
    if (!mapping.ebs || !mapping.ebs->delete_on_termination) continue;
    found->delete_on_termination = *mapping.ebs->delete_on_termination;
    auto volume = TRY(kVolumes.get(txn, call.scope, found->volume));
    if (VolumeAttachmentRecord* const attachment = volume.attachment_to(record.id)) {
      attachment->delete_on_termination = found->delete_on_termination;
    }
    kVolumes.put(txn, call.scope, volume);
  }
  return {};
}

// The old way: an attribute by its name, and its value as text.
Result<ModifyInstanceAttributeInput> named_attribute(ModifyInstanceAttributeInput input) {
  if (input.value && !input.attribute) return errors::missing_parameter("Attribute");
  if (!input.attribute || !input.value) return input;
  const std::string& name = *input.attribute;
  const AttributeBooleanValue truth{*input.value == "true"};
  if (name == "instanceType") {
    input.instance_type = AttributeValue{*input.value};
  } else if (name == "disableApiTermination") {
    input.disable_api_termination = truth;
  } else if (name == "disableApiStop") {
    input.disable_api_stop = truth;
  } else if (name == "ebsOptimized") {
    input.ebs_optimized = truth;
  } else if (name == "sourceDestCheck") {
    input.source_dest_check = truth;
  } else if (name == "enaSupport") {
    input.ena_support = truth;
  } else if (name == "userData") {
    input.user_data = SecureBlobAttributeValue{TRY(read_user_data(input.value))};
  } else if (name == "sriovNetSupport") {
    input.sriov_net_support = AttributeValue{*input.value};
  } else if (name == "instanceInitiatedShutdownBehavior") {
    input.instance_initiated_shutdown_behavior = AttributeValue{*input.value};
  } else if (name == "kernel" || name == "ramdisk") {
    input.kernel = AttributeValue{*input.value};
  } else {
    return errors::invalid_value("attribute", name, "It can't be changed by its name and a value.");
  }
  return input;
}

// What all instances have, or none.
Result<> refuse_unbuilt(const ModifyInstanceAttributeInput& input) {
  if (input.kernel || input.ramdisk) return errors::unsupported("Kernels are an image's.");
  if (input.ena_support && !is_on(input.ena_support)) return errors::unsupported("All instances have ENA.");
  if (input.sriov_net_support) return errors::unsupported("Instances have ENA, and no other enhanced networking.");
  if (input.enclave_options && input.enclave_options->enabled.value_or(false)) {
    return errors::unsupported("There are no Nitro Enclaves.");
  }
  return {};
}

Result<> change(metadata::Transaction& txn, const Call& call, InstanceRecord& record,
                const ModifyInstanceAttributeInput& input) {
  if (input.disable_api_termination) record.refuses_termination = is_on(input.disable_api_termination);
  if (input.disable_api_stop) record.refuses_stop = is_on(input.disable_api_stop);
  if (input.instance_initiated_shutdown_behavior) {
    const std::string value = input.instance_initiated_shutdown_behavior->value.value_or("");
    if (value != "stop" && value != "terminate") {
      return errors::invalid_parameter(
          fmt::format("Invalid value '{}' for InstanceInitiatedShutdownBehavior. Valid values are 'stop' and "
                      "'terminate'.",
                      value));
    }
    record.terminates_on_shutdown = value == "terminate";
  }
  if (input.ebs_optimized) {
    TRY(require_stopped(record, "ebsOptimized"));
    record.ebs_optimized = is_on(input.ebs_optimized);
  }
  if (input.instance_type) TRY(change_type(txn, call.scope, record, input.instance_type->value.value_or("")));
  if (input.user_data) {
    TRY(require_stopped(record, "userData"));
    const std::string data = input.user_data->value.value_or("");
    TRY(check_user_data(data));
    kUserData.put(txn, {call.scope.account, call.scope.region, record.id}, {.data = data});
  }
  TRY(change_devices(txn, call, record, input));
  return change_interface(txn, call, record, input);
}

}  // namespace

Result<NoOutput> modify_instance_attribute(Call& call, const ModifyInstanceAttributeInput& input) {
  const ModifyInstanceAttributeInput asked = TRY(named_attribute(input));
  TRY(refuse_unbuilt(asked));
  auto vpc = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    InstanceRecord record = TRY(kInstances.get(txn, call.scope, input.instance_id));
    TRY(change(txn, call, record, asked));
    kInstances.put(txn, call.scope, record);
    return record.vpc;
  }));
  if (asked.groups || asked.source_dest_check) call.settle_vpc(vpc);
  return NoOutput{};
}

// Kernels are an image's: an instance has what it would be reset to.
Result<NoOutput> reset_instance_attribute(Call& call, const ResetInstanceAttributeInput& input) {
  const std::string& name = *input.attribute;
  if (name != "sourceDestCheck" && name != "kernel" && name != "ramdisk") {
    return errors::invalid_value("attribute", name, "Only kernel, ramdisk and sourceDestCheck can be reset.");
  }
  if (name == "sourceDestCheck") {
    return modify_instance_attribute(
        call, {.source_dest_check = AttributeBooleanValue{true}, .instance_id = input.instance_id});
  }
  TRY(kInstances.get(*call.read(), call.scope, input.instance_id));
  return NoOutput{};
}

Result<DescribeInstanceAttributeOutput> describe_instance_attribute(Call& call,
                                                                    const DescribeInstanceAttributeInput& input) {
  const auto txn = call.read();
  const InstanceRecord record = TRY(kInstances.get(*txn, call.scope, input.instance_id));
  const Instance all = TRY(shown(*txn, call.scope, record, {}));
  const std::string& name = *input.attribute;
  DescribeInstanceAttributeOutput output{.instance_id = record.id};
  if (name == "instanceType") {
    output.instance_type = AttributeValue{record.type};
  } else if (name == "userData") {
    const auto data = TRY(kUserData.get(*txn, {call.scope.account, call.scope.region, record.id}));
    output.user_data = AttributeValue{};
    if (data) output.user_data->value = base64_encode(data->data);
  } else if (name == "disableApiTermination") {
    output.disable_api_termination = AttributeBooleanValue{record.refuses_termination};
  } else if (name == "disableApiStop") {
    output.disable_api_stop = AttributeBooleanValue{record.refuses_stop};
  } else if (name == "instanceInitiatedShutdownBehavior") {
    output.instance_initiated_shutdown_behavior = AttributeValue{record.terminates_on_shutdown ? "terminate" : "stop"};
  } else if (name == "rootDeviceName") {
    output.root_device_name = AttributeValue{record.root_device};
  } else if (name == "blockDeviceMapping") {
    output.block_device_mappings = all.block_device_mappings;
  } else if (name == "sourceDestCheck") {
    output.source_dest_check = AttributeBooleanValue{all.source_dest_check};
  } else if (name == "groupSet") {
    output.groups = all.security_groups;
  } else if (name == "ebsOptimized") {
    output.ebs_optimized = AttributeBooleanValue{record.ebs_optimized};
  } else if (name == "enaSupport") {
    output.ena_support = AttributeBooleanValue{true};
  } else if (name == "enclaveOptions") {
    output.enclave_options = EnclaveOptions{.enabled = false};
  } else if (name == "productCodes") {
    output.product_codes = std::vector<ProductCode>();
  } else if (name == "kernel") {
    output.kernel_id = AttributeValue{};
  } else if (name == "ramdisk") {
    output.ramdisk_id = AttributeValue{};
  } else if (name == "sriovNetSupport") {
    output.sriov_net_support = AttributeValue{};
  } else {
    return errors::invalid_value("attribute", name, "Unknown attribute.");
  }
  return output;
}

}  // namespace aerolith::ec2
