// Rows of the table: instances.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
#include "ec2/operations/associate_iam_instance_profile.h"
#include "ec2/operations/create_placement_group.h"
#include "ec2/operations/delete_placement_group.h"
#include "ec2/operations/describe_iam_instance_profile_associations.h"
#include "ec2/operations/describe_instance_attribute.h"
#include "ec2/operations/describe_instance_credit_specifications.h"
#include "ec2/operations/describe_instance_status.h"
#include "ec2/operations/describe_instances.h"
#include "ec2/operations/describe_placement_groups.h"
#include "ec2/operations/disassociate_iam_instance_profile.h"
#include "ec2/operations/get_console_output.h"
#include "ec2/operations/get_default_credit_specification.h"
#include "ec2/operations/get_instance_metadata_defaults.h"
#include "ec2/operations/get_launch_template_data.h"
#include "ec2/operations/get_password_data.h"
#include "ec2/operations/modify_default_credit_specification.h"
#include "ec2/operations/modify_instance_attribute.h"
#include "ec2/operations/modify_instance_capacity_reservation_attributes.h"
#include "ec2/operations/modify_instance_cpu_options.h"
#include "ec2/operations/modify_instance_credit_specification.h"
#include "ec2/operations/modify_instance_maintenance_options.h"
#include "ec2/operations/modify_instance_metadata_defaults.h"
#include "ec2/operations/modify_instance_metadata_options.h"
#include "ec2/operations/modify_instance_placement.h"
#include "ec2/operations/modify_private_dns_name_options.h"
#include "ec2/operations/monitor_instances.h"
#include "ec2/operations/reboot_instances.h"
#include "ec2/operations/replace_iam_instance_profile_association.h"
#include "ec2/operations/reset_instance_attribute.h"
#include "ec2/operations/run_instances.h"
#include "ec2/operations/start_instances.h"
#include "ec2/operations/stop_instances.h"
#include "ec2/operations/terminate_instances.h"
#include "ec2/operations/unmonitor_instances.h"
#include "services/ec2/instance_profiles.h"
#include "services/ec2/launch_targets.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/rows.h"

