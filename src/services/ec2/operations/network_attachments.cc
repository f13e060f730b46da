#include <fmt/format.h>

#include <algorithm>

#include "ec2/model/instance.h"
#include "ec2/operations/attach_network_interface.h"
#include "ec2/operations/detach_network_interface.h"
#include "services/ec2/attachments.h"
#include "services/ec2/instance_types.h"
#include "services/ec2/operations/operations.h"

namespace aerolith::ec2 {
namespace {

constexpr std::string_view kAttachmentPrefix = "eni-attach-";

Result<> refuse_unbuilt(const AttachNetworkInterfaceInput& input) {
  if (input.network_card_index.value_or(0) != 0) {
    return errors::invalid_value("networkCardIndex", std::to_string(*input.network_card_index),
                                 "Instances have one network card, 0.");
  }
  if (input.ena_srd_specification && input.ena_srd_specification->ena_srd_enabled.value_or(false)) {
    return errors::unsupported("There is no ENA Express.");
  }
  if (input.ena_queue_count) return errors::unsupported("The number of an interface's queues can't be set.");
  return {};
}

// "You can attach a network interface to an instance when it's running (hot attach), when it's stopped (warm attach),
// or when the instance is being launched (cold attach)": the last by RunInstances alone.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/network-interface-attachments.html
Result<> check_state(const InstanceRecord& instance) {
  if (instance.state == LifeState::running || instance.state == LifeState::stopped) return {};
  return errors::of("IncorrectInstanceState",
                    fmt::format("The {} instance '{}' is not in a valid state for this operation.",
                                name_of(instance.state), instance.id));
}

Result<> check_place(metadata::ReadTransaction& txn, const Scope& scope, const InstanceRecord& instance,
                     const InterfaceRecord& interface, int32_t index) {
  if (interface.zone != instance.zone) {
    return errors::invalid_combination(
        "You may not attach a network interface to an instance if they are not in the same availability zone");
  }
  if (interface.vpc != instance.vpc) {
    return errors::unsupported(
        fmt::format("The network interface {} is in {}, the instance in {}: interfaces of "
                    "several VPCs in one instance are not built.",
                    interface.id, interface.vpc, instance.vpc));
  }
  for (const std::string& id : instance.interfaces) {
    const auto other = TRY(kInterfaces.find(txn, scope, id));
    if (!other || !other->attachment || other->attachment->device_index != index) continue;
    return errors::invalid_parameter(
        fmt::format("Instance '{}' already has an interface attached at device index '{}'.", instance.id, index));
  }
  const TypeFacts* const type = find_instance_type(instance.type);
  if (type == nullptr) return {};
  TRY(check_interface_count(*type, instance.interfaces.size() + 1));
  return check_address_count(*type, interface.addresses.size());
}

Result<InterfaceRecord> find_attached(metadata::ReadTransaction& txn, const Scope& scope, const std::string& id) {
  if (!id.starts_with(kAttachmentPrefix) && !id.starts_with("ela-attach-")) {
    return errors::of("InvalidNetworkInterfaceAttachmentId.Malformed",
                      fmt::format("Invalid id: \"{}\" (expecting \"{}...\")", id, kAttachmentPrefix));
  }
  const auto owner = TRY(owner_of_part(txn, scope, id));
  auto interface = owner ? TRY(kInterfaces.find(txn, scope, *owner)) : std::nullopt;
  if (interface && interface->attachment && interface->attachment->id == id) return *std::move(interface);
  return errors::of("InvalidAttachmentID.NotFound", fmt::format("The interface attachment '{}' does not exist.", id));
}

Result<> check_may_go(const AttachmentRecord& attachment) {
  if (attachment.instance.empty())
    return errors::not_permitted("You are not allowed to manage 'ela-attach' attachments.");
  if (attachment.device_index == 0) {
    return errors::not_permitted("The network interface at device index 0 and networkCard index 0 cannot be detached.");
  }
  return {};
}

struct ChangedInterface {
  std::string attachment;
  std::string instance;
  std::string vpc;
  bool runs = false;
};

// A guest that runs is told by the instances' queue; where there is none, routes to the interface may change.
void settle(const Call& call, const ChangedInterface& changed) {
  if (changed.runs) {
    call.settle_instance(changed.instance);
  } else {
    call.settle_vpc(changed.vpc);
  }
}

}  // namespace

Result<AttachNetworkInterfaceOutput> attach_network_interface(Call& call, const AttachNetworkInterfaceInput& input) {
  TRY(refuse_unbuilt(input));
  const int32_t index = *input.device_index;
  TRY(check_device_index(index));
  const auto changed = TRY(call.write([&](metadata::Transaction& txn) -> Result<ChangedInterface> {
    InterfaceRecord interface = TRY(kInterfaces.get(txn, call.scope, input.network_interface_id));
    InstanceRecord instance = TRY(kInstances.get(txn, call.scope, input.instance_id));
    if (interface.attachment) {
      return errors::of("InvalidNetworkInterface.InUse", fmt::format("Interface: [{}] in use.", interface.id));
    }
    TRY(check_state(instance));
    TRY(check_place(txn, call.scope, instance, interface, index));
    const bool runs = instance.state == LifeState::running;
    const AttachmentRecord attachment{.id = make_part_id(kAttachmentPrefix),
                                      .instance = instance.id,
                                      .device_index = index,
                                      .at = std::chrono::floor<std::chrono::seconds>(call.context.now),
                                      .state = runs ? AttachmentState::attaching : AttachmentState::attached};
    TRY(begin_attachment(txn, call.scope, attachment, interface, instance));
    return ChangedInterface{.attachment = attachment.id, .instance = instance.id, .vpc = instance.vpc, .runs = runs};
  }));
  settle(call, changed);
  return AttachNetworkInterfaceOutput{.attachment_id = changed.attachment, .network_card_index = 0};
}

Result<NoOutput> detach_network_interface(Call& call, const DetachNetworkInterfaceInput& input) {
  const bool by_force = input.force.value_or(false);
  const auto changed = TRY(call.write([&](metadata::Transaction& txn) -> Result<ChangedInterface> {
    InterfaceRecord interface = TRY(find_attached(txn, call.scope, input.attachment_id.value_or("")));
    AttachmentRecord& attachment = *interface.attachment;
    TRY(check_may_go(attachment));
    InstanceRecord instance = TRY(kInstances.get(txn, call.scope, attachment.instance));
    TRY(check_state(instance));
    const ChangedInterface made{.attachment = attachment.id,
                                .instance = instance.id,
                                .vpc = instance.vpc,
                                .runs = instance.state == LifeState::running};
    if (!made.runs) {
      end_attachment(txn, call.scope, interface, instance);
    } else if (by_force || !attachment.is_ending()) {
      attachment.state = by_force ? AttachmentState::detaching_by_force : AttachmentState::detaching;
      kInterfaces.put(txn, call.scope, interface);
    }
    return made;
  }));
  settle(call, changed);
  return NoOutput{};
}

}  // namespace aerolith::ec2
