#include <fmt/format.h>

#include <array>

#include "ec2/operations/create_network_interface.h"
#include "ec2/operations/delete_network_interface.h"
#include "ec2/operations/describe_network_interface_attribute.h"
#include "ec2/operations/describe_network_interfaces.h"
#include "ec2/operations/modify_network_interface_attribute.h"
#include "ec2/operations/reset_network_interface_attribute.h"
#include "ec2/schema.h"
#include "services/ec2/attachments.h"
#include "services/ec2/describe.h"
#include "services/ec2/interfaces.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/shown_values.h"
#include "services/ec2/tags.h"
#include "services/ec2/tokens.h"
#include "services/ec2/zones.h"

namespace aerolith::ec2 {
namespace {

constexpr const char* kNoTimeOuts = "The time-outs of an interface's connections can't be set.";

using InterfaceFilter = FilterDefinition<InterfaceRecord>;

template <typename Project>
Result<Strings> of_attachment(const InterfaceRecord& record, Project project) {
  return record.attachment ? Strings{project(*record.attachment)} : Strings();
}
template <typename Project>
Result<Strings> of_addresses(const InterfaceRecord& record, Project project) {
  Strings result;
  for (const PrivateAddressRecord& each : record.addresses) {
    if (each.public_address) result.push_back(project(each));
  }
  return result;
}

// As the answer shows it.
template <Path path>
Result<Strings> at(const Lookup& where, const InterfaceRecord& record) {
  const NetworkInterface all = TRY(shown(where.txn, where.scope, record, {}));
  return values_at(schema::kNetworkInterface, &all, path.view());
}

constexpr std::array kInterfaceFilters{
    InterfaceFilter{"network-interface-id",
                    [](const Lookup&, const InterfaceRecord& r) -> Result<Strings> { return Strings{r.id}; }},
    InterfaceFilter{"vpc-id",
                    [](const Lookup&, const InterfaceRecord& r) -> Result<Strings> { return Strings{r.vpc}; }},
    InterfaceFilter{"subnet-id",
                    [](const Lookup&, const InterfaceRecord& r) -> Result<Strings> { return Strings{r.subnet}; }},
    InterfaceFilter{"availability-zone",
                    [](const Lookup&, const InterfaceRecord& r) -> Result<Strings> { return Strings{r.zone}; }},
    InterfaceFilter{"description",
                    [](const Lookup&, const InterfaceRecord& r) -> Result<Strings> { return Strings{r.description}; }},
    InterfaceFilter{"group-id", [](const Lookup&, const InterfaceRecord& r) -> Result<Strings> { return r.groups; }},
    InterfaceFilter{"group-name",
                    [](const Lookup& at, const InterfaceRecord& r) -> Result<Strings> {
                      Strings result;
                      for (const auto& each : TRY(shown_groups(at.txn, at.scope, r.groups))) {
                        result.push_back(*each.group_name);
                      }
                      return result;
                    }},
    InterfaceFilter{"interface-type",
                    [](const Lookup&, const InterfaceRecord& r) -> Result<Strings> { return Strings{r.type}; }},
    InterfaceFilter{"mac-address",
                    [](const Lookup&, const InterfaceRecord& r) -> Result<Strings> { return Strings{r.mac}; }},
    InterfaceFilter{"private-ip-address",
                    [](const Lookup&, const InterfaceRecord& r) -> Result<Strings> {
                      return Strings{r.addresses.front().address};
                    }},
    InterfaceFilter{"addresses.private-ip-address",
                    [](const Lookup&, const InterfaceRecord& r) -> Result<Strings> {
                      Strings result;
                      for (const PrivateAddressRecord& each : r.addresses) result.push_back(each.address);
                      return result;
                    }},
    InterfaceFilter{"addresses.primary",
                    [](const Lookup&, const InterfaceRecord& r) -> Result<Strings> {
                      return r.addresses.size() > 1 ? Strings{"true", "false"} : Strings{"true"};
                    }},
    InterfaceFilter{"private-dns-name",
                    [](const Lookup& at, const InterfaceRecord& r) -> Result<Strings> {
                      return Strings{private_name(at.scope.region, r.addresses.front().address)};
                    }},
    InterfaceFilter{"association.public-ip",
                    [](const Lookup&, const InterfaceRecord& r) {
                      return of_addresses(r, [](const auto& each) { return each.public_address->address; });
                    }},
    InterfaceFilter{"addresses.association.public-ip",
                    [](const Lookup&, const InterfaceRecord& r) {
                      return of_addresses(r, [](const auto& each) { return each.public_address->address; });
                    }},
    InterfaceFilter{"association.allocation-id",
                    [](const Lookup&, const InterfaceRecord& r) {
                      return of_addresses(r, [](const auto& each) { return each.public_address->allocation; });
                    }},
    InterfaceFilter{"association.association-id",
                    [](const Lookup&, const InterfaceRecord& r) {
                      return of_addresses(r, [](const auto& each) { return each.public_address->association; });
                    }},
    InterfaceFilter{
        "attachment.attachment-id",
        [](const Lookup&, const InterfaceRecord& r) { return of_attachment(r, [](const auto& a) { return a.id; }); }},
    InterfaceFilter{"attachment.instance-id",
                    [](const Lookup&, const InterfaceRecord& r) {
                      return of_attachment(r, [](const auto& a) { return a.instance; });
                    }},
    InterfaceFilter{"attachment.device-index",
                    [](const Lookup&, const InterfaceRecord& r) {
                      return of_attachment(r, [](const auto& a) { return std::to_string(a.device_index); });
                    }},
    InterfaceFilter{"attachment.delete-on-termination",
                    [](const Lookup&, const InterfaceRecord& r) {
                      return of_attachment(r, [](const auto& a) { return flag(a.delete_on_termination); });
                    }},
    InterfaceFilter{"attachment.status",
                    [](const Lookup&, const InterfaceRecord& r) {
                      return of_attachment(r, [](const auto& a) { return std::string(name_of(a.state)); });
                    }},
    InterfaceFilter{"attachment.instance-owner-id",
                    [](const Lookup& at, const InterfaceRecord& r) {
                      return of_attachment(
                          r, [&](const auto& a) { return a.instance.empty() ? r.requester : at.scope.account.str(); });
                    }},
    InterfaceFilter{"requester-id",
                    [](const Lookup&, const InterfaceRecord& r) -> Result<Strings> { return Strings{r.requester}; }},
    InterfaceFilter{
        "requester-managed",
        [](const Lookup&, const InterfaceRecord& r) -> Result<Strings> { return Strings{flag(!r.requester.empty())}; }},
    InterfaceFilter{
        "source-dest-check",
        [](const Lookup&, const InterfaceRecord& r) -> Result<Strings> { return Strings{flag(r.source_dest_check)}; }},
    InterfaceFilter{"status",
                    [](const Lookup&, const InterfaceRecord& r) -> Result<Strings> {
                      return Strings{r.attachment ? "in-use" : "available"};
                    }},
    InterfaceFilter{"addresses.association.owner-id", &at<"PrivateIpAddresses.Association.IpOwnerId">},
    InterfaceFilter{"association.ip-owner-id", &at<"Association.IpOwnerId">},
    InterfaceFilter{"association.public-dns-name", &at<"Association.PublicDnsName">},
    InterfaceFilter{"attachment.attach-time", &at<"Attachment.AttachTime">},
    InterfaceFilter{"availability-zone-id",
                    [](const Lookup& where, const InterfaceRecord& r) -> Result<Strings> {
                      const auto zone = find_zone(where.scope.region, r.zone);
                      return zone ? Strings{zone->id} : Strings();
                    }},
    InterfaceFilter{"ipv6-addresses.ipv6-address", &at<"Ipv6Addresses.Ipv6Address">},
    InterfaceFilter{"operator.managed", &at<"Operator.Managed">},
    InterfaceFilter{"operator.principal", &at<"Operator.Principal">},
};

Result<std::vector<std::string>> read_addresses(const CreateNetworkInterfaceInput& input) {
  std::vector<std::string> result;
  if (input.private_ip_address) result.push_back(*input.private_ip_address);
  for (const auto& each : input.private_ip_addresses.value_or(std::vector<PrivateIpAddressSpecification>())) {
    if (!each.private_ip_address) continue;
    if (!each.primary.value_or(false)) {
      result.push_back(*each.private_ip_address);
      continue;
    }
    if (input.private_ip_address) {
      return errors::invalid_combination("Only one primary private IP address can be specified.");
    }
    result.insert(result.begin(), *each.private_ip_address);
  }
  return result;
}

}  // namespace

Result<DescribeNetworkInterfacesOutput> describe_network_interfaces(Call& call,
                                                                    const DescribeNetworkInterfacesInput& input) {
  TRY(check_max_results(input.max_results, 5, 1000));
  const auto txn = call.read();
  const auto page =
      TRY(describe<InterfaceRecord>(*txn, call.scope, kInterfaces, kInterfaceFilters,
                                    {input.network_interface_ids, input.filters, input.max_results, input.next_token}));
  DescribeNetworkInterfacesOutput output{.network_interfaces = std::vector<NetworkInterface>(),
                                         .next_token = page.next_token};
  for (const auto& [record, tags] : page.items) {
    output.network_interfaces->push_back(TRY(shown(*txn, call.scope, record, tags)));
  }
  return output;
}

Result<CreateNetworkInterfaceOutput> create_network_interface(Call& call, const CreateNetworkInterfaceInput& input) {
  const bool is_unbuilt = input.ipv6_address_count.value_or(0) > 0 || input.ipv6_addresses || input.ipv4_prefixes ||
                          input.ipv4_prefix_count.value_or(0) > 0 || input.ipv6_prefixes ||
                          input.ipv6_prefix_count.value_or(0) > 0 || input.enable_primary_ipv6.value_or(false);
  if (is_unbuilt) return errors::unsupported("Interfaces have single IPv4 addresses only.");
  if (input.connection_tracking_specification) return errors::unsupported(kNoTimeOuts);
  if (input.interface_type && *input.interface_type != "interface") {
    return errors::unsupported("Only interfaces of the type 'interface' can be made.");
  }
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::network_interface));
  NewInterface wanted{.description = input.description.value_or("")};
  wanted.addresses = TRY(read_addresses(input));
  wanted.more_addresses = input.secondary_private_ip_address_count.value_or(0);
  wanted.groups = input.groups.value_or(std::vector<std::string>());
  std::string vpc;
  auto result = TRY(call.write([&](metadata::Transaction& txn) -> Result<NetworkInterface> {
    if (const auto made = TRY(find_made(txn, call, input.client_token))) {
      return shown(txn, call.scope, TRY(kInterfaces.get(txn, call.scope, *made)), tags);
    }
    NewInterface made = wanted;
    made.subnet = TRY(kSubnets.get(txn, call.scope, input.subnet_id));
    const InterfaceRecord interface = TRY(make_interface(txn, call.scope, made));
    put_tags(txn, call.scope, interface.id, tags);
    remember_made(txn, call, input.client_token, interface.id);
    vpc = interface.vpc;
    return shown(txn, call.scope, interface, tags);
  }));
  if (!vpc.empty()) call.settle_vpc(vpc);
  return CreateNetworkInterfaceOutput{.network_interface = std::move(result), .client_token = input.client_token};
}

