#include "services/ec2/launch_checks.h"

#include <fmt/format.h>

#include <tuple>
#include <utility>

#include "services/ec2/zones.h"

namespace aerolith::ec2 {
namespace {

bool is_given(const std::optional<std::string>& text) { return text && !text->empty(); }

// What an interface has that is there already can't be said anew.
Result<> check_existing(const InstanceNetworkInterfaceSpecification& asked) {
  const auto exclude = [](bool given, std::string_view what) -> Result<> {
    if (!given) return {};
    return errors::invalid_combination(
        fmt::format("A network interface ID and {} may not be specified for the same network interface", what));
  };
  TRY(exclude(is_given(asked.subnet_id), "a subnet ID"));
  TRY(exclude(asked.groups && !asked.groups->empty(), "security groups"));
  TRY(exclude(
      is_given(asked.private_ip_address) || (asked.private_ip_addresses && !asked.private_ip_addresses->empty()),
      "private IP addresses"));
  TRY(exclude(asked.secondary_private_ip_address_count.value_or(0) > 0, "a count of secondary private IP addresses"));
  TRY(exclude(asked.ipv6_address_count.value_or(0) > 0 || (asked.ipv6_addresses && !asked.ipv6_addresses->empty()),
              "IPv6 addresses"));
  TRY(exclude(asked.ipv4_prefix_count.value_or(0) > 0 || (asked.ipv4_prefixes && !asked.ipv4_prefixes->empty()) ||
                  asked.ipv6_prefix_count.value_or(0) > 0 || (asked.ipv6_prefixes && !asked.ipv6_prefixes->empty()),
              "prefixes"));
  TRY(exclude(is_given(asked.description), "a description"));
  TRY(exclude(asked.associate_public_ip_address.value_or(false), "a public IP address"));
  // "You can specify true only if creating a new network interface when launching an instance."
  // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceNetworkInterfaceSpecification.html
  return exclude(asked.delete_on_termination.value_or(false), "its deletion on termination");
}

}  // namespace

Result<std::optional<std::string>> asked_zone(const Scope& scope, const RunInstancesInput& input) {
  if (!input.placement) return std::nullopt;
  const auto& [name, id] = std::tie(input.placement->availability_zone, input.placement->availability_zone_id);
  if (is_given(name) && is_given(id)) {
    return errors::invalid_combination("Only one of the availability zone's name and id can be specified.");
  }
  if (!is_given(name) && !is_given(id)) return std::nullopt;
  const std::string& asked = is_given(name) ? *name : *id;
  auto zone = find_zone(scope.region, asked);
  if (zone && asked == (is_given(name) ? zone->name : zone->id)) return std::move(zone->name);
  return errors::invalid_parameter(fmt::format("Invalid availability zone: [{}]", asked));
}

Result<> check_network(const RunInstancesInput& input) {
  if (is_given(input.subnet_id) && input.security_groups && !input.security_groups->empty()) {
    return errors::invalid_combination("The parameter groupName cannot be used with the parameter subnet");
  }
  if (!input.network_interfaces) return {};
  for (const auto& each : *input.network_interfaces) {
    if (is_given(each.network_interface_id)) TRY(check_existing(each));
    if (!each.associate_public_ip_address) continue;
    if (input.network_interfaces->size() > 1) {
      return errors::invalid_combination(
          "The associatePublicIPAddress parameter cannot be specified when launching with multiple network interfaces");
    }
    if (each.device_index.value_or(0) == 0) continue;
    return errors::invalid_combination(
        "The associatePublicIPAddress parameter can only be specified for the network interface with the device index "
        "of 0");
  }
  return {};
}

Result<> check_credits(const TypeFacts& type, const RunInstancesInput& input) {
  if (!input.credit_specification || !is_given(input.credit_specification->cpu_credits)) return {};
  const std::string& credits = *input.credit_specification->cpu_credits;
  if (credits != "standard" && credits != "unlimited") {
    return errors::invalid_parameter(fmt::format("Invalid value '{}' for CpuCredits.", credits));
  }
  if (type.is_burstable()) return {};
  return errors::of("InstanceCreditSpecification.NotSupported",
                    fmt::format("The {} instance type does not support T2 Unlimited.", type.name));
}

Result<> check_host_names(const SubnetRecord& subnet, const RunInstancesInput& input) {
  const PrivateDnsNameOptionsRequest said = input.private_dns_name_options.value_or(PrivateDnsNameOptionsRequest());
  const bool by_address = said.hostname_type.value_or(subnet.hostname_type) == "ip-name";
  if (by_address && !said.enable_resource_name_dns_a_record.value_or(subnet.a_record)) return {};
  return errors::unsupported(fmt::format(
      "Instances are named by their addresses (ip-name) only, and the subnet '{}' names its by their ids: let "
      "PrivateDnsNameOptions of the launch say HostnameType=ip-name and EnableResourceNameDnsARecord=false.",
      subnet.id));
}

}  // namespace aerolith::ec2
