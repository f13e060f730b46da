#include "services/ec2/instance_filters.h"

#include <array>

#include "ec2/model/capacity_reservation_specification.h"
#include "ec2/schema.h"
#include "services/ec2/instances.h"
#include "services/ec2/interfaces.h"
#include "services/ec2/shown_values.h"
#include "services/ec2/tags.h"
#include "services/ec2/vpcs.h"
#include "services/ec2/zones.h"

namespace aerolith::ec2 {
namespace {

using Record = InstanceRecord;
using Definition = FilterDefinition<Record>;
using Get = std::string (*)(const Record&);

template <Get get>
Result<Strings> one(const Lookup&, const Record& record) {
  std::string value = get(record);
  return value.empty() ? Strings() : Strings{std::move(value)};
}

template <typename Project>
Result<Strings> of_interfaces(const Lookup& at, const Record& record, Project project) {
  Strings result;
  for (const std::string& id : record.interfaces) {
    const auto interface = TRY(kInterfaces.find(at.txn, at.scope, id));
    if (interface) project(*interface, result);
  }
  return result;
}
template <typename Project>
Result<Strings> of_volumes(const Record& record, Project project) {
  Strings result;
  for (const InstanceVolume& each : record.volumes) result.push_back(project(each));
  return result;
}

Result<Strings> public_addresses(const Lookup& at, const Record& record) {
  return of_interfaces(at, record, [](const InterfaceRecord& interface, Strings& out) {
    for (const auto& each : interface.addresses) {
      if (each.public_address) out.push_back(each.public_address->address);
    }
  });
}
Result<Strings> private_addresses(const Lookup& at, const Record& record) {
  return of_interfaces(at, record, [](const InterfaceRecord& interface, Strings& out) {
    for (const auto& each : interface.addresses) out.push_back(each.address);
  });
}
Result<Strings> group_ids(const Lookup& at, const Record& record) {
  return of_interfaces(at, record, [](const InterfaceRecord& interface, Strings& out) {
    out.insert(out.end(), interface.groups.begin(), interface.groups.end());
  });
}
Result<Strings> group_names(const Lookup& at, const Record& record) {
  Strings result;
  for (const auto& each : TRY(shown_groups(at.txn, at.scope, TRY(group_ids(at, record))))) {
    result.push_back(*each.group_name);
  }
  return result;
}
Result<Strings> private_names(const Lookup& at, const Record& record) {
  return Strings{private_name(at.scope.region, record.private_address)};
}
Result<Strings> public_names(const Lookup& at, const Record& record) {
  Strings result;
  if (!TRY(has_public_names(at.txn, at.scope, record.vpc))) return result;
  for (const std::string& address : TRY(public_addresses(at, record))) {
    result.push_back(public_name(at.scope.region, address));
  }
  return result;
}
Result<Strings> interface_ids(const Lookup&, const Record& record) { return record.interfaces; }
Result<Strings> volume_ids(const Lookup&, const Record& record) {
  return of_volumes(record, [](const auto& each) { return each.volume; });
}
Result<Strings> device_names(const Lookup&, const Record& record) {
  return of_volumes(record, [](const auto& each) { return each.device; });
}
Result<Strings> delete_flags(const Lookup&, const Record& record) {
  return of_volumes(record, [](const auto& each) { return flag(each.delete_on_termination); });
}
Result<Strings> volume_states(const Lookup&, const Record& record) {
  return of_volumes(record, [](const auto&) { return std::string("attached"); });
}

// As the answer shows it.
template <Path path>
Result<Strings> at(const Lookup& where, const Record& record) {
  const Instance all = TRY(shown(where.txn, where.scope, record, {}));
  return values_at(schema::kInstance, &all, path.view());
}
// Of what no instance here has.
Result<Strings> none(const Lookup&, const Record&) { return Strings(); }

Result<Strings> allocations(const Lookup& where, const Record& record) {
  return of_interfaces(where, record, [](const InterfaceRecord& interface, Strings& out) {
    for (const auto& each : interface.addresses) {
      if (each.public_address) out.push_back(each.public_address->allocation);
    }
  });
}
Result<Strings> associations(const Lookup& where, const Record& record) {
  return of_interfaces(where, record, [](const InterfaceRecord& interface, Strings& out) {
    for (const auto& each : interface.addresses) {
      if (each.public_address) out.push_back(each.public_address->association);
    }
  });
}
Result<Strings> interface_zones(const Lookup& where, const Record& record) {
  return of_interfaces(where, record, [](const auto& interface, Strings& out) { out.push_back(interface.zone); });
}
Result<Strings> attached_instance(const Lookup&, const Record& record) {
  return record.interfaces.empty() ? Strings() : Strings{record.id};
}
Result<Strings> attached_owner(const Lookup& where, const Record& record) {
  return record.interfaces.empty() ? Strings() : Strings{where.scope.account.str()};
}
// Services attach none of theirs to an instance.
Result<Strings> managed_by_requester(const Lookup&, const Record& record) {
  return record.interfaces.empty() ? Strings() : Strings{"false"};
}
template <bool keys>
Result<Strings> interface_tags(const Lookup& where, const Record& record) {
  Strings result;
  for (const std::string& id : record.interfaces) {
    for (const auto& [key, value] : TRY(tags_of(where.txn, where.scope, id))) result.push_back(keys ? key : value);
  }
  return result;
}

constexpr std::array kFilters{
    Definition{"instance-id", &one<[](const Record& r) { return r.id; }>},
    Definition{"instance-state-name", &one<[](const Record& r) { return std::string(name_of(r.state)); }>},
    Definition{"instance-state-code", &one<[](const Record& r) { return std::to_string(static_cast<int>(r.state)); }>},
    Definition{"instance-type", &one<[](const Record& r) { return r.type; }>},
    Definition{"image-id", &one<[](const Record& r) { return r.image; }>},
    Definition{"key-name", &one<[](const Record& r) { return r.key_name; }>},
    Definition{"vpc-id", &one<[](const Record& r) { return r.vpc; }>},
    Definition{"subnet-id", &one<[](const Record& r) { return r.subnet; }>},
    Definition{"availability-zone", &one<[](const Record& r) { return r.zone; }>},
    Definition{"reservation-id", &one<[](const Record& r) { return r.reservation; }>},
    Definition{"client-token", &one<[](const Record& r) { return r.client_token; }>},
    Definition{"architecture", &one<[](const Record& r) { return r.architecture; }>},
    Definition{"private-ip-address", &one<[](const Record& r) { return r.private_address; }>},
    Definition{"root-device-name", &one<[](const Record& r) { return r.root_device; }>},
    Definition{"root-device-type", &one<[](const Record&) { return std::string("ebs"); }>},
    Definition{"virtualization-type", &one<[](const Record&) { return std::string("hvm"); }>},
    Definition{"platform-details", &one<[](const Record& r) { return r.platform_details; }>},
    Definition{"placement-group-name", &one<[](const Record& r) { return r.placement_group; }>},
    Definition{"tenancy", &one<[](const Record& r) { return r.tenancy; }>},
    Definition{"launch-index", &one<[](const Record& r) { return std::to_string(r.launch_index); }>},
    Definition{"launch-time", &one<[](const Record& r) { return format_iso8601_millis(r.launched_at); }>},
    Definition{"iam-instance-profile.arn", &one<[](const Record& r) { return r.profile_arn; }>},
    Definition{"iam-instance-profile.id", &one<[](const Record& r) { return r.profile_id; }>},
    Definition{"monitoring-state",
               &one<[](const Record& r) { return std::string(r.monitoring ? "enabled" : "disabled"); }>},
    Definition{"state-reason-code", &one<[](const Record& r) { return r.reason_code; }>},
    Definition{"state-reason-message", &one<[](const Record& r) { return r.reason_message; }>},
    Definition{"reason", &one<[](const Record& r) { return r.transition_reason; }>},
    Definition{"metadata-options.http-tokens", &one<[](const Record& r) {
                 return std::string(r.metadata_options.tokens_required ? "required" : "optional");
               }>},
    Definition{"metadata-options.http-endpoint",
               &one<[](const Record& r) { return std::string(r.metadata_options.enabled ? "enabled" : "disabled"); }>},
    Definition{"hypervisor",
               &one<[](const Record& r) { return std::string(r.type.starts_with("t2.") ? "xen" : "nitro"); }>},
    Definition{"instance.group-id", &group_ids},
    Definition{"network-interface.group-id", &group_ids},
    Definition{"instance.group-name", &group_names},
    Definition{"network-interface.group-name", &group_names},
    Definition{"ip-address", &public_addresses},
    Definition{"association.public-ip", &public_addresses},
    Definition{"network-interface.association.public-ip", &public_addresses},
    Definition{"network-interface.addresses.private-ip-address", &private_addresses},
    Definition{"network-interface.private-ip-address", &private_addresses},
    Definition{"network-interface.network-interface-id", &interface_ids},
    Definition{"private-dns-name", &private_names},
    Definition{"dns-name", &public_names},
    Definition{"block-device-mapping.volume-id", &volume_ids},
    Definition{"block-device-mapping.device-name", &device_names},
    Definition{"block-device-mapping.delete-on-termination", &delete_flags},
    Definition{"block-device-mapping.status", &volume_states},
    Definition{"network-interface.subnet-id", &at<"NetworkInterfaces.SubnetId">},
    Definition{"network-interface.vpc-id", &at<"NetworkInterfaces.VpcId">},
    Definition{"affinity", &at<"Placement.Affinity">},
    Definition{"availability-zone-id", &at<"Placement.AvailabilityZoneId">},
    Definition{"block-device-mapping.attach-time", &at<"BlockDeviceMappings.Ebs.AttachTime">},
    Definition{"boot-mode", &at<"BootMode">},
    Definition{"capacity-reservation-id", &at<"CapacityReservationId">},
    Definition{"capacity-reservation-specification.capacity-reservation-preference",
               &at<"CapacityReservationSpecification.CapacityReservationPreference">},
    Definition{"capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id", &none},
    Definition{"capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn",
               &none},
    Definition{"current-instance-boot-mode", &at<"CurrentInstanceBootMode">},
    Definition{"ebs-optimized", &at<"EbsOptimized">},
    Definition{"ena-support", &at<"EnaSupport">},
    Definition{"enclave-options.enabled", &at<"EnclaveOptions.Enabled">},
    Definition{"hibernation-options.configured", &at<"HibernationOptions.Configured">},
    Definition{"host-id", &at<"Placement.HostId">},
    Definition{"instance-lifecycle", &at<"InstanceLifecycle">},
    Definition{"ipv6-address", &none},
    Definition{"kernel-id", &at<"KernelId">},
    Definition{"maintenance-options.auto-recovery", &at<"MaintenanceOptions.AutoRecovery">},
    Definition{"metadata-options.http-protocol-ipv4", &one<[](const Record&) { return std::string("enabled"); }>},
    Definition{"metadata-options.http-protocol-ipv6", &at<"MetadataOptions.HttpProtocolIpv6">},
    Definition{"metadata-options.http-put-response-hop-limit", &at<"MetadataOptions.HttpPutResponseHopLimit">},
    Definition{"metadata-options.instance-metadata-tags", &at<"MetadataOptions.InstanceMetadataTags">},
    Definition{"metadata-options.state", &at<"MetadataOptions.State">},
    Definition{"network-interface.addresses.association.allocation-id", &allocations},
    Definition{"network-interface.addresses.association.association-id", &associations},
    Definition{"network-interface.addresses.association.carrier-ip", &none},
    Definition{"network-interface.addresses.association.customer-owned-ip", &none},
    Definition{"network-interface.addresses.association.ip-owner-id",
               &at<"NetworkInterfaces.PrivateIpAddresses.Association.IpOwnerId">},
    Definition{"network-interface.addresses.association.public-dns-name",
               &at<"NetworkInterfaces.PrivateIpAddresses.Association.PublicDnsName">},
    Definition{"network-interface.addresses.association.public-ip",
               &at<"NetworkInterfaces.PrivateIpAddresses.Association.PublicIp">},
    Definition{"network-interface.addresses.primary", &at<"NetworkInterfaces.PrivateIpAddresses.Primary">},
    Definition{"network-interface.addresses.private-dns-name",
               &at<"NetworkInterfaces.PrivateIpAddresses.PrivateDnsName">},
    Definition{"network-interface.association.allocation-id", &allocations},
    Definition{"network-interface.association.association-id", &associations},
    Definition{"network-interface.association.carrier-ip", &none},
    Definition{"network-interface.association.customer-owned-ip", &none},
    Definition{"network-interface.association.ip-owner-id", &at<"NetworkInterfaces.Association.IpOwnerId">},
    Definition{"network-interface.association.public-dns-name", &at<"NetworkInterfaces.Association.PublicDnsName">},
    Definition{"network-interface.attachment.attach-time", &at<"NetworkInterfaces.Attachment.AttachTime">},
    Definition{"network-interface.attachment.attachment-id", &at<"NetworkInterfaces.Attachment.AttachmentId">},
    Definition{"network-interface.attachment.delete-on-termination",
               &at<"NetworkInterfaces.Attachment.DeleteOnTermination">},
    Definition{"network-interface.attachment.device-index", &at<"NetworkInterfaces.Attachment.DeviceIndex">},
    Definition{"network-interface.attachment.instance-id", &attached_instance},
    Definition{"network-interface.attachment.instance-owner-id", &attached_owner},
    Definition{"network-interface.attachment.network-card-index", &at<"NetworkInterfaces.Attachment.NetworkCardIndex">},
    Definition{"network-interface.attachment.status", &at<"NetworkInterfaces.Attachment.Status">},
    Definition{"network-interface.availability-zone", &interface_zones},
    Definition{"network-interface.deny-all-igw-traffic", &none},
    Definition{"network-interface.description", &at<"NetworkInterfaces.Description">},
    Definition{"network-interface.ipv4-prefixes.ipv4-prefix", &none},
    Definition{"network-interface.ipv6-address", &none},
    Definition{"network-interface.ipv6-addresses.ipv6-address", &none},
    Definition{"network-interface.ipv6-addresses.is-primary-ipv6", &none},
    Definition{"network-interface.ipv6-native", &none},
    Definition{"network-interface.ipv6-prefixes.ipv6-prefix", &none},
    Definition{"network-interface.mac-address", &at<"NetworkInterfaces.MacAddress">},
    Definition{"network-interface.operator.managed", &none},
    Definition{"network-interface.operator.principal", &none},
    Definition{"network-interface.outpost-arn", &none},
    Definition{"network-interface.owner-id", &at<"NetworkInterfaces.OwnerId">},
    Definition{"network-interface.private-dns-name", &at<"NetworkInterfaces.PrivateDnsName">},
    Definition{"network-interface.public-dns-name", &at<"NetworkInterfaces.Association.PublicDnsName">},
    Definition{"network-interface.requester-id", &none},
    Definition{"network-interface.requester-managed", &managed_by_requester},
    Definition{"network-interface.status", &at<"NetworkInterfaces.Status">},
    Definition{"network-interface.source-dest-check", &at<"NetworkInterfaces.SourceDestCheck">},
    Definition{"network-interface.tag-key", &interface_tags<true>},
    Definition{"network-interface.tag-value", &interface_tags<false>},
    Definition{"network-performance-options.bandwidth-weighting", &none},
    Definition{"operator.managed", &none},
    Definition{"operator.principal", &none},
    Definition{"outpost-arn", &none},
    Definition{"placement-partition-number", &at<"Placement.PartitionNumber">},
    Definition{"platform", &at<"Platform">},
    Definition{"private-dns-name-options.enable-resource-name-dns-a-record",
               &at<"PrivateDnsNameOptions.EnableResourceNameDnsARecord">},
    Definition{"private-dns-name-options.enable-resource-name-dns-aaaa-record",
               &at<"PrivateDnsNameOptions.EnableResourceNameDnsAAAARecord">},
    Definition{"private-dns-name-options.hostname-type", &at<"PrivateDnsNameOptions.HostnameType">},
    Definition{"product-code", &at<"ProductCodes.ProductCodeId">},
    Definition{"product-code.type", &at<"ProductCodes.ProductCodeType">},
    Definition{"ramdisk-id", &at<"RamdiskId">},
    Definition{"requester-id", &none},
    Definition{"source-dest-check", &at<"SourceDestCheck">},
    Definition{"spot-instance-request-id", &at<"SpotInstanceRequestId">},
    Definition{"tpm-support", &at<"TpmSupport">},
    Definition{"usage-operation", &at<"UsageOperation">},
    Definition{"usage-operation-update-time", &at<"UsageOperationUpdateTime">},
};

}  // namespace

std::span<const FilterDefinition<InstanceRecord>> instance_filters() { return kFilters; }

}  // namespace aerolith::ec2
