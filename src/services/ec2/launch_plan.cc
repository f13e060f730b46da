#include "services/ec2/launch_plan.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "services/ec2/attachments.h"
#include "services/ec2/block_devices.h"
#include "services/ec2/capacity.h"
#include "services/ec2/deregistered_images.h"
#include "services/ec2/image_checks.h"
#include "services/ec2/image_parameters.h"
#include "services/ec2/launch_checks.h"
#include "services/ec2/launch_defaults.h"
#include "services/ec2/unbuilt.h"
#include "services/ec2/user_data.h"
#include "services/ec2/volume_types.h"
#include "services/ec2/vpcs.h"
#include "services/ec2/zones.h"

namespace aerolith::ec2 {
namespace {

constexpr std::string_view kDefaultType = "t3.micro";

// "c7gn.16xlarge": one of AWS's, even if none of ours.
bool is_type_name(std::string_view name) {
  const size_t dot = name.find('.');
  if (dot == 0 || dot == std::string_view::npos || dot + 1 == name.size()) return false;
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string_view::npos;
}

Result<const TypeFacts*> read_type(const RunInstancesInput& input) {
  const std::string name = input.instance_type.value_or(std::string(kDefaultType));
  const TypeFacts* const type = find_instance_type(name);
  if (type == nullptr && !is_type_name(name)) {
    return errors::invalid_parameter(fmt::format("Invalid value '{}' for InstanceType.", name));
  }
  if (type == nullptr) {
    return errors::of("Unsupported", fmt::format("The requested configuration is currently not supported: there are no "
                                                 "instances of the type {} here (DescribeInstanceTypes lists those "
                                                 "there are).",
                                                 name));
  }
  const auto host_mib =
      static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) >> 20;
  if (static_cast<uint64_t>(type->memory_mib) > host_mib) {
    return insufficient_capacity(
        fmt::format("We currently do not have sufficient {} capacity: the type has {} MiB of memory, this host {} MiB. "
                    "Choose a smaller instance type.",
                    name, type->memory_mib, host_mib));
  }
  return type;
}

// The subnet that a request without one means: the default one, in its zone if it names one.
Result<SubnetRecord> default_subnet(metadata::ReadTransaction& txn, const Scope& scope,
                                    const std::optional<std::string>& zone) {
  const auto vpc = TRY(find_default_vpc(txn, scope));
  if (!vpc) {
    return errors::of("VPCIdNotSpecified",
                      "No default VPC for this user. GroupName is only supported for EC2-Classic "
                      "and default VPC.");
  }
  auto subnets = TRY(kSubnets.in_vpc(txn, scope, vpc->id));
  std::ranges::sort(subnets, {}, &SubnetRecord::zone);
  for (SubnetRecord& subnet : subnets) {
    if (subnet.is_default && (!zone || subnet.zone == *zone)) return std::move(subnet);
  }
  return errors::of("MissingInput",
                    fmt::format("No subnets found for the default VPC '{}'. Please specify a subnet.", vpc->id));
}

Result<std::vector<std::string>> groups_of_launch(metadata::ReadTransaction& txn, const Scope& scope,
                                                  const RunInstancesInput& input, const SubnetRecord& subnet) {
  std::vector<std::string> groups = input.security_group_ids.value_or(std::vector<std::string>());
  for (const std::string& name : input.security_groups.value_or(std::vector<std::string>())) {
    const std::string key = "security-group/" + subnet.vpc + "/" + name;
    const auto found = TRY(kNames.get(txn, {scope.account, scope.region, key}));
    if (!found) {
      return errors::of("InvalidGroup.NotFound",
                        fmt::format("The security group '{}' does not exist in VPC '{}'", name, subnet.vpc));
    }
    groups.push_back(found->owner);
  }
  for (const std::string& id : groups) TRY(kGroups.get(txn, scope, id));
  return groups;
}

Result<PlannedInterface> plan_interface(metadata::ReadTransaction& txn, const Scope& scope,
                                        const RunInstancesInput& input,
                                        const InstanceNetworkInterfaceSpecification& asked) {
  PlannedInterface planned{.device_index = asked.device_index.value_or(0)};
  TRY(check_device_index(planned.device_index));
  if (asked.network_interface_id) {
    const auto interface = TRY(kInterfaces.get(txn, scope, *asked.network_interface_id));
    if (interface.attachment) {
      return errors::of("InvalidNetworkInterface.InUse",
                        fmt::format("The network interface {} is already in use.", interface.id));
    }
    planned.existing = interface.id;
    planned.subnet = TRY(kSubnets.get(txn, scope, interface.subnet));
    planned.delete_on_termination = asked.delete_on_termination.value_or(false);
    return planned;
  }
  const auto zone = TRY(asked_zone(scope, input));
  planned.subnet =
      asked.subnet_id ? TRY(kSubnets.get(txn, scope, *asked.subnet_id)) : TRY(default_subnet(txn, scope, zone));
  planned.description = asked.description.value_or("");
  planned.groups = asked.groups.value_or(std::vector<std::string>());
  planned.more_addresses = asked.secondary_private_ip_address_count.value_or(0);
  planned.delete_on_termination = asked.delete_on_termination.value_or(true);
  planned.gets_public_address =
      asked.associate_public_ip_address.value_or(planned.device_index == 0 && planned.subnet.maps_public_ip);
  if (asked.private_ip_address) planned.addresses.push_back(*asked.private_ip_address);
  for (const auto& each : asked.private_ip_addresses.value_or(std::vector<PrivateIpAddressSpecification>())) {
    if (!each.private_ip_address) continue;
    const auto at = each.primary.value_or(false) ? planned.addresses.begin() : planned.addresses.end();
    planned.addresses.insert(at, *each.private_ip_address);
  }
  return planned;
}

std::optional<std::string> asked_driver(const RunInstancesInput& input) {
  for (const auto& specification : input.tag_specifications.value_or(std::vector<TagSpecification>())) {
    if (specification.resource_type != "instance") continue;
    for (const Tag& tag : specification.tags.value_or(std::vector<Tag>())) {
      if (tag.key == "aerolith:driver") return tag.value;
    }
  }
  return std::nullopt;
}

// The tag's wish, the image's, the installation's, or what this host can.
Result<DriverChoice> choose_driver(const Cloud& cloud, const RunInstancesInput& input, const ImageRecord& image) {
  std::string wish = asked_driver(input).value_or(image.driver);
  if (wish.empty()) wish = cloud.settings.driver;
  if (!wish.empty() && wish != "vm" && wish != "container") {
    return errors::invalid_parameter("The tag aerolith:driver must be vm or container.");
  }
  if (wish == "vm" && cloud.vm != nullptr) return DriverChoice::vm;
  if (wish == "container" && cloud.container != nullptr) return DriverChoice::container;
  if (wish.empty() && cloud.container != nullptr && cloud.container->find_missing().empty()) {
    return DriverChoice::container;
  }
  if (wish.empty() && cloud.vm != nullptr) return DriverChoice::vm;
  if (wish.empty() && cloud.container != nullptr) return DriverChoice::container;
  return errors::of("Unsupported", "This installation runs no instances" +
                                       (wish.empty() ? std::string() : " with the driver " + wish) +
                                       ". `aerolith doctor` says what it lacks.");
}

Result<> check_metadata_options(const RunInstancesInput& input) {
  constexpr int32_t kMostHops = 64;
  if (!input.metadata_options) return {};
  const int32_t hops = input.metadata_options->http_put_response_hop_limit.value_or(1);
  if (hops >= 1 && hops <= kMostHops) return check_metadata_protocol(input.metadata_options->http_protocol_ipv6);
  return errors::invalid_value("HttpPutResponseHopLimit", std::to_string(hops), "Valid values are from 1 to 64.");
}

Result<> check_root_type(const BlockDeviceRecord& root) {
  const VolumeTypeFacts* const type = find_volume_type(root.type);
  if (type == nullptr || type->may_boot) return {};
  return errors::invalid_parameter(fmt::format("{} volumes can't be boot volumes.", root.type));
}

Result<> check_counts(const RunInstancesInput& input) {
  constexpr int32_t kMost = 1000;
  if (*input.min_count < 1) {
    return errors::invalid_parameter(fmt::format(
        "Value ({}) for parameter minCount is invalid. Expecting a value greater than 0.", *input.min_count));
  }
  if (*input.max_count < *input.min_count) {
    return errors::invalid_parameter(
        fmt::format("Value ({}) for parameter maxCount is invalid. maxCount must be equal to or greater than minCount.",
                    *input.max_count));
  }
  if (*input.max_count > kMost) {
    return errors::of("InstanceLimitExceeded", "You have requested more instances than one call may launch.");
  }
  return {};
}

// Of the type.
Result<> check_limits(metadata::ReadTransaction& txn, const Scope& scope, const LaunchPlan& plan) {
  TRY(check_interface_count(*plan.type, plan.interfaces.size()));
  for (const PlannedInterface& each : plan.interfaces) {
    size_t addresses = std::max<size_t>(each.addresses.size(), 1) + static_cast<size_t>(each.more_addresses);
    if (!each.existing.empty()) addresses = TRY(kInterfaces.get(txn, scope, each.existing)).addresses.size();
    TRY(check_address_count(*plan.type, addresses));
  }
  return {};
}

}  // namespace

