// Rows of the table: network interfaces and public addresses.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
#include "ec2/operations/allocate_address.h"
#include "ec2/operations/assign_private_ip_addresses.h"
#include "ec2/operations/associate_address.h"
#include "ec2/operations/attach_network_interface.h"
#include "ec2/operations/create_network_interface.h"
#include "ec2/operations/delete_network_interface.h"
#include "ec2/operations/describe_addresses.h"
#include "ec2/operations/describe_addresses_attribute.h"
#include "ec2/operations/describe_network_interface_attribute.h"
#include "ec2/operations/describe_network_interfaces.h"
#include "ec2/operations/detach_network_interface.h"
#include "ec2/operations/disassociate_address.h"
#include "ec2/operations/modify_network_interface_attribute.h"
#include "ec2/operations/release_address.h"
#include "ec2/operations/reset_network_interface_attribute.h"
#include "ec2/operations/unassign_private_ip_addresses.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/rows.h"

namespace aerolith::ec2 {

namespace {

constexpr std::string_view kDetachAction = "ec2:DetachNetworkInterface";

// The request names the attachment alone; policies name what is attached, and to what.
std::optional<InterfaceRecord> find_attached(metadata::Store& store, const gateway::CallContext& context,
                                             const void* input) {
  const auto& id = static_cast<const DetachNetworkInterfaceInput*>(input)->attachment_id;
  const Scope scope = scope_of(context);
  const auto txn = store.begin_read();
  const auto owner = owner_of_part(*txn, scope, id.value_or(""));
  if (!owner.has_value() || !*owner) return std::nullopt;
  auto interface = kInterfaces.find(*txn, scope, **owner);
  return interface.has_value() ? *std::move(interface) : std::nullopt;
}

void add_detach_row(TableBuilder& table) {
  metadata::Store& store = table.store();
  gateway::OperationEntry& entry = table.row<ec2::detach_network_interface>(
      OperationId::detach_network_interface, kDetachAction, existing(Kind::network_interface));
  entry.needs = [&store](const gateway::CallContext& context, const void* input) {
    const auto interface = find_attached(store, context, input);
    const Scope scope = scope_of(context);
    const auto need = [&](Kind kind, const std::string& id) {
      return gateway::AccessNeed{.action = std::string(kDetachAction), .resource = make_arn(scope, kind, id)};
    };
    std::vector<gateway::AccessNeed> needs{need(Kind::network_interface, interface ? interface->id : "*")};
    if (interface && interface->attachment && !interface->attachment->instance.empty()) {
      needs.push_back(need(Kind::instance, interface->attachment->instance));
    }
    return needs;
  };
}

}  // namespace

void add_interface_rows(TableBuilder& table) {
  using enum OperationId;
  table.row<ec2::allocate_address>(allocate_address, "ec2:AllocateAddress", making(Kind::elastic_ip));
  table.row<ec2::assign_private_ip_addresses>(assign_private_ip_addresses, "ec2:AssignPrivateIpAddresses",
                                              existing(Kind::network_interface));
  table.row<ec2::associate_address>(associate_address, "ec2:AssociateAddress", existing(Kind::elastic_ip));
  table.row<ec2::attach_network_interface>(attach_network_interface, "ec2:AttachNetworkInterface",
                                           existing(Kind::network_interface), {existing(Kind::instance)});
  table.row<ec2::create_network_interface>(create_network_interface, "ec2:CreateNetworkInterface",
                                           making(Kind::network_interface), {existing(Kind::subnet)});
  table.row<ec2::delete_network_interface>(delete_network_interface, "ec2:DeleteNetworkInterface",
                                           existing(Kind::network_interface));
  table.row<ec2::describe_addresses>(describe_addresses, "ec2:DescribeAddresses", kAnything);
  table.row<ec2::describe_addresses_attribute>(describe_addresses_attribute, "ec2:DescribeAddressesAttribute",
                                               kAnything);
  table.row<ec2::describe_network_interface_attribute>(
      describe_network_interface_attribute, "ec2:DescribeNetworkInterfaceAttribute", existing(Kind::network_interface));
  table.row<ec2::describe_network_interfaces>(describe_network_interfaces, "ec2:DescribeNetworkInterfaces", kAnything);
  add_detach_row(table);
  table.row<ec2::disassociate_address>(disassociate_address, "ec2:DisassociateAddress", existing(Kind::elastic_ip));
  table.row<ec2::modify_network_interface_attribute>(
      modify_network_interface_attribute, "ec2:ModifyNetworkInterfaceAttribute", existing(Kind::network_interface));
  table.row<ec2::release_address>(release_address, "ec2:ReleaseAddress", existing(Kind::elastic_ip));
  table.row<ec2::reset_network_interface_attribute>(
      reset_network_interface_attribute, "ec2:ResetNetworkInterfaceAttribute", existing(Kind::network_interface));
  table.row<ec2::unassign_private_ip_addresses>(unassign_private_ip_addresses, "ec2:UnassignPrivateIpAddresses",
                                                existing(Kind::network_interface));
}

}  // namespace aerolith::ec2