Result<NoOutput> delete_network_interface(Call& call, const DeleteNetworkInterfaceInput& input) {
  auto vpc = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    const InterfaceRecord interface = TRY(kInterfaces.get(txn, call.scope, input.network_interface_id));
    if (interface.attachment) {
      return errors::of("InvalidNetworkInterface.InUse",
                        fmt::format("Network interface '{}' is currently in use.", interface.id));
    }
    TRY(remove_interface(txn, call.scope, interface));
    return interface.vpc;
  }));
  call.settle_vpc(vpc);
  return NoOutput{};
}

Result<NoOutput> modify_network_interface_attribute(Call& call, const ModifyNetworkInterfaceAttributeInput& input) {
  if (input.enable_primary_ipv6.value_or(false)) return errors::unsupported("Interfaces have IPv4 addresses only.");
  if (input.connection_tracking_specification) return errors::unsupported(kNoTimeOuts);
  if (input.ena_srd_specification && input.ena_srd_specification->ena_srd_enabled.value_or(false)) {
    return errors::unsupported("There is no ENA Express.");
  }
  if (input.associate_public_ip_address) {
    return errors::unsupported("A public address comes with the launch, or is an Elastic IP.");
  }
  if (input.associated_subnet_ids) return errors::unsupported("An interface is in one subnet.");
  auto vpc = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    InterfaceRecord interface = TRY(kInterfaces.get(txn, call.scope, input.network_interface_id));
    if (input.description) interface.description = input.description->value.value_or("");
    if (input.source_dest_check) interface.source_dest_check = input.source_dest_check->value.value_or(true);
    if (input.groups) {
      if (input.groups->empty()) return errors::missing_parameter("groups");
      TRY(check_group_count(input.groups->size()));
      for (const std::string& id : *input.groups) {
        if (TRY(kGroups.get(txn, call.scope, id)).vpc == interface.vpc) continue;
        return errors::of("InvalidGroup.NotFound",
                          fmt::format("You have specified two resources that belong to different networks: {} and {}.",
                                      id, interface.id));
      }
      interface.groups = *input.groups;
    }
    if (input.attachment) {
      const std::string id = input.attachment->attachment_id.value_or("");
      if (!interface.attachment || interface.attachment->id != id) {
        return errors::of("InvalidAttachmentID.NotFound",
                          fmt::format("The interface attachment '{}' does not exist.", id));
      }
      if (input.attachment->ena_queue_count || input.attachment->default_ena_queue_count) {
        return errors::unsupported("The number of an interface's queues can't be set.");
      }
      const auto& deletes = input.attachment->delete_on_termination;
      interface.attachment->delete_on_termination = deletes.value_or(interface.attachment->delete_on_termination);
    }
    kInterfaces.put(txn, call.scope, interface);
    return interface.vpc;
  }));
  call.settle_vpc(vpc);
  return NoOutput{};
}