Result<std::vector<PlannedInterface>> plan_interfaces(metadata::ReadTransaction& txn, const Scope& scope,
                                                      const RunInstancesInput& merged) {
  std::vector<PlannedInterface> result;
  if (!merged.network_interfaces || merged.network_interfaces->empty()) {
    TRY(check_network(merged));
    InstanceNetworkInterfaceSpecification only{.subnet_id = merged.subnet_id};
    if (merged.private_ip_address) only.private_ip_address = merged.private_ip_address;
    result.push_back(TRY(plan_interface(txn, scope, merged, only)));
    result.front().groups = TRY(groups_of_launch(txn, scope, merged, result.front().subnet));
    return result;
  }
  const auto exclude = [](bool given, std::string_view what) -> Result<> {
    if (!given) return {};
    return errors::invalid_combination(
        fmt::format("Network interfaces and an instance-level {} may not be specified on the same request", what));
  };
  TRY(exclude(merged.subnet_id.has_value(), "subnet ID"));
  TRY(exclude(merged.security_group_ids || merged.security_groups, "security groups"));
  TRY(exclude(merged.private_ip_address.has_value(), "private address"));
  TRY(check_network(merged));
  for (const auto& each : *merged.network_interfaces) result.push_back(TRY(plan_interface(txn, scope, merged, each)));
  // "You cannot specify more than one network interface in the request" for a public address.
  if (result.size() > 1) {
    for (PlannedInterface& each : result) each.gets_public_address = false;
  }
  std::ranges::sort(result, {}, &PlannedInterface::device_index);
  for (size_t i = 0; i < result.size(); ++i) {
    if (i > 0 && result[i].device_index == result[i - 1].device_index) {
      return errors::invalid_parameter("Each network interface requires a unique device index.");
    }
    if (result[i].subnet.vpc != result.front().subnet.vpc || result[i].subnet.zone != result.front().subnet.zone) {
      return errors::invalid_combination("Network interfaces of one instance must be in one availability zone.");
    }
  }
  if (result.front().device_index != 0) {
    return errors::invalid_parameter("When specifying network interfaces, you must include a device at index 0.");
  }
  return result;
}

