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

using InstanceFilter = FilterDefinition<InstanceRecord>;
using Get = std::string (*)(const InstanceRecord&);

template <Get get>
Result<Strings> one(const Lookup&, const InstanceRecord& record) {
  std::string value = get(record);
  return value.empty() ? Strings() : Strings{std::move(value)};
}

template <typename Project>
Result<Strings> of_interfaces(const Lookup& at, const InstanceRecord& record, Project project) {
  Strings result;
  for (const std::string& id : record.interfaces) {
    const auto interface = TRY(kInterfaces.find(at.txn, at.scope, id));
    if (interface) project(*interface, result);
  }
  return result;
}
template <typename Project>
Result<Strings> of_volumes(const InstanceRecord& record, Project project) {
  Strings result;
  for (const InstanceVolume& each : record.volumes) result.push_back(project(each));
  return result;
}

Result<Strings> public_addresses(const Lookup& at, const InstanceRecord& record) {
  return of_interfaces(at, record, [](const InterfaceRecord& interface, Strings& out) {
    for (const auto& each : interface.addresses) {
      if (each.public_address) out.push_back(each.public_address->address);
    }
  });
}
Result<Strings> private_addresses(const Lookup& at, const InstanceRecord& record) {
  return of_interfaces(at, record, [](const InterfaceRecord& interface, Strings& out) {
    for (const auto& each : interface.addresses) out.push_back(each.address);
  });
}
Result<Strings> group_ids(const Lookup& at, const InstanceRecord& record) {
  return of_interfaces(at, record, [](const InterfaceRecord& interface, Strings& out) {
    out.insert(out.end(), interface.groups.begin(), interface.groups.end());
  });
}
Result<Strings> group_names(const Lookup& at, const InstanceRecord& record) {
  Strings result;
  for (const auto& each : TRY(shown_groups(at.txn, at.scope, TRY(group_ids(at, record))))) {
    result.push_back(*each.group_name);
  }
  return result;
}
Result<Strings> private_names(const Lookup& at, const InstanceRecord& record) {
  return Strings{private_name(at.scope.region, record.private_address)};
}
Result<Strings> public_names(const Lookup& at, const InstanceRecord& record) {
  Strings result;
  if (!TRY(has_public_names(at.txn, at.scope, record.vpc))) return result;
  for (const std::string& address : TRY(public_addresses(at, record))) {
    result.push_back(public_name(at.scope.region, address));
  }
  return result;
}
Result<Strings> interface_ids(const Lookup&, const InstanceRecord& record) { return record.interfaces; }
Result<Strings> volume_ids(const Lookup&, const InstanceRecord& record) {
  return of_volumes(record, [](const auto& each) { return each.volume; });
}
Result<Strings> device_names(const Lookup&, const InstanceRecord& record) {
  return of_volumes(record, [](const auto& each) { return each.device; });
}
Result<Strings> delete_flags(const Lookup&, const InstanceRecord& record) {
  return of_volumes(record, [](const auto& each) { return flag(each.delete_on_termination); });
}
Result<Strings> volume_states(const Lookup&, const InstanceRecord& record) {
  return of_volumes(record, [](const auto&) { return std::string("attached"); });
}

// As the answer shows it.
template <Path path>
Result<Strings> at(const Lookup& where, const InstanceRecord& record) {
  const Instance all = TRY(shown(where.txn, where.scope, record, {}));
  return values_at(schema::kInstance, &all, path.view());
}
// Of what no instance here has.
Result<Strings> none(const Lookup&, const InstanceRecord&) { return Strings(); }

Result<Strings> allocations(const Lookup& where, const InstanceRecord& record) {
  return of_interfaces(where, record, [](const InterfaceRecord& interface, Strings& out) {
    for (const auto& each : interface.addresses) {
      if (each.public_address) out.push_back(each.public_address->allocation);
    }
  });
}
Result<Strings> associations(const Lookup& where, const InstanceRecord& record) {
  return of_interfaces(where, record, [](const InterfaceRecord& interface, Strings& out) {
    for (const auto& each : interface.addresses) {
      if (each.public_address) out.push_back(each.public_address->association);
    }
  });
}
Result<Strings> interface_zones(const Lookup& where, const InstanceRecord& record) {
  return of_interfaces(where, record, [](const auto& interface, Strings& out) { out.push_back(interface.zone); });
}
Result<Strings> attached_instance(const Lookup&, const InstanceRecord& record) {
  return record.interfaces.empty() ? Strings() : Strings{record.id};
}
Result<Strings> attached_owner(const Lookup& where, const InstanceRecord& record) {
  return record.interfaces.empty() ? Strings() : Strings{where.scope.account.str()};
}
// Services attach none of theirs to an instance.
Result<Strings> managed_by_requester(const Lookup&, const InstanceRecord& record) {
  return record.interfaces.empty() ? Strings() : Strings{"false"};
}
template <bool keys>
Result<Strings> interface_tags(const Lookup& where, const InstanceRecord& record) {
  Strings result;
  for (const std::string& id : record.interfaces) {
    for (const auto& [key, value] : TRY(tags_of(where.txn, where.scope, id))) result.push_back(keys ? key : value);
  }
  return result;
}