Result<NoOutput> reset_network_interface_attribute(Call& call, const ResetNetworkInterfaceAttributeInput& input) {
  auto vpc = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    InterfaceRecord interface = TRY(kInterfaces.get(txn, call.scope, input.network_interface_id));
    interface.source_dest_check = true;
    kInterfaces.put(txn, call.scope, interface);
    return interface.vpc;
  }));
  call.settle_vpc(vpc);
  return NoOutput{};
}

Result<DescribeNetworkInterfaceAttributeOutput> describe_network_interface_attribute(
    Call& call, const DescribeNetworkInterfaceAttributeInput& input) {
  const auto txn = call.read();
  const InterfaceRecord record = TRY(kInterfaces.get(*txn, call.scope, input.network_interface_id));
  NetworkInterface all = TRY(shown(*txn, call.scope, record, {}));
  DescribeNetworkInterfaceAttributeOutput output{.network_interface_id = record.id};
  const std::string attribute = input.attribute.value_or("");
  if (attribute == "description") {
    output.description = AttributeValue{record.description};
  } else if (attribute == "groupSet") {
    output.groups = std::move(all.groups);
  } else if (attribute == "sourceDestCheck") {
    output.source_dest_check = AttributeBooleanValue{record.source_dest_check};
  } else if (attribute == "attachment") {
    output.attachment = std::move(all.attachment);
  } else {
    return errors::invalid_value("attribute", attribute, "Unknown attribute.");
  }
  return output;
}

}  // namespace aerolith::ec2