namespace aerolith::ec2 {
namespace {

// Each volume is judged by what it will be.
std::vector<gateway::AccessNeed> volume_needs(const gateway::CallContext& context, const LaunchTargets& targets) {
  const Scope scope = scope_of(context);
  const auto tags = tags_for(targets.merged.tag_specifications, Kind::volume);
  const std::string any = make_arn(scope, Kind::volume, "*");
  if (!targets.volumes) {
    return {{.action = std::string(kRunInstances), .resource = any, .instance = pack_tags(tags)}};
  }
  std::vector<gateway::AccessNeed> needs;
  for (const BlockDeviceRecord& each : *targets.volumes) {
    needs.push_back({.action = std::string(kRunInstances),
                     .resource = any,
                     .instance = pack_keys(tags, facts_of_volume(scope, each))});
  }
  return needs;
}

std::vector<gateway::AccessNeed> launch_needs(const gateway::CallContext& context, const LaunchTargets& targets) {
  std::vector<gateway::AccessNeed> needs;
  const auto make = [&](Kind kind) {
    std::ranges::move(needs_of(context, kRunInstances, making(kind), targets.merged, Presence::required),
                      std::back_inserter(needs));
  };
  const auto use = [&](Kind kind, const std::string& id) {
    needs.push_back({.action = std::string(kRunInstances), .resource = make_arn(scope_of(context), kind, id)});
  };
  make(Kind::instance);
  std::ranges::move(volume_needs(context, targets), std::back_inserter(needs));
  if (targets.makes_interfaces) make(Kind::network_interface);
  use(Kind::image, targets.image);
  for (const std::string& id : ids_in(targets.merged, Kind::snapshot)) use(Kind::snapshot, id);
  for (const std::string& id : targets.interfaces) use(Kind::network_interface, id);
  for (const std::string& id : targets.subnets) use(Kind::subnet, id);
  for (const std::string& id : targets.groups) use(Kind::security_group, id);
  if (targets.merged.key_name) use(Kind::key_pair, *targets.merged.key_name);
  if (!targets.placement_group.empty()) use(Kind::placement_group, targets.placement_group);
  if (!targets.launch_template.empty()) use(Kind::launch_template, targets.launch_template);
  return needs;
}

void add_run_instances_row(TableBuilder& table) {
  gateway::OperationEntry& entry =
      table.row<ec2::run_instances>(OperationId::run_instances, kRunInstances, making(Kind::instance));
  metadata::Store& store = table.store();
  entry.needs = [&store](const gateway::CallContext& context, const void* input) {
    const auto& asked = *static_cast<const RunInstancesInput*>(input);
    return launch_needs(context, find_launch_targets(store, scope_of(context), asked));
  };
  entry.conditions = [&store](const gateway::CallContext& context, const void* input, policy::Context& keys) {
    const auto& asked = *static_cast<const RunInstancesInput*>(input);
    add_condition_keys(context, merged_or_asked(*store.begin_read(), scope_of(context), asked), keys);
  };
}

// What it acts on is the instance whose association the call names; any where there is none.
template <auto handler>
gateway::OperationEntry& add_association_row(TableBuilder& table, OperationId id, std::string_view action) {
  gateway::OperationEntry& entry = table.row<handler>(id, action, existing(Kind::instance));
  entry.needs = [&store = table.store(), action](const gateway::CallContext& context, const void* input) {
    const auto& asked = *static_cast<const typename Guarded<handler>::InputType*>(input);
    const Scope scope = scope_of(context);
    const auto found = instance_of_association(*store.begin_read(), scope, asked.association_id.value_or(""));
    const std::string instance = found.has_value() ? found->value_or("*") : "*";
    return std::vector<gateway::AccessNeed>{
        {.action = std::string(action), .resource = make_arn(scope, Kind::instance, instance)}};
  };
  return entry;
}

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html#amazonec2-ec2_NewInstanceProfile
template <auto handler>
void add_new_profile_key(TableBuilder& table, gateway::OperationEntry& entry) {
  entry.conditions = [&cloud = table.cloud()](const gateway::CallContext& context, const void* input,
                                              policy::Context& keys) {
    const auto& asked = *static_cast<const typename Guarded<handler>::InputType*>(input);
    add_condition_keys(context, asked, keys);
    if (!asked.iam_instance_profile) return;
    const auto profile = look_up_profile(cloud, scope_of(context).account, *asked.iam_instance_profile);
    if (profile) keys.set("ec2:NewInstanceProfile", profile->arn);
  };
}

}  // namespace

void add_instance_rows(TableBuilder& table) {
  using enum OperationId;
  add_new_profile_key<ec2::associate_iam_instance_profile>(
      table, table.row<ec2::associate_iam_instance_profile>(
                 associate_iam_instance_profile, "ec2:AssociateIamInstanceProfile", existing(Kind::instance)));
  table.row<ec2::describe_iam_instance_profile_associations>(describe_iam_instance_profile_associations,
                                                             "ec2:DescribeIamInstanceProfileAssociations", kAnything);
  table.row<ec2::describe_instance_attribute>(describe_instance_attribute, "ec2:DescribeInstanceAttribute",
                                              existing(Kind::instance));
  table.row<ec2::describe_instance_credit_specifications>(describe_instance_credit_specifications,
                                                          "ec2:DescribeInstanceCreditSpecifications", kAnything);
  table.row<ec2::describe_instance_status>(describe_instance_status, "ec2:DescribeInstanceStatus", kAnything);
  table.row<ec2::describe_instances>(describe_instances, "ec2:DescribeInstances", kAnything);
  add_association_row<ec2::disassociate_iam_instance_profile>(table, disassociate_iam_instance_profile,
                                                              "ec2:DisassociateIamInstanceProfile");
  table.row<ec2::get_console_output>(get_console_output, "ec2:GetConsoleOutput", existing(Kind::instance));
  table.row<ec2::get_password_data>(get_password_data, "ec2:GetPasswordData", existing(Kind::instance));
  table.row<ec2::create_placement_group>(create_placement_group, "ec2:CreatePlacementGroup",
                                         making(Kind::placement_group));
  table.row<ec2::delete_placement_group>(delete_placement_group, "ec2:DeletePlacementGroup",
                                         existing(Kind::placement_group));
  table.row<ec2::describe_placement_groups>(describe_placement_groups, "ec2:DescribePlacementGroups", kAnything);
  table.row<ec2::get_launch_template_data>(get_launch_template_data, "ec2:GetLaunchTemplateData", kAnything);
  table.row<ec2::modify_instance_capacity_reservation_attributes>(modify_instance_capacity_reservation_attributes,
                                                                  "ec2:ModifyInstanceCapacityReservationAttributes",
                                                                  existing(Kind::instance));
  table.row<ec2::modify_instance_cpu_options>(modify_instance_cpu_options, "ec2:ModifyInstanceCpuOptions",
                                              existing(Kind::instance));
  table.row<ec2::modify_instance_maintenance_options>(modify_instance_maintenance_options,
                                                      "ec2:ModifyInstanceMaintenanceOptions", existing(Kind::instance));
  table.row<ec2::modify_instance_placement>(modify_instance_placement, "ec2:ModifyInstancePlacement",
                                            existing(Kind::instance), {existing(Kind::placement_group)});
  table.row<ec2::modify_private_dns_name_options>(modify_private_dns_name_options, "ec2:ModifyPrivateDnsNameOptions",
                                                  existing(Kind::instance));
  table.row<ec2::modify_instance_attribute>(modify_instance_attribute, "ec2:ModifyInstanceAttribute",
                                            existing(Kind::instance));
  table.row<ec2::get_instance_metadata_defaults>(get_instance_metadata_defaults, "ec2:GetInstanceMetadataDefaults",
                                                 kAnything);
  table.row<ec2::modify_instance_metadata_defaults>(modify_instance_metadata_defaults,
                                                    "ec2:ModifyInstanceMetadataDefaults", kAnything);
  table.row<ec2::get_default_credit_specification>(get_default_credit_specification,
                                                   "ec2:GetDefaultCreditSpecification", kAnything);
  table.row<ec2::modify_default_credit_specification>(modify_default_credit_specification,
                                                      "ec2:ModifyDefaultCreditSpecification", kAnything);
  table.row<ec2::modify_instance_credit_specification>(
      modify_instance_credit_specification, "ec2:ModifyInstanceCreditSpecification", existing(Kind::instance));
  table.row<ec2::modify_instance_metadata_options>(modify_instance_metadata_options,
                                                   "ec2:ModifyInstanceMetadataOptions", existing(Kind::instance));
  table.row<ec2::monitor_instances>(monitor_instances, "ec2:MonitorInstances", existing(Kind::instance));
  table.row<ec2::reboot_instances>(reboot_instances, "ec2:RebootInstances", existing(Kind::instance));
  add_new_profile_key<ec2::replace_iam_instance_profile_association>(
      table, add_association_row<ec2::replace_iam_instance_profile_association>(
                 table, replace_iam_instance_profile_association, "ec2:ReplaceIamInstanceProfileAssociation"));
  table.row<ec2::reset_instance_attribute>(reset_instance_attribute, "ec2:ResetInstanceAttribute",
                                           existing(Kind::instance));
  add_run_instances_row(table);
  table.row<ec2::start_instances>(start_instances, "ec2:StartInstances", existing(Kind::instance));
  table.row<ec2::stop_instances>(stop_instances, "ec2:StopInstances", existing(Kind::instance));
  table.row<ec2::terminate_instances>(terminate_instances, "ec2:TerminateInstances", existing(Kind::instance));
  table.row<ec2::unmonitor_instances>(unmonitor_instances, "ec2:UnmonitorInstances", existing(Kind::instance));
}

}  // namespace aerolith::ec2