bool may_launch(const Scope& scope, const ImageRecord& image) {
  return image.owner.empty() || image.is_public || image.owner == scope.account.view() ||
         std::ranges::find(image.shared_with, scope.account.str()) != image.shared_with.end();
}

Result<ImageRecord> get_image(metadata::ReadTransaction& txn, const Call& call, const std::string& id) {
  if (!is_well_formed(Kind::image, id)) return errors::malformed_id(Kind::image, id);
  auto image = TRY(kImages.find(txn, image_scope(call.scope), id));
  if (image && may_launch(call.scope, *image)) return *std::move(image);
  if (!image && TRY(is_deregistered(txn, call, id))) {
    return errors::of("InvalidAMIID.Unavailable", fmt::format("The image ID '{}' is no longer available", id));
  }
  return errors::not_found(Kind::image, id);
}

Result<LaunchPlan> plan_launch(metadata::ReadTransaction& txn, const Call& call, const RunInstancesInput& merged) {
  const Scope& scope = call.scope;
  LaunchPlan plan{.input = merged};
  TRY(check_counts(merged));
  TRY(refuse_unbuilt(merged));
  TRY(check_metadata_options(merged));
  if (!merged.image_id || merged.image_id->empty()) return errors::missing_parameter("ImageId");
  plan.image = TRY(get_image(txn, call, TRY(resolve_image(txn, scope, *merged.image_id))));
  TRY(check_is_available(plan.image));
  plan.type = TRY(read_type(merged));
  TRY(check_credits(*plan.type, merged));
  fill_in(TRY(launch_defaults_of(txn, scope)), *plan.type, plan.input);
  plan.driver = TRY(choose_driver(call.cloud, merged, plan.image));
  plan.user_data = TRY(read_user_data(merged.user_data));
  if (merged.key_name && !merged.key_name->empty()) {
    if (!TRY(kNames.get(txn, {scope.account, scope.region, "key-pair/" + *merged.key_name}))) {
      return errors::not_found(Kind::key_pair, *merged.key_name);
    }
  }
  const auto zone = TRY(asked_zone(scope, merged));
  plan.interfaces = TRY(plan_interfaces(txn, scope, merged));
  const SubnetRecord& subnet = plan.interfaces.front().subnet;
  if (zone && subnet.zone != *zone) {
    return errors::invalid_parameter(
        fmt::format("The availability zone '{}' is not that of subnet '{}'", *zone, subnet.id));
  }
  TRY(check_host_names(subnet, merged));
  TRY(check_limits(txn, scope, plan));
  if (TRY(kVpcs.get(txn, scope, subnet.vpc)).tenancy == "dedicated") {
    if (!plan.input.placement) plan.input.placement.emplace();
    plan.input.placement->tenancy = "dedicated";
  }
  plan.devices = TRY(merge_devices(plan.image, merged.block_device_mappings));
  TRY(check_root_type(plan.devices.front()));
  TRY(fit_to_snapshots(txn, scope, plan.image, plan.devices));
  return plan;
}

}  // namespace aerolith::ec2
