// What an operation acts on, as ARNs, and the context keys of it for conditions.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ec2/model/vpc.h"
#include "gateway/authorize.h"
#include "gateway/call.h"
#include "services/ec2/cloud.h"
#include "services/ec2/resource_keys.h"
#include "services/ec2/resources.h"
#include "services/ec2/tags.h"

namespace aerolith::ec2 {

// `on_listed`: whatever the ids of `resources` are of.
enum class Acts : uint8_t { on_nothing, on_existing, makes, on_listed };

struct Target {
  Acts acts = Acts::on_nothing;
  Kind kind = Kind::vpc;
};
inline constexpr Target kAnything{};
inline constexpr Target kListed{.acts = Acts::on_listed};
constexpr Target existing(Kind kind) { return {Acts::on_existing, kind}; }
constexpr Target making(Kind kind) { return {Acts::makes, kind}; }

inline Scope scope_of(const gateway::CallContext& context) {
  return {.account = context.principal().account, .region = context.region};
}

// Those that a list of devices or disks names.
template <typename List, typename SnapshotOf>
std::vector<std::string> snapshots_of(const std::optional<List>& list, SnapshotOf snapshot_of) {
  std::vector<std::string> ids;
  if (!list) return ids;
  for (const auto& each : *list) {
    const std::optional<std::string> id = snapshot_of(each);
    if (id && !id->empty()) ids.push_back(*id);
  }
  return ids;
}

// Those that a call reads, or changes.
template <typename Input>
std::vector<std::string> snapshot_ids_in(const Input& input) {
  const auto one = [](const std::optional<std::string>& id) {
    return id ? std::vector<std::string>{*id} : std::vector<std::string>();
  };
  if constexpr (requires { input.snapshot_id; }) return one(input.snapshot_id);
  if constexpr (requires { input.source_snapshot_id; }) return one(input.source_snapshot_id);
  if constexpr (requires { input.block_device_mappings->front().ebs->snapshot_id; }) {
    return snapshots_of(input.block_device_mappings,
                        [](const auto& each) { return each.ebs ? each.ebs->snapshot_id : std::nullopt; });
  }
  if constexpr (requires { input.disk_containers->front().snapshot_id; }) {
    return snapshots_of(input.disk_containers, [](const auto& each) { return each.snapshot_id; });
  }
  if constexpr (requires { input.source_snapshot_ids; }) {
    return input.source_snapshot_ids.value_or(std::vector<std::string>());
  }
  if constexpr (requires { input.snapshot_ids; }) return input.snapshot_ids.value_or(std::vector<std::string>());
  return {};
}

// The ids of that kind that the input names.
template <typename Input>
std::vector<std::string> ids_in(const Input& input, Kind kind) {
  const auto one = [](const std::optional<std::string>& id) {
    return id ? std::vector<std::string>{*id} : std::vector<std::string>();
  };
  switch (kind) {
    case Kind::vpc:
      if constexpr (requires { input.vpc_id; }) return one(input.vpc_id);
      break;
    case Kind::subnet:
      if constexpr (requires { input.subnet_id; }) return one(input.subnet_id);
      break;
    case Kind::internet_gateway:
      if constexpr (requires { input.internet_gateway_id; }) return one(input.internet_gateway_id);
      break;
    case Kind::route_table:
      if constexpr (requires { input.route_table_id; }) return one(input.route_table_id);
      break;
    case Kind::security_group:
      if constexpr (requires { one(input.group_id); }) return one(input.group_id);
      if constexpr (requires { input.security_group_ids; }) {
        return input.security_group_ids.value_or(std::vector<std::string>());
      }
      break;
    case Kind::network_acl:
      if constexpr (requires { input.network_acl_id; }) return one(input.network_acl_id);
      break;
    case Kind::network_interface:
      if constexpr (requires { input.network_interface_id; }) return one(input.network_interface_id);
      break;
    case Kind::elastic_ip:
      if constexpr (requires { input.allocation_id; }) return one(input.allocation_id);
      break;
    case Kind::nat_gateway:
      if constexpr (requires { input.nat_gateway_id; }) return one(input.nat_gateway_id);
      break;
    case Kind::peering:
      if constexpr (requires { input.vpc_peering_connection_id; }) return one(input.vpc_peering_connection_id);
      break;
    case Kind::endpoint:
      if constexpr (requires { input.vpc_endpoint_id; }) return one(input.vpc_endpoint_id);
      if constexpr (requires { input.vpc_endpoint_ids; }) {
        return input.vpc_endpoint_ids.value_or(std::vector<std::string>());
      }
      break;
    case Kind::prefix_list:
      if constexpr (requires { input.prefix_list_id; }) return one(input.prefix_list_id);
      break;
    case Kind::dhcp_options:
      if constexpr (requires { input.dhcp_options_id; }) return one(input.dhcp_options_id);
      break;
    case Kind::key_pair:
      if constexpr (requires { input.key_name; }) return one(input.key_name);
      break;
    case Kind::image:
      if constexpr (requires { input.image_id; }) return one(input.image_id);
      if constexpr (requires { input.image_ids; }) return input.image_ids.value_or(std::vector<std::string>());
      break;
    case Kind::launch_template:
      if constexpr (requires { input.launch_template_id; }) return one(input.launch_template_id);
      break;
    case Kind::instance:
      if constexpr (requires { input.instance_id; }) return one(input.instance_id);
      if constexpr (requires { input.instance_specification->instance_id; }) {
        if (input.instance_specification) return one(input.instance_specification->instance_id);
      }
      if constexpr (requires { input.instance_ids; }) return input.instance_ids.value_or(std::vector<std::string>());
      break;
    case Kind::flow_log:
      if constexpr (requires { input.flow_log_ids; }) return input.flow_log_ids.value_or(std::vector<std::string>());
      break;
    case Kind::volume:
      if constexpr (requires { input.volume_id; }) return one(input.volume_id);
      if constexpr (requires { input.source_volume_id; }) return one(input.source_volume_id);
      if constexpr (requires { input.volume_ids; }) return input.volume_ids.value_or(std::vector<std::string>());
      break;
    case Kind::snapshot:
      return snapshot_ids_in(input);
    case Kind::placement_group:  // whose ARN has the name
      if constexpr (requires { input.group_name->size(); }) {
        if (!input.group_name.value_or("").empty()) return one(input.group_name);  // "" takes out of one
      }
      break;
    case Kind::subnet_cidr_reservation:
      if constexpr (requires { input.subnet_cidr_reservation_id; }) return one(input.subnet_cidr_reservation_id);
      break;
    case Kind::security_group_rule:
    case Kind::import_image_task:  // their row names them (rows_import.cc)
    case Kind::import_snapshot_task:
    case Kind::root_replacement:
      break;
  }
  return {};
}

// `required`: an input that doesn't name it means any. Others mean none.
enum class Presence : uint8_t { required, optional };

template <typename Input>
std::vector<std::string> arns_of(const gateway::CallContext& context, Target target, const Input& input,
                                 Presence presence = Presence::required) {
  const Scope scope = scope_of(context);
  switch (target.acts) {
    case Acts::on_nothing:
      return {"*"};
    case Acts::makes:
      return {make_arn(scope, target.kind, "*")};
    case Acts::on_existing:
    case Acts::on_listed:
      break;
  }
  std::vector<std::string> result;
  if constexpr (requires { input.resources->front(); }) {
    for (const std::string& id : input.resources.value_or(std::vector<std::string>())) {
      const auto kind = kind_of_id(id);
      result.push_back(kind ? make_arn(scope, *kind, id) : "*");
    }
    if (!result.empty()) return result;
  }
  for (const std::string& id : ids_in(input, target.kind)) result.push_back(make_arn(scope, target.kind, id));
  // Named otherwise (an association, a public address): any of them.
  if (result.empty() && presence == Presence::required) result.push_back(make_arn(scope, target.kind, "*"));
  return result;
}

// What a call asks for and of what, for the policies: an ARN each, and the tags that the call gives to it.
template <typename Input>
std::vector<gateway::AccessNeed> needs_of(const gateway::CallContext& context, std::string_view action, Target target,
                                          const Input& input, Presence presence) {
  std::string tags;
  if constexpr (requires { input.tag_specifications; }) {
    if (target.acts == Acts::makes) tags = pack_tags(tags_for(input.tag_specifications, target.kind));
  }
  if constexpr (requires {
                  input.resources;
                  input.tags->front().key;
                }) {
    if (target.acts == Acts::on_listed) tags = pack_tags(input.tags.value_or(std::vector<Tag>()));
  }
  std::vector<gateway::AccessNeed> needs;
  for (std::string& arn : arns_of(context, target, input, presence)) {
    needs.push_back({.action = std::string(action), .resource = std::move(arn), .instance = tags});
  }
  return needs;
}

// The keys that are the same for all that a call acts on. What differs is made by keys_of (resource_keys.h).
template <typename Input>
void add_condition_keys(const gateway::CallContext& context, const Input& input, policy::Context& keys) {
  const Scope scope = scope_of(context);
  keys.set("ec2:Region", scope.region.view());
  if constexpr (requires { input.tag_specifications; }) {
    if (input.tag_specifications) keys.set("ec2:CreateAction", context.resolved.operation->name);
  }
  if constexpr (requires { input.instance_type->size(); }) {
    if (input.instance_type) keys.set("ec2:InstanceType", *input.instance_type);
  }
  // CreateVolume's and ModifyVolume's.
  if constexpr (requires {
                  input.multi_attach_enabled;
                  input.volume_type->size();
                }) {
    if (input.volume_type) keys.set("ec2:VolumeType", *input.volume_type);
    if (input.size) keys.set("ec2:VolumeSize", std::to_string(*input.size));
    if (input.iops) keys.set("ec2:VolumeIops", std::to_string(*input.iops));
    if (input.throughput) keys.set("ec2:VolumeThroughput", std::to_string(*input.throughput));
    if constexpr (requires { input.snapshot_id->size(); }) {
      const std::string parent = input.snapshot_id.value_or("");
      if (!parent.empty()) keys.set("ec2:ParentSnapshot", make_arn(scope, Kind::snapshot, parent));
    }
    if constexpr (requires { input.encrypted; }) {
      keys.set("ec2:Encrypted", input.encrypted.value_or(false) ? "true" : "false");
    }
  }
  if constexpr (requires { input.vpc_id; }) {
    if (input.vpc_id) keys.set("ec2:Vpc", make_arn(scope, Kind::vpc, *input.vpc_id));
  }
  // LockSnapshot's. The guide calls the second key so, the list of all keys ec2:SnapshotCoolOffPeriod.
  if constexpr (requires { input.cool_off_period; }) {
    if (input.lock_duration) keys.set("ec2:SnapshotLockDuration", std::to_string(*input.lock_duration));
    if (input.cool_off_period) {
      keys.set("ec2:CoolOffPeriod", std::to_string(*input.cool_off_period));
      keys.set("ec2:SnapshotCoolOffPeriod", std::to_string(*input.cool_off_period));
    }
  }
}

}  // namespace aerolith::ec2
