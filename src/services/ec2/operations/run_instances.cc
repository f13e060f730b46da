#include <fmt/format.h>

#include <algorithm>

#include "base/step.h"
#include "services/ec2/block_devices.h"
#include "services/ec2/capacity.h"
#include "services/ec2/instance_profiles.h"
#include "services/ec2/instances.h"
#include "services/ec2/interfaces.h"
#include "services/ec2/launch_plan.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/placement_groups.h"
#include "services/ec2/tags.h"
#include "services/ec2/tokens.h"

namespace aerolith::ec2 {
namespace {

const std::vector<Kind> kTaggable{Kind::instance, Kind::volume, Kind::network_interface};

struct LaunchTags {
  TagMap instance;
  TagMap volume;
  TagMap interface;
};

// An instance made from a template has two tags of AWS's own; Terraform reads them.
Result<LaunchTags> read_tags(const RunInstancesInput& merged) {
  const auto of = [&](Kind kind) { return tags_to_make(merged.tag_specifications, kind, kTaggable); };
  LaunchTags tags{.instance = TRY(of(Kind::instance)),
                  .volume = TRY(of(Kind::volume)),
                  .interface = TRY(of(Kind::network_interface))};
  if (merged.launch_template) {
    tags.instance["aws:ec2launchtemplate:id"] = *merged.launch_template->launch_template_id;
    tags.instance["aws:ec2launchtemplate:version"] = *merged.launch_template->version;
  }
  return tags;
}

// Once, where all instances share it; each has its own from the second on.
Result<InterfaceRecord> plug_in(metadata::Transaction& txn, const Scope& scope, const PlannedInterface& planned,
                                const InstanceRecord& instance, const TagMap& tags) {
  InterfaceRecord interface;
  if (!planned.existing.empty()) {
    interface = TRY(kInterfaces.get(txn, scope, planned.existing));
  } else {
    NewInterface wanted{.subnet = planned.subnet, .description = planned.description};
    wanted.addresses = planned.addresses;
    wanted.more_addresses = planned.more_addresses;
    wanted.groups = planned.groups;
    interface = TRY(make_interface(txn, scope, wanted));
    put_tags(txn, scope, interface.id, tags);
  }
  interface.attachment = AttachmentRecord{.id = make_part_id("eni-attach-"),
                                          .instance = instance.id,
                                          .device_index = planned.device_index,
                                          .at = instance.launched_at,
                                          .delete_on_termination = planned.delete_on_termination};
  put_part(txn, scope, interface.attachment->id, interface.id);
  kInterfaces.put(txn, scope, interface);
  return interface;
}

void add_volume(metadata::Transaction& txn, const Scope& scope, const BlockDeviceRecord& device, const std::string& key,
                int32_t rate, InstanceRecord& instance, const TagMap& tags) {
  VolumeRecord volume{.id = make_id(Kind::volume),
                      .zone = instance.zone,
                      .snapshot = device.snapshot,
                      .size_gib = device.size_gib,
                      .type = device.type,
                      .iops = device.iops,
                      .throughput = device.throughput,
                      .encrypted = device.encrypted,
                      .created_at = instance.launched_at};
  volume.attachments = {{.instance = instance.id,
                         .device = device.device,
                         .delete_on_termination = device.delete_on_termination,
                         .attached_at = instance.launched_at}};
  volume.kms_key = key;
  volume.initialization_rate = rate;
  kVolumes.put(txn, scope, volume);
  put_tags(txn, scope, volume.id, tags);
  instance.volumes.push_back({.volume = volume.id,
                              .device = device.device,
                              .delete_on_termination = device.delete_on_termination,
                              .is_root = instance.volumes.empty(),
                              .attached_at = instance.launched_at});
}

InstanceRecord make_record(const Call& call, const LaunchPlan& plan, const std::string& reservation, int32_t index) {
  const RunInstancesInput& input = plan.input;
  InstanceRecord record{.id = make_id(Kind::instance),
                        .vpc = plan.interfaces.front().subnet.vpc,
                        .subnet = plan.interfaces.front().subnet.id,
                        .zone = plan.interfaces.front().subnet.zone,
                        .reservation = reservation,
                        .client_token = input.client_token.value_or(""),
                        .launch_index = index,
                        .image = plan.image.id,
                        .type = std::string(plan.type->name),
                        .key_name = input.key_name.value_or(""),
                        .architecture = plan.image.architecture,
                        .root_device = plan.image.root_device};
  if (input.metadata_options) {
    const auto& asked = *input.metadata_options;
    record.metadata_options.tokens_required = asked.http_tokens == "required";
    record.metadata_options.hop_limit = asked.http_put_response_hop_limit.value_or(1);
    record.metadata_options.enabled = asked.http_endpoint.value_or("enabled") == "enabled";
    record.metadata_options.shows_tags = asked.instance_metadata_tags == "enabled";
  }
  if (plan.image.requires_imds_v2 && (!input.metadata_options || !input.metadata_options->http_tokens)) {
    record.metadata_options.tokens_required = true;
    const bool has_limit = input.metadata_options && input.metadata_options->http_put_response_hop_limit;
    if (!has_limit) record.metadata_options.hop_limit = 2;
  }
  record.monitoring = input.monitoring && input.monitoring->enabled.value_or(false);
  record.ebs_optimized = input.ebs_optimized.value_or(false);
  record.refuses_termination = input.disable_api_termination.value_or(false);
  record.refuses_stop = input.disable_api_stop.value_or(false);
  record.terminates_on_shutdown = input.instance_initiated_shutdown_behavior == "terminate";
  if (input.placement) record.tenancy = input.placement->tenancy.value_or("default");
  record.cores = plan.type->cores();
  record.threads_per_core = plan.type->threads_per_core;
  if (input.cpu_options) {
    record.cores = input.cpu_options->core_count.value_or(record.cores);
    record.threads_per_core = input.cpu_options->threads_per_core.value_or(record.threads_per_core);
  }
  if (input.maintenance_options) record.recovers = input.maintenance_options->auto_recovery != "disabled";
  if (input.capacity_reservation_specification) {
    record.uses_reservations = input.capacity_reservation_specification->capacity_reservation_preference != "none";
  }
  if (plan.type->is_burstable()) {
    record.credits = plan.type->is_xen() ? "standard" : "unlimited";
    if (input.credit_specification) record.credits = input.credit_specification->cpu_credits.value_or(record.credits);
  }
  record.launched_at = std::chrono::floor<std::chrono::seconds>(call.context.now);
  record.state_at = call.context.now;
  record.driver = plan.driver;
  record.kernel = plan.image.kernel;
  record.initramfs = plan.image.initramfs;
  record.kernel_arguments = plan.image.kernel_arguments;
  record.gets_public_address = plan.interfaces.front().gets_public_address;
  record.requester = call.context.principal().arn;
  return record;
}

Result<InstanceRecord> launch_one(metadata::Transaction& txn, const Call& call, const LaunchPlan& plan,
                                  const LaunchTags& tags, InstanceRecord record) {
  for (const PlannedInterface& planned : plan.interfaces) {
    const InterfaceRecord interface = TRY(plug_in(txn, call.scope, planned, record, tags.interface));
    record.interfaces.push_back(interface.id);
    if (record.private_address.empty()) record.private_address = interface.addresses.front().address;
  }
  for (size_t number = 0; number < plan.devices.size(); ++number) {
    add_volume(txn, call.scope, plan.devices[number], plan.device_keys.at(number), plan.device_rates.at(number), record,
               tags.volume);
  }
  TRY(give_own_address(txn, call.cloud, call.scope, record));
  set_profile(txn, call.scope, plan.profile, record);
  kInstances.put(txn, call.scope, record);
  put_tags(txn, call.scope, record.id, tags.instance);
  if (!plan.user_data.empty()) {
    kUserData.put(txn, {call.scope.account, call.scope.region, record.id}, {.data = plan.user_data});
  }
  return record;
}

Result<std::vector<InstanceRecord>> find_reservation(metadata::ReadTransaction& txn, const Scope& scope,
                                                     const std::string& reservation) {
  auto all = TRY(kInstances.all(txn, scope));
  std::erase_if(all, [&](const InstanceRecord& each) { return each.reservation != reservation; });
  std::ranges::sort(all, {}, &InstanceRecord::launch_index);
  return all;
}

// Of the placement group that the launch names; there must be as many as MinCount.
Result<Places> find_places(metadata::ReadTransaction& txn, const Scope& scope, const LaunchPlan& plan) {
  if (!plan.input.placement) return Places();
  const auto& asked = *plan.input.placement;
  const auto group = TRY(find_placement_group(txn, scope, asked.group_name, asked.group_id));
  if (!group) {
    if (!asked.partition_number) return Places();
    return errors::invalid_combination("A partition number needs a placement group.");
  }
  const std::string& zone = plan.interfaces.front().subnet.zone;
  auto places = TRY(Places::find(txn, scope, *group, *plan.type, zone, asked.partition_number));
  if (places.left() < *plan.input.min_count) {
    return insufficient_capacity(
        fmt::format("The spread placement group '{}' has room for {} more running instances in {}; you asked for {}.",
                    group->name, places.left(), zone, *plan.input.min_count));
  }
  return places;
}

// As many as there are places, memory and addresses for, up to MaxCount; fewer than MinCount is an error.
Result<std::vector<InstanceRecord>> launch_all(metadata::Transaction& txn, Call& call, const RunInstancesInput& input) {
  if (const auto made = TRY(find_made(txn, call, input.client_token))) {
    return find_reservation(txn, call.scope, *made);
  }
  const RunInstancesInput merged = TRY(merge_template(txn, call.scope, input));
  LaunchPlan plan = TRY(plan_launch(txn, call, merged));
  if (merged.cpu_options) {
    TRY(check_cpus(*plan.type, merged.cpu_options->core_count, merged.cpu_options->threads_per_core));
  }
  plan.device_rates = TRY(rates_of_devices(merged.block_device_mappings, plan.devices));
  plan.device_keys = TRY(encrypt_devices(txn, call.scope, merged.block_device_mappings, plan.devices));
  const LaunchTags tags = TRY(read_tags(merged));
  plan.profile = TRY(find_profile(call, merged.iam_instance_profile));
  const bool is_single = !plan.interfaces.front().existing.empty() || !plan.interfaces.front().addresses.empty();
  if (is_single && *merged.max_count > 1) {
    return errors::invalid_combination("Network interfaces and an address may be given for one instance only.");
  }
  Places places = TRY(find_places(txn, call.scope, plan));
  const Room room = TRY(take_room(txn, call.cloud,
                                  {.type = *plan.type,
                                   .driver = plan.driver,
                                   .zone = plan.interfaces.front().subnet.zone,
                                   .least = *merged.min_count,
                                   .most = std::min(*merged.max_count, places.left())}));
  const std::string reservation = make_part_id("r-");
  std::vector<InstanceRecord> result;
  for (int32_t i = 0; i < room.count; ++i) {
    InstanceRecord record = make_record(call, plan, reservation, i);
    places.take(record);
    auto launched = launch_one(txn, call, plan, tags, std::move(record));
    if (!launched.has_value()) {
      const bool enough = i >= *merged.min_count && launched.error().code == "InsufficientFreeAddressesInSubnet";
      if (!enough) return std::unexpected(std::move(launched).error());
      break;
    }
    result.push_back(*std::move(launched));
  }
  remember_made(txn, call, input.client_token, reservation);
  return result;
}

}  // namespace

Result<RunInstancesOutput> run_instances(Call& call, const RunInstancesInput& input) {
  call.await_own_images();
  step("run-instances/asked");
  const auto records = TRY(call.write(
      [&](metadata::Transaction& txn) -> Result<std::vector<InstanceRecord>> { return launch_all(txn, call, input); }));
  RunInstancesOutput output{.owner_id = call.scope.account.str(),
                            .groups = std::vector<GroupIdentifier>(),
                            .instances = std::vector<Instance>()};
  if (call.dry_run) return output;
  step("run-instances/committed");
  const auto txn = call.read();
  for (const InstanceRecord& record : records) {
    output.reservation_id = record.reservation;
    const TagMap tags = TRY(tags_of(*txn, call.scope, record.id));
    output.instances->push_back(TRY(shown(*txn, call.scope, record, tags)));
    call.settle_instance(record.id);
  }
  if (!records.empty()) call.settle_vpc(records.front().vpc);
  step("run-instances/told");
  return output;
}

}  // namespace aerolith::ec2
