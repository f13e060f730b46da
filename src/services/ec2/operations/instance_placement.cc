#include <fmt/format.h>

#include "ec2/operations/modify_instance_capacity_reservation_attributes.h"
#include "ec2/operations/modify_instance_cpu_options.h"
#include "ec2/operations/modify_instance_maintenance_options.h"
#include "ec2/operations/modify_instance_placement.h"
#include "ec2/operations/modify_private_dns_name_options.h"
#include "services/ec2/instances.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/placement_groups.h"

namespace aerolith::ec2 {
namespace {

Result<> require_stopped(const InstanceRecord& record) {
  if (record.state == LifeState::stopped) return {};
  return errors::of("IncorrectInstanceState",
                    fmt::format("The instance '{}' is not in the 'stopped' state.", record.id));
}

Result<> require_there(const InstanceRecord& record) {
  if (record.state != LifeState::terminated && record.state != LifeState::shutting_down) return {};
  return errors::of("IncorrectInstanceState",
                    fmt::format("The instance '{}' is not in a state in which it can be modified.", record.id));
}

// Changes the one instance that is named.
template <typename Change>
Result<InstanceRecord> modify(Call& call, const std::optional<std::string>& id, Change change) {
  return call.write([&](metadata::Transaction& txn) -> Result<InstanceRecord> {
    InstanceRecord record = TRY(kInstances.get(txn, call.scope, id));
    TRY(change(txn, record));
    kInstances.put(txn, call.scope, record);
    return record;
  });
}

Result<> refuse_hosts(const ModifyInstancePlacementInput& input, const InstanceRecord& record) {
  if (input.host_id || input.host_resource_group_arn || input.affinity == "host" || input.tenancy == "host") {
    return errors::unsupported("There are no Dedicated Hosts.");
  }
  if (!input.tenancy || *input.tenancy == record.tenancy) return {};
  return errors::invalid_combination("The tenancy of an instance can be changed between 'dedicated' and 'host' only.");
}

const char* shown(bool is_default) { return is_default ? "default" : "disabled"; }

}  // namespace

// An empty name takes the instance out of its group.
Result<ModifyInstancePlacementOutput> modify_instance_placement(Call& call, const ModifyInstancePlacementInput& input) {
  TRY(modify(call, input.instance_id, [&](metadata::Transaction& txn, InstanceRecord& record) -> Result<> {
    TRY(require_stopped(record));
    TRY(refuse_hosts(input, record));
    if (!input.group_name && !input.group_id && !input.partition_number) return {};
    const std::string present = input.group_id ? "" : record.placement_group;
    const auto group = TRY(find_placement_group(txn, call.scope, input.group_name.value_or(present), input.group_id));
    if (!group) {
      if (input.partition_number) return errors::invalid_combination("A partition number needs a placement group.");
      Places().take(record);
      return {};
    }
    const TypeFacts* const type = find_instance_type(record.type);
    if (type == nullptr) return errors::internal_error("an instance of an unknown type: " + record.type);
    record.placement_group.clear();  // where it is doesn't count
    kInstances.put(txn, call.scope, record);
    auto places = TRY(Places::find(txn, call.scope, *group, *type, record.zone, input.partition_number));
    places.take(record);
    return {};
  }));
  return ModifyInstancePlacementOutput{.return_ = true};
}

Result<ModifyInstanceCpuOptionsOutput> modify_instance_cpu_options(Call& call,
                                                                   const ModifyInstanceCpuOptionsInput& input) {
  if (input.nested_virtualization.value_or("disabled") != "disabled") {
    return errors::unsupported("Processors have no nested virtualization.");
  }
  const auto record =
      TRY(modify(call, input.instance_id, [&](metadata::Transaction&, InstanceRecord& each) -> Result<> {
        TRY(require_stopped(each));
        const TypeFacts* const type = find_instance_type(each.type);
        if (type == nullptr) return errors::internal_error("an instance of an unknown type: " + each.type);
        TRY(check_cpus(*type, input.core_count, input.threads_per_core));
        each.cores = input.core_count.value_or(each.cores);
        each.threads_per_core = input.threads_per_core.value_or(each.threads_per_core);
        return {};
      }));
  return ModifyInstanceCpuOptionsOutput{
      .instance_id = record.id, .core_count = record.cores, .threads_per_core = record.threads_per_core};
}

// Hosts that fail take their instances along: there is nowhere to recover, or to migrate, to.
Result<ModifyInstanceMaintenanceOptionsOutput> modify_instance_maintenance_options(
    Call& call, const ModifyInstanceMaintenanceOptionsInput& input) {
  const auto record =
      TRY(modify(call, input.instance_id, [&](metadata::Transaction&, InstanceRecord& each) -> Result<> {
        TRY(require_there(each));
        if (input.auto_recovery) each.recovers = *input.auto_recovery == "default";
        if (input.reboot_migration) each.migrates_at_reboot = *input.reboot_migration == "default";
        return {};
      }));
  return ModifyInstanceMaintenanceOptionsOutput{.instance_id = record.id,
                                                .auto_recovery = shown(record.recovers),
                                                .reboot_migration = shown(record.migrates_at_reboot)};
}

// There are no reservations: "open" and "none" come to the same.
Result<ModifyInstanceCapacityReservationAttributesOutput> modify_instance_capacity_reservation_attributes(
    Call& call, const ModifyInstanceCapacityReservationAttributesInput& input) {
  const auto& asked = *input.capacity_reservation_specification;
  const std::string preference = asked.capacity_reservation_preference.value_or("open");
  if (asked.capacity_reservation_target || preference == "capacity-reservations-only") {
    return errors::unsupported("There are no Capacity Reservations.");
  }
  TRY(modify(call, input.instance_id, [&](metadata::Transaction&, InstanceRecord& record) -> Result<> {
    TRY(require_stopped(record));
    record.uses_reservations = preference == "open";
    return {};
  }));
  return ModifyInstanceCapacityReservationAttributesOutput{.return_ = true};
}

// What there is can be asked for; nothing else is built.
Result<ModifyPrivateDnsNameOptionsOutput> modify_private_dns_name_options(
    Call& call, const ModifyPrivateDnsNameOptionsInput& input) {
  if (input.private_dns_hostname_type.value_or("ip-name") != "ip-name" ||
      input.enable_resource_name_dns_a_record.value_or(false) ||
      input.enable_resource_name_dns_aaaa_record.value_or(false)) {
    return errors::unsupported("Instances are named by their addresses (ip-name) only.");
  }
  TRY(modify(call, input.instance_id,
             [&](metadata::Transaction&, InstanceRecord& record) -> Result<> { return require_there(record); }));
  return ModifyPrivateDnsNameOptionsOutput{.return_ = true};
}

}  // namespace aerolith::ec2
