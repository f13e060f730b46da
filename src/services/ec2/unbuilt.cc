#include "services/ec2/unbuilt.h"

#include <fmt/format.h>

#include <string_view>

namespace aerolith::ec2 {
namespace {

// And isn't what there is anyway.
bool is_given(const std::optional<std::string>& text, std::string_view usual) {
  return text && !text->empty() && *text != usual;
}

Result<> refuse_unbuilt(const Placement& placement) {
  if (placement.host_id || placement.host_resource_group_arn || is_given(placement.affinity, "default") ||
      placement.tenancy == "host") {
    return errors::unsupported("There are no Dedicated Hosts.");
  }
  if (is_given(placement.spread_domain, "")) return errors::unsupported("There are no spread domains.");
  return {};
}

Result<> refuse_unbuilt(const InstanceNetworkInterfaceSpecification& asked) {
  const bool is_unbuilt = asked.ipv6_address_count.value_or(0) > 0 || asked.ipv6_addresses || asked.ipv6_prefixes ||
                          asked.ipv6_prefix_count.value_or(0) > 0 || asked.primary_ipv6.value_or(false) ||
                          asked.ipv4_prefixes || asked.ipv4_prefix_count.value_or(0) > 0;
  if (is_unbuilt) return errors::unsupported("Interfaces have single IPv4 addresses only.");
  if (is_given(asked.interface_type, "interface")) {
    return errors::unsupported("Only interfaces of the type 'interface' can be made.");
  }
  if (asked.associate_carrier_ip_address.value_or(false)) return errors::unsupported("There are no Wavelength Zones.");
  if (asked.network_card_index.value_or(0) != 0) return errors::unsupported("Instances have one network card.");
  const auto& ena = asked.ena_srd_specification;
  if ((ena && ena->ena_srd_enabled.value_or(false)) || asked.ena_queue_count ||
      asked.connection_tracking_specification) {
    return errors::unsupported("ENA Express, queues of an interface and time-outs of its connections can't be set.");
  }
  return {};
}

}  // namespace

Result<> refuse_unbuilt(const RunInstancesInput& input) {
  if (input.instance_market_options) return errors::unsupported("There are no Spot Instances.");
  if (input.hibernation_options && input.hibernation_options->configured.value_or(false)) {
    return errors::unsupported("Instances can't hibernate.");
  }
  if (input.enclave_options && input.enclave_options->enabled.value_or(false)) {
    return errors::unsupported("There are no Nitro Enclaves.");
  }
  if (input.elastic_gpu_specification || input.elastic_inference_accelerators || input.license_specifications) {
    return errors::unsupported("Elastic GPUs, inference accelerators and licenses are not built.");
  }
  if (input.ipv6_address_count.value_or(0) > 0 || input.ipv6_addresses || input.enable_primary_ipv6.value_or(false)) {
    return errors::unsupported("Interfaces have IPv4 addresses only.");
  }
  if (input.kernel_id || input.ramdisk_id) return errors::unsupported("Kernels are an image's.");
  if (input.secondary_interfaces || input.network_performance_options) {
    return errors::unsupported("Secondary interfaces and bandwidth weightings are not built.");
  }
  if (input.capacity_reservation_specification &&
      (input.capacity_reservation_specification->capacity_reservation_target ||
       input.capacity_reservation_specification->capacity_reservation_preference == "capacity-reservations-only")) {
    return errors::unsupported("There are no Capacity Reservations.");
  }
  if (input.private_dns_name_options) {
    const auto& asked = *input.private_dns_name_options;
    if (asked.hostname_type.value_or("ip-name") != "ip-name" ||
        asked.enable_resource_name_dns_a_record.value_or(false) ||
        asked.enable_resource_name_dns_aaaa_record.value_or(false)) {
      return errors::unsupported("Instances are named by their addresses (ip-name) only.");
    }
  }
  if (input.cpu_options && (is_given(input.cpu_options->amd_sev_snp, "disabled") ||
                            is_given(input.cpu_options->nested_virtualization, "disabled"))) {
    return errors::unsupported("Processors have neither AMD SEV-SNP nor nested virtualization.");
  }
  if (input.placement) TRY(refuse_unbuilt(*input.placement));
  if (!input.network_interfaces) return {};
  for (const auto& each : *input.network_interfaces) {
    if (!each.network_interface_id) TRY(refuse_unbuilt(each));
  }
  return {};
}

Result<> check_metadata_protocol(const std::optional<std::string>& http_protocol_ipv6) {
  if (!is_given(http_protocol_ipv6, "disabled")) return {};
  return errors::unsupported("The instance metadata service has IPv4 addresses only.");
}

}  // namespace aerolith::ec2
