#include <fmt/format.h>

#include <algorithm>

#include "base/step.h"
#include "ec2/operations/reboot_instances.h"
#include "ec2/operations/start_instances.h"
#include "ec2/operations/stop_instances.h"
#include "ec2/operations/terminate_instances.h"
#include "services/ec2/capacity.h"
#include "services/ec2/describe.h"
#include "services/ec2/instance_spec.h"
#include "services/ec2/instances.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/placement_groups.h"

namespace aerolith::ec2 {
namespace {

using Changes = std::vector<InstanceStateChange>;

Result<> require_drivers(const Call& call) {
  if (call.cloud.container != nullptr || call.cloud.vm != nullptr) return {};
  return errors::of("Unsupported", "This installation runs no instances. `aerolith doctor` says what it lacks.");
}

// Changes each instance that is named; all or none.
template <typename Change>
Result<Changes> change_states(Call& call, const std::vector<std::string>& ids, Change change) {
  TRY(require_drivers(call));
  step("instance-states/asked");
  auto changes = TRY(call.write([&](metadata::Transaction& txn) -> Result<Changes> {
    Changes result;
    Change change_each = change;  // what it keeps is of this run: a transaction may run again
    for (InstanceRecord& record : TRY(find_all<InstanceRecord>(txn, call.scope, kInstances, ids))) {
      const LifeState before = record.state;
      TRY(change_each(txn, record));
      if (record.state != before) record.state_at = call.context.now;
      kInstances.put(txn, call.scope, record);
      result.push_back(
          {.instance_id = record.id, .current_state = to_wire(record.state), .previous_state = to_wire(before)});
    }
    return result;
  }));
  step("instance-states/committed");
  for (const std::string& id : ids) call.settle_instance(id);
  return changes;
}

Result<Strings> asked_instances(const std::optional<Strings>& ids) {
  if (ids && !ids->empty()) return *ids;
  return errors::invalid_combination("No instances specified");
}

std::unexpected<CallError> incorrect_state(const InstanceRecord& record, std::string_view wanted) {
  return errors::of("IncorrectInstanceState",
                    fmt::format("The instance '{}' is not in a state from which it can be {}.", record.id, wanted));
}

// How its guest is to end. Skipping its shutdown, and forcing it, may be asked for while that goes on; neither is taken
// back.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-terminate-methods.html
template <typename Input>
void note_manner(InstanceRecord& record, const Input& input) {
  record.skips_shutdown = record.skips_shutdown || input.skip_os_shutdown.value_or(false);
  record.is_forced = record.is_forced || input.force.value_or(false);
}

}  // namespace

Result<StartInstancesOutput> start_instances(Call& call, const StartInstancesInput& input) {
  auto changes = TRY(change_states(
      call, TRY(asked_instances(input.instance_ids)),
      [&call, promised_mib = uint64_t{0}](metadata::Transaction& txn, InstanceRecord& record) mutable -> Result<> {
        if (record.state == LifeState::running || record.state == LifeState::pending) return {};
        if (record.state != LifeState::stopped) return incorrect_state(record, "started");
        const TypeFacts* const type = find_instance_type(record.type);
        if (type == nullptr) return errors::internal_error("an instance of an unknown type: " + record.type);
        if (std::ranges::none_of(record.volumes, &InstanceVolume::is_root)) {
          return errors::of(
              "IncorrectInstanceState",
              fmt::format("Instance '{}' does not have a volume attached at root ({})", record.id, record.root_device));
        }
        TRY(check_may_start(txn, call.scope, record));
        const WantedRoom wanted{
            .type = *type, .driver = record.driver, .zone = record.zone, .promised_mib = promised_mib};
        promised_mib += TRY(take_room(txn, call.cloud, wanted)).mib;
        record.desired = Desired::running;
        record.state = LifeState::pending;
        record.transition_reason = kStartedAgain;
        record.reason_code.clear();
        record.reason_message.clear();
        record.launched_at = std::chrono::floor<std::chrono::seconds>(call.context.now);
        return give_own_address(txn, call.cloud, call.scope, record);
      }));
  return StartInstancesOutput{.starting_instances = std::move(changes)};
}

Result<StopInstancesOutput> stop_instances(Call& call, const StopInstancesInput& input) {
  if (input.hibernate.value_or(false)) {
    return errors::of("UnsupportedHibernationConfiguration", "Instances can't hibernate.");
  }
  auto changes = TRY(change_states(
      call, TRY(asked_instances(input.instance_ids)), [&](metadata::Transaction&, InstanceRecord& record) -> Result<> {
        if (record.state == LifeState::stopped) return {};
        if (record.state == LifeState::shutting_down || record.state == LifeState::terminated) {
          return incorrect_state(record, "stopped");
        }
        if (record.refuses_stop) {
          return errors::not_permitted(
              fmt::format("The instance '{}' may not be stopped. Modify its 'disableApiStop' "
                          "instance attribute and try again.",
                          record.id));
        }
        record.desired = Desired::stopped;
        record.state = LifeState::stopping;
        note_manner(record, input);
        record.transition_reason = user_initiated(call.context.now);
        record.reason_code = "Client.UserInitiatedShutdown";
        record.reason_message = "Client.UserInitiatedShutdown: User initiated shutdown";
        return {};
      }));
  return StopInstancesOutput{.stopping_instances = std::move(changes)};
}

Result<TerminateInstancesOutput> terminate_instances(Call& call, const TerminateInstancesInput& input) {
  auto changes = TRY(change_states(call, TRY(asked_instances(input.instance_ids)),
                                   [&](metadata::Transaction&, InstanceRecord& record) -> Result<> {
                                     if (record.state == LifeState::terminated) return {};
                                     if (record.state == LifeState::shutting_down) {
                                       note_manner(record, input);
                                       return {};
                                     }
                                     if (record.refuses_termination) {
                                       return errors::not_permitted(
                                           fmt::format("The instance '{}' may not be terminated. Modify its "
                                                       "'disableApiTermination' instance attribute and try again.",
                                                       record.id));
                                     }
                                     note_manner(record, input);
                                     record.desired = Desired::terminated;
                                     record.state = LifeState::shutting_down;
                                     record.transition_reason = user_initiated(call.context.now);
                                     record.reason_code = "Client.UserInitiatedShutdown";
                                     record.reason_message = "Client.UserInitiatedShutdown: User initiated shutdown";
                                     return {};
                                   }));
  return TerminateInstancesOutput{.terminating_instances = std::move(changes)};
}

Result<NoOutput> reboot_instances(Call& call, const RebootInstancesInput& input) {
  TRY(change_states(call, TRY(asked_instances(input.instance_ids)),
                    [&](metadata::Transaction&, InstanceRecord& record) -> Result<> {
                      if (record.state != LifeState::running) return incorrect_state(record, "rebooted");
                      record.reboot_wanted = true;
                      return {};
                    }));
  return NoOutput{};
}

}  // namespace aerolith::ec2