constexpr std::array kInstanceFilters{
    InstanceFilter{"instance-id", &one<[](const InstanceRecord& r) { return r.id; }>},
    InstanceFilter{"instance-state-name", &one<[](const InstanceRecord& r) { return std::string(name_of(r.state)); }>},
    InstanceFilter{"instance-state-code",
                   &one<[](const InstanceRecord& r) { return std::to_string(static_cast<int>(r.state)); }>},
    InstanceFilter{"instance-type", &one<[](const InstanceRecord& r) { return r.type; }>},
    InstanceFilter{"image-id", &one<[](const InstanceRecord& r) { return r.image; }>},
    InstanceFilter{"key-name", &one<[](const InstanceRecord& r) { return r.key_name; }>},
    InstanceFilter{"vpc-id", &one<[](const InstanceRecord& r) { return r.vpc; }>},
    InstanceFilter{"subnet-id", &one<[](const InstanceRecord& r) { return r.subnet; }>},
    InstanceFilter{"availability-zone", &one<[](const InstanceRecord& r) { return r.zone; }>},
    InstanceFilter{"reservation-id", &one<[](const InstanceRecord& r) { return r.reservation; }>},
    InstanceFilter{"client-token", &one<[](const InstanceRecord& r) { return r.client_token; }>},
    InstanceFilter{"architecture", &one<[](const InstanceRecord& r) { return r.architecture; }>},
    InstanceFilter{"private-ip-address", &one<[](const InstanceRecord& r) { return r.private_address; }>},
    InstanceFilter{"root-device-name", &one<[](const InstanceRecord& r) { return r.root_device; }>},
    InstanceFilter{"root-device-type", &one<[](const InstanceRecord&) { return std::string("ebs"); }>},
    InstanceFilter{"virtualization-type", &one<[](const InstanceRecord&) { return std::string("hvm"); }>},
    InstanceFilter{"platform-details", &one<[](const InstanceRecord& r) { return r.platform_details; }>},
    InstanceFilter{"placement-group-name", &one<[](const InstanceRecord& r) { return r.placement_group; }>},
    InstanceFilter{"tenancy", &one<[](const InstanceRecord& r) { return r.tenancy; }>},
    InstanceFilter{"launch-index", &one<[](const InstanceRecord& r) { return std::to_string(r.launch_index); }>},
    InstanceFilter{"launch-time", &one<[](const InstanceRecord& r) { return format_iso8601_millis(r.launched_at); }>},
    InstanceFilter{"iam-instance-profile.arn", &one<[](const InstanceRecord& r) { return r.profile_arn; }>},
    InstanceFilter{"iam-instance-profile.id", &one<[](const InstanceRecord& r) { return r.profile_id; }>},
    InstanceFilter{"monitoring-state",
                   &one<[](const InstanceRecord& r) { return std::string(r.monitoring ? "enabled" : "disabled"); }>},
    InstanceFilter{"state-reason-code", &one<[](const InstanceRecord& r) { return r.reason_code; }>},
    InstanceFilter{"state-reason-message", &one<[](const InstanceRecord& r) { return r.reason_message; }>},
    InstanceFilter{"reason", &one<[](const InstanceRecord& r) { return r.transition_reason; }>},
    InstanceFilter{"metadata-options.http-tokens", &one<[](const InstanceRecord& r) {
                     return std::string(r.metadata_options.tokens_required ? "required" : "optional");
                   }>},
    InstanceFilter{
        "metadata-options.http-endpoint",
        &one<[](const InstanceRecord& r) { return std::string(r.metadata_options.enabled ? "enabled" : "disabled"); }>},
    InstanceFilter{
        "hypervisor",
        &one<[](const InstanceRecord& r) { return std::string(r.type.starts_with("t2.") ? "xen" : "nitro"); }>},
    InstanceFilter{"instance.group-id", &group_ids},
    InstanceFilter{"network-interface.group-id", &group_ids},
    InstanceFilter{"instance.group-name", &group_names},
    InstanceFilter{"network-interface.group-name", &group_names},
    InstanceFilter{"ip-address", &public_addresses},
    InstanceFilter{"association.public-ip", &public_addresses},
    InstanceFilter{"network-interface.association.public-ip", &public_addresses},
    InstanceFilter{"network-interface.addresses.private-ip-address", &private_addresses},
    InstanceFilter{"network-interface.private-ip-address", &private_addresses},
    InstanceFilter{"network-interface.network-interface-id", &interface_ids},
    InstanceFilter{"private-dns-name", &private_names},
    InstanceFilter{"dns-name", &public_names},
    InstanceFilter{"block-device-mapping.volume-id", &volume_ids},
    InstanceFilter{"block-device-mapping.device-name", &device_names},
    InstanceFilter{"block-device-mapping.delete-on-termination", &delete_flags},
    InstanceFilter{"block-device-mapping.status", &volume_states},
    InstanceFilter{"network-interface.subnet-id", &at<"NetworkInterfaces.SubnetId">},
    InstanceFilter{"network-interface.vpc-id", &at<"NetworkInterfaces.VpcId">},
    InstanceFilter{"affinity", &at<"Placement.Affinity">},
    InstanceFilter{"availability-zone-id", &at<"Placement.AvailabilityZoneId">},
    InstanceFilter{"block-device-mapping.attach-time", &at<"BlockDeviceMappings.Ebs.AttachTime">},
    InstanceFilter{"boot-mode", &at<"BootMode">},
    InstanceFilter{"capacity-reservation-id", &at<"CapacityReservationId">},
    InstanceFilter{"capacity-reservation-specification.capacity-reservation-preference",
                   &at<"CapacityReservationSpecification.CapacityReservationPreference">},
    InstanceFilter{"capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id", &none},
    InstanceFilter{
        "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn",
        &none},
    InstanceFilter{"current-instance-boot-mode", &at<"CurrentInstanceBootMode">},
    InstanceFilter{"ebs-optimized", &at<"EbsOptimized">},
    InstanceFilter{"ena-support", &at<"EnaSupport">},
    InstanceFilter{"enclave-options.enabled", &at<"EnclaveOptions.Enabled">},
    InstanceFilter{"hibernation-options.configured", &at<"HibernationOptions.Configured">},
    InstanceFilter{"host-id", &at<"Placement.HostId">},
    InstanceFilter{"instance-lifecycle", &at<"InstanceLifecycle">},
    InstanceFilter{"ipv6-address", &none},
    InstanceFilter{"kernel-id", &at<"KernelId">},
    InstanceFilter{"maintenance-options.auto-recovery", &at<"MaintenanceOptions.AutoRecovery">},
    InstanceFilter{"metadata-options.http-protocol-ipv4",
                   &one<[](const InstanceRecord&) { return std::string("enabled"); }>},
    InstanceFilter{"metadata-options.http-protocol-ipv6", &at<"MetadataOptions.HttpProtocolIpv6">},
    InstanceFilter{"metadata-options.http-put-response-hop-limit", &at<"MetadataOptions.HttpPutResponseHopLimit">},
    InstanceFilter{"metadata-options.instance-metadata-tags", &at<"MetadataOptions.InstanceMetadataTags">},
    InstanceFilter{"metadata-options.state", &at<"MetadataOptions.State">},
    InstanceFilter{"network-interface.addresses.association.allocation-id", &allocations},
    InstanceFilter{"network-interface.addresses.association.association-id", &associations},
    InstanceFilter{"network-interface.addresses.association.carrier-ip", &none},
    InstanceFilter{"network-interface.addresses.association.customer-owned-ip", &none},
    InstanceFilter{"network-interface.addresses.association.ip-owner-id",
                   &at<"NetworkInterfaces.PrivateIpAddresses.Association.IpOwnerId">},
    InstanceFilter{"network-interface.addresses.association.public-dns-name",
                   &at<"NetworkInterfaces.PrivateIpAddresses.Association.PublicDnsName">},
    InstanceFilter{"network-interface.addresses.association.public-ip",
                   &at<"NetworkInterfaces.PrivateIpAddresses.Association.PublicIp">},
    InstanceFilter{"network-interface.addresses.primary", &at<"NetworkInterfaces.PrivateIpAddresses.Primary">},
    InstanceFilter{"network-interface.addresses.private-dns-name",
                   &at<"NetworkInterfaces.PrivateIpAddresses.PrivateDnsName">},
    InstanceFilter{"network-interface.association.allocation-id", &allocations},
    InstanceFilter{"network-interface.association.association-id", &associations},
    InstanceFilter{"network-interface.association.carrier-ip", &none},
    InstanceFilter{"network-interface.association.customer-owned-ip", &none},
    InstanceFilter{"network-interface.association.ip-owner-id", &at<"NetworkInterfaces.Association.IpOwnerId">},
    InstanceFilter{"network-interface.association.public-dns-name", &at<"NetworkInterfaces.Association.PublicDnsName">},
    InstanceFilter{"network-interface.attachment.attach-time", &at<"NetworkInterfaces.Attachment.AttachTime">},
    InstanceFilter{"network-interface.attachment.attachment-id", &at<"NetworkInterfaces.Attachment.AttachmentId">},
    InstanceFilter{"network-interface.attachment.delete-on-termination",
                   &at<"NetworkInterfaces.Attachment.DeleteOnTermination">},
    InstanceFilter{"network-interface.attachment.device-index", &at<"NetworkInterfaces.Attachment.DeviceIndex">},
    InstanceFilter{"network-interface.attachment.instance-id", &attached_instance},
    InstanceFilter{"network-interface.attachment.instance-owner-id", &attached_owner},
    InstanceFilter{"network-interface.attachment.network-card-index",
                   &at<"NetworkInterfaces.Attachment.NetworkCardIndex">},
    InstanceFilter{"network-interface.attachment.status", &at<"NetworkInterfaces.Attachment.Status">},
    InstanceFilter{"network-interface.availability-zone", &interface_zones},
    InstanceFilter{"network-interface.deny-all-igw-traffic", &none},
    InstanceFilter{"network-interface.description", &at<"NetworkInterfaces.Description">},
    InstanceFilter{"network-interface.ipv4-prefixes.ipv4-prefix", &none},
    InstanceFilter{"network-interface.ipv6-address", &none},
    InstanceFilter{"network-interface.ipv6-addresses.ipv6-address", &none},
    InstanceFilter{"network-interface.ipv6-addresses.is-primary-ipv6", &none},
    InstanceFilter{"network-interface.ipv6-native", &none},
    InstanceFilter{"network-interface.ipv6-prefixes.ipv6-prefix", &none},
    InstanceFilter{"network-interface.mac-address", &at<"NetworkInterfaces.MacAddress">},
    InstanceFilter{"network-interface.operator.managed", &none},
    InstanceFilter{"network-interface.operator.principal", &none},
    InstanceFilter{"network-interface.outpost-arn", &none},
    InstanceFilter{"network-interface.owner-id", &at<"NetworkInterfaces.OwnerId">},
    InstanceFilter{"network-interface.private-dns-name", &at<"NetworkInterfaces.PrivateDnsName">},
    InstanceFilter{"network-interface.public-dns-name", &at<"NetworkInterfaces.Association.PublicDnsName">},
    InstanceFilter{"network-interface.requester-id", &none},
    InstanceFilter{"network-interface.requester-managed", &managed_by_requester},
    InstanceFilter{"network-interface.status", &at<"NetworkInterfaces.Status">},
    InstanceFilter{"network-interface.source-dest-check", &at<"NetworkInterfaces.SourceDestCheck">},
    InstanceFilter{"network-interface.tag-key", &interface_tags<true>},
    InstanceFilter{"network-interface.tag-value", &interface_tags<false>},
    InstanceFilter{"network-performance-options.bandwidth-weighting", &none},
    InstanceFilter{"operator.managed", &none},
    InstanceFilter{"operator.principal", &none},
    InstanceFilter{"outpost-arn", &none},
    InstanceFilter{"placement-partition-number", &at<"Placement.PartitionNumber">},
    InstanceFilter{"platform", &at<"Platform">},
    InstanceFilter{"private-dns-name-options.enable-resource-name-dns-a-record",
                   &at<"PrivateDnsNameOptions.EnableResourceNameDnsARecord">},
    InstanceFilter{"private-dns-name-options.enable-resource-name-dns-aaaa-record",
                   &at<"PrivateDnsNameOptions.EnableResourceNameDnsAAAARecord">},
    InstanceFilter{"private-dns-name-options.hostname-type", &at<"PrivateDnsNameOptions.HostnameType">},
    InstanceFilter{"product-code", &at<"ProductCodes.ProductCodeId">},
    InstanceFilter{"product-code.type", &at<"ProductCodes.ProductCodeType">},
    InstanceFilter{"ramdisk-id", &at<"RamdiskId">},
    InstanceFilter{"requester-id", &none},
    InstanceFilter{"source-dest-check", &at<"SourceDestCheck">},
    InstanceFilter{"spot-instance-request-id", &at<"SpotInstanceRequestId">},
    InstanceFilter{"tpm-support", &at<"TpmSupport">},
    InstanceFilter{"usage-operation", &at<"UsageOperation">},
    InstanceFilter{"usage-operation-update-time", &at<"UsageOperationUpdateTime">},
};

}  // namespace

std::span<const FilterDefinition<InstanceRecord>> instance_filters() { return kInstanceFilters; }

}  // namespace aerolith::ec2
