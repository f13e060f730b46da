#include "services/ec2/instance_types.h"

#include <fmt/format.h>

#include <array>

#include "ec2/operations/describe_instance_type_offerings.h"
#include "ec2/operations/describe_instance_types.h"
#include "ec2/schema.h"
#include "services/ec2/describe.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/placement_groups.h"
#include "services/ec2/shown_values.h"
#include "services/ec2/zones.h"

namespace aerolith::ec2 {
namespace {

InstanceTypeInfo to_wire(const TypeFacts& type) {
  VCpuInfo cpus{.default_v_cpus = type.vcpus,
                .default_cores = type.cores(),
                .default_threads_per_core = type.threads_per_core,
                .valid_cores = std::vector<int32_t>(),
                .valid_threads_per_core = std::vector<int32_t>()};
  for (int32_t cores = 1; cores <= type.cores(); ++cores) cpus.valid_cores->push_back(cores);
  for (int32_t threads = 1; threads <= type.threads_per_core; ++threads) {
    cpus.valid_threads_per_core->push_back(threads);
  }
  return {.instance_type = std::string(type.name),
          .current_generation = type.current_generation,
          .free_tier_eligible = type.name == "t3.micro" || type.name == "t2.micro",
          .supported_usage_classes = std::vector<std::string>{"on-demand"},
          .supported_root_device_types = std::vector<std::string>{"ebs"},
          .supported_virtualization_types = std::vector<std::string>{"hvm"},
          .bare_metal = false,
          .hypervisor = type.is_xen() ? "xen" : "nitro",
          .processor_info = ProcessorInfo{.supported_architectures = std::vector<std::string>{"x86_64"}},
          .v_cpu_info = std::move(cpus),
          .memory_info = MemoryInfo{.size_in_mi_b = type.memory_mib},
          .instance_storage_supported = false,
          .ebs_info = EbsInfo{.ebs_optimized_support = type.is_xen() ? "unsupported" : "default",
                              .encryption_support = "supported",
                              .nvme_support = "unsupported"},
          .network_info = NetworkInfo{.maximum_network_interfaces = type.max_interfaces,
                                      .maximum_network_cards = 1,
                                      .default_network_card_index = 0,
                                      .ipv4_addresses_per_interface = type.addresses_per_interface,
                                      .ipv6_addresses_per_interface = 0,
                                      .ipv6_supported = false,
                                      .ena_support = "unsupported",
                                      .efa_supported = false},
          .placement_group_info = PlacementGroupInfo{.supported_strategies = strategies_of(type)},
          .hibernation_supported = false,
          .burstable_performance_supported = type.is_burstable(),
          .dedicated_hosts_supported = false,
          .auto_recovery_supported = false,
          .supported_boot_modes = std::vector<std::string>{"legacy-bios"}};
}

// As the answer shows it.
template <Path path>
Result<Strings> at(const Lookup&, const TypeFacts& type) {
  const InstanceTypeInfo all = to_wire(type);
  return values_at(schema::kInstanceTypeInfo, &all, path.view());
}

using TypeFactsFilter = FilterDefinition<TypeFacts>;
constexpr std::array kTypeFactsFilters{
    TypeFactsFilter{"auto-recovery-supported", &at<"AutoRecoverySupported">},
    TypeFactsFilter{"bare-metal", &at<"BareMetal">},
    TypeFactsFilter{"burstable-performance-supported", &at<"BurstablePerformanceSupported">},
    TypeFactsFilter{"current-generation", &at<"CurrentGeneration">},
    TypeFactsFilter{"dedicated-hosts-supported", &at<"DedicatedHostsSupported">},
    TypeFactsFilter{"ebs-info.attachment-limit-type", &at<"EbsInfo.AttachmentLimitType">},
    TypeFactsFilter{"ebs-info.maximum-ebs-attachments", &at<"EbsInfo.MaximumEbsAttachments">},
    TypeFactsFilter{"ebs-info.ebs-optimized-info.baseline-bandwidth-in-mbps",
                    &at<"EbsInfo.EbsOptimizedInfo.BaselineBandwidthInMbps">},
    TypeFactsFilter{"ebs-info.ebs-optimized-info.baseline-iops", &at<"EbsInfo.EbsOptimizedInfo.BaselineIops">},
    TypeFactsFilter{"ebs-info.ebs-optimized-info.baseline-throughput-in-mbps",
                    &at<"EbsInfo.EbsOptimizedInfo.BaselineThroughputInMBps">},
    TypeFactsFilter{"ebs-info.ebs-optimized-info.maximum-bandwidth-in-mbps",
                    &at<"EbsInfo.EbsOptimizedInfo.MaximumBandwidthInMbps">},
    TypeFactsFilter{"ebs-info.ebs-optimized-info.maximum-iops", &at<"EbsInfo.EbsOptimizedInfo.MaximumIops">},
    TypeFactsFilter{"ebs-info.ebs-optimized-info.maximum-throughput-in-mbps",
                    &at<"EbsInfo.EbsOptimizedInfo.MaximumThroughputInMBps">},
    TypeFactsFilter{"ebs-info.ebs-optimized-support", &at<"EbsInfo.EbsOptimizedSupport">},
    TypeFactsFilter{"ebs-info.encryption-support", &at<"EbsInfo.EncryptionSupport">},
    TypeFactsFilter{"ebs-info.nvme-support", &at<"EbsInfo.NvmeSupport">},
    TypeFactsFilter{"free-tier-eligible", &at<"FreeTierEligible">},
    TypeFactsFilter{"hibernation-supported", &at<"HibernationSupported">},
    TypeFactsFilter{"hypervisor", &at<"Hypervisor">},
    TypeFactsFilter{"instance-storage-info.disk.count", &at<"InstanceStorageInfo.Disks.Count">},
    TypeFactsFilter{"instance-storage-info.disk.size-in-gb", &at<"InstanceStorageInfo.Disks.SizeInGB">},
    TypeFactsFilter{"instance-storage-info.disk.type", &at<"InstanceStorageInfo.Disks.Type">},
    TypeFactsFilter{"instance-storage-info.encryption-support", &at<"InstanceStorageInfo.EncryptionSupport">},
    TypeFactsFilter{"instance-storage-info.nvme-support", &at<"InstanceStorageInfo.NvmeSupport">},
    TypeFactsFilter{"instance-storage-info.total-size-in-gb", &at<"InstanceStorageInfo.TotalSizeInGB">},
    TypeFactsFilter{"instance-storage-supported", &at<"InstanceStorageSupported">},
    TypeFactsFilter{"instance-type", &at<"InstanceType">},
    TypeFactsFilter{"memory-info.size-in-mib", &at<"MemoryInfo.SizeInMiB">},
    TypeFactsFilter{"network-info.bandwidth-weightings", &at<"NetworkInfo.BandwidthWeightings">},
    TypeFactsFilter{"network-info.efa-info.maximum-efa-interfaces", &at<"NetworkInfo.EfaInfo.MaximumEfaInterfaces">},
    TypeFactsFilter{"network-info.efa-supported", &at<"NetworkInfo.EfaSupported">},
    TypeFactsFilter{"network-info.ena-support", &at<"NetworkInfo.EnaSupport">},
    TypeFactsFilter{"network-info.flexible-ena-queues-support", &at<"NetworkInfo.FlexibleEnaQueuesSupport">},
    TypeFactsFilter{"network-info.encryption-in-transit-supported", &at<"NetworkInfo.EncryptionInTransitSupported">},
    TypeFactsFilter{"network-info.ipv4-addresses-per-interface", &at<"NetworkInfo.Ipv4AddressesPerInterface">},
    TypeFactsFilter{"network-info.ipv6-addresses-per-interface", &at<"NetworkInfo.Ipv6AddressesPerInterface">},
    TypeFactsFilter{"network-info.ipv6-supported", &at<"NetworkInfo.Ipv6Supported">},
    TypeFactsFilter{"network-info.maximum-network-cards", &at<"NetworkInfo.MaximumNetworkCards">},
    TypeFactsFilter{"network-info.maximum-network-interfaces", &at<"NetworkInfo.MaximumNetworkInterfaces">},
    TypeFactsFilter{"network-info.network-performance", &at<"NetworkInfo.NetworkPerformance">},
    TypeFactsFilter{"nitro-enclaves-support", &at<"NitroEnclavesSupport">},
    TypeFactsFilter{"nitro-tpm-support", &at<"NitroTpmSupport">},
    TypeFactsFilter{"nitro-tpm-info.supported-versions", &at<"NitroTpmInfo.SupportedVersions">},
    TypeFactsFilter{"processor-info.supported-architecture", &at<"ProcessorInfo.SupportedArchitectures">},
    TypeFactsFilter{"processor-info.sustained-clock-speed-in-ghz", &at<"ProcessorInfo.SustainedClockSpeedInGhz">},
    TypeFactsFilter{"processor-info.supported-features", &at<"ProcessorInfo.SupportedFeatures">},
    TypeFactsFilter{"reboot-migration-support", &at<"RebootMigrationSupport">},
    TypeFactsFilter{"supported-boot-mode", &at<"SupportedBootModes">},
    TypeFactsFilter{"supported-root-device-type", &at<"SupportedRootDeviceTypes">},
    TypeFactsFilter{"supported-usage-class", &at<"SupportedUsageClasses">},
    TypeFactsFilter{"supported-virtualization-type", &at<"SupportedVirtualizationTypes">},
    TypeFactsFilter{"vcpu-info.default-cores", &at<"VCpuInfo.DefaultCores">},
    TypeFactsFilter{"vcpu-info.default-threads-per-core", &at<"VCpuInfo.DefaultThreadsPerCore">},
    TypeFactsFilter{"vcpu-info.default-vcpus", &at<"VCpuInfo.DefaultVCpus">},
    TypeFactsFilter{"vcpu-info.valid-cores", &at<"VCpuInfo.ValidCores">},
    TypeFactsFilter{"vcpu-info.valid-threads-per-core", &at<"VCpuInfo.ValidThreadsPerCore">},
};

Result<std::vector<TypeFacts>> asked_types(const std::optional<Strings>& names) {
  if (!names || names->empty()) return std::vector<TypeFacts>(instance_types().begin(), instance_types().end());
  std::vector<TypeFacts> result;
  for (const std::string& name : *names) {
    const TypeFacts* const found = find_instance_type(name);
    if (found == nullptr) {
      return errors::of("InvalidInstanceType",
                        fmt::format("The following supplied instance types do not exist: [{}]", name));
    }
    result.push_back(*found);
  }
  return result;
}

struct Offering {
  std::string type;
  std::string location;
};
using OfferingDefinition = FilterDefinition<Offering>;
constexpr std::array kOfferingFilters{
    OfferingDefinition{"instance-type",
                       [](const Lookup&, const Offering& o) -> Result<Strings> { return Strings{o.type}; }},
    OfferingDefinition{"location",
                       [](const Lookup&, const Offering& o) -> Result<Strings> { return Strings{o.location}; }},
};

}  // namespace

Result<DescribeInstanceTypesOutput> describe_instance_types(Call& call, const DescribeInstanceTypesInput& input) {
  TRY(check_filters<TypeFacts>(input.filters, kTypeFactsFilters));
  const std::string after = TRY(read_token(input.next_token));
  const size_t limit = input.max_results ? static_cast<size_t>(*input.max_results) : 100;
  const auto txn = call.read();
  const Lookup lookup{.txn = *txn, .scope = call.scope};
  DescribeInstanceTypesOutput output{.instance_types = std::vector<InstanceTypeInfo>()};
  for (const TypeFacts& type : TRY(asked_types(input.instance_types))) {
    if (type.name <= after || !TRY(matches<TypeFacts>(input.filters, kTypeFactsFilters, lookup, type, {}))) continue;
    if (output.instance_types->size() == limit) {
      output.next_token = make_token(*output.instance_types->back().instance_type);
      break;
    }
    output.instance_types->push_back(to_wire(type));
  }
  return output;
}

Result<DescribeInstanceTypeOfferingsOutput> describe_instance_type_offerings(
    Call& call, const DescribeInstanceTypeOfferingsInput& input) {
  TRY(check_filters<Offering>(input.filters, kOfferingFilters));
  const std::string kind = input.location_type.value_or("region");
  Strings locations;
  if (kind == "region") {
    locations = {call.scope.region.str()};
  } else if (kind == "availability-zone" || kind == "availability-zone-id") {
    for (const Zone& zone : zones_of(call.scope.region)) {
      locations.push_back(kind == "availability-zone" ? zone.name : zone.id);
    }
  }
  const auto txn = call.read();
  const Lookup lookup{.txn = *txn, .scope = call.scope};
  DescribeInstanceTypeOfferingsOutput output{.instance_type_offerings = std::vector<InstanceTypeOffering>()};
  for (const TypeFacts& type : instance_types()) {
    for (const std::string& location : locations) {
      const Offering offering{.type = std::string(type.name), .location = location};
      if (!TRY(matches<Offering>(input.filters, kOfferingFilters, lookup, offering, {}))) continue;
      output.instance_type_offerings->push_back(
          {.instance_type = offering.type, .location_type = kind, .location = location});
    }
  }
  return output;
}

}  // namespace aerolith::ec2
