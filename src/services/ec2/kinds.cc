#include "services/ec2/kinds.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "base/random.h"
#include "ec2/model/vpc.h"

namespace aerolith::ec2 {
namespace {

// In the order of Kind.
constexpr KindInfo kKinds[] = {
    {Kind::vpc, "vpc-", "vpc", "InvalidVpcID.NotFound", "The vpc ID '{}' does not exist", ""},
    {Kind::subnet, "subnet-", "subnet", "InvalidSubnetID.NotFound", "The subnet ID '{}' does not exist", ""},
    {Kind::internet_gateway, "igw-", "internet-gateway", "InvalidInternetGatewayID.NotFound",
     "The internetGateway ID '{}' does not exist", ""},
    {Kind::route_table, "rtb-", "route-table", "InvalidRouteTableID.NotFound", "The routeTable ID '{}' does not exist",
     "InvalidRouteTableId.Malformed"},
    {Kind::security_group, "sg-", "security-group", "InvalidGroup.NotFound", "The security group '{}' does not exist",
     "InvalidGroupId.Malformed"},
    {Kind::security_group_rule, "sgr-", "security-group-rule", "InvalidSecurityGroupRuleId.NotFound",
     "The security group rule ID '{}' does not exist", "InvalidSecurityGroupRuleId.Malformed"},
    {Kind::network_acl, "acl-", "network-acl", "InvalidNetworkAclID.NotFound", "The networkAcl ID '{}' does not exist",
     ""},
    {Kind::network_interface, "eni-", "network-interface", "InvalidNetworkInterfaceID.NotFound",
     "The networkInterface ID '{}' does not exist", "InvalidNetworkInterfaceId.Malformed"},
    {Kind::elastic_ip, "eipalloc-", "elastic-ip", "InvalidAllocationID.NotFound",
     "The allocation ID '{}' does not exist", ""},
    {Kind::nat_gateway, "nat-", "natgateway", "NatGatewayNotFound", "The Nat Gateway {} was not found",
     "NatGatewayMalformed"},
    {Kind::peering, "pcx-", "vpc-peering-connection", "InvalidVpcPeeringConnectionID.NotFound",
     "The vpcPeeringConnection ID '{}' does not exist", "InvalidVpcPeeringConnectionId.Malformed"},
    {Kind::endpoint, "vpce-", "vpc-endpoint", "InvalidVpcEndpointId.NotFound",
     "The Vpc Endpoint Id '{}' does not exist", "InvalidVpcEndpointId.Malformed"},
    {Kind::prefix_list, "pl-", "prefix-list", "InvalidPrefixListID.NotFound", "The prefix list ID '{}' does not exist",
     "InvalidPrefixListId.Malformed"},
    {Kind::dhcp_options, "dopt-", "dhcp-options", "InvalidDhcpOptionID.NotFound",
     "The dhcpOption ID '{}' does not exist", ""},
    {Kind::key_pair, "key-", "key-pair", "InvalidKeyPair.NotFound", "The key pair '{}' does not exist", ""},
    {Kind::image, "ami-", "image", "InvalidAMIID.NotFound", "The image id '[{}]' does not exist",
     "InvalidAMIID.Malformed"},
    {Kind::launch_template, "lt-", "launch-template", "InvalidLaunchTemplateId.NotFound",
     "The specified launch template, with template ID {}, does not exist.", "InvalidLaunchTemplateId.Malformed"},
    {Kind::instance, "i-", "instance", "InvalidInstanceID.NotFound", "The instance ID '{}' does not exist",
     "InvalidInstanceID.Malformed"},
    {Kind::volume, "vol-", "volume", "InvalidVolume.NotFound", "The volume '{}' does not exist.",
     "InvalidParameterValue"},
    {Kind::snapshot, "snap-", "snapshot", "InvalidSnapshot.NotFound", "The snapshot '{}' does not exist.",
     "InvalidParameterValue"},
    {Kind::flow_log, "fl-", "vpc-flow-log", "InvalidFlowLogId.NotFound",
     "These flow log ids in the input list are not found: [TotalCount: 1] {}", ""},
    // EC2's own code for what isn't there: clients tell it by the words "not found".
    {Kind::import_image_task, "import-ami-", "import-image-task", "InvalidConversionTaskId.Malformed",
     "Tasks: [{}] not found", ""},
    {Kind::import_snapshot_task, "import-snap-", "import-snapshot-task", "InvalidConversionTaskId.Malformed",
     "Tasks: [{}] not found", ""},
    {Kind::placement_group, "pg-", "placement-group", "InvalidPlacementGroup.Unknown",
     "The Placement Group '{}' is unknown.", ""},
    {Kind::root_replacement, "replacevol-", "replace-root-volume-task", "InvalidReplaceRootVolumeTaskId.NotFound",
     "The replace root volume task ID '{}' does not exist", ""},
    {Kind::subnet_cidr_reservation, "scr-", "subnet-cidr-reservation", "InvalidSubnetCidrReservationID.NotFound",
     "The subnet-cidr-reservation ID '{}' does not exist", ""},
};

constexpr bool in_order() {
  for (size_t i = 0; i < std::size(kKinds); ++i) {
    if (static_cast<size_t>(kKinds[i].kind) != i) return false;
  }
  return true;
}
static_assert(in_order());

}  // namespace

const KindInfo& info(Kind kind) { return kKinds[static_cast<size_t>(kind)]; }

std::optional<Kind> kind_of_id(std::string_view id) {
  const auto* const found =
      std::ranges::find_if(kKinds, [&](const KindInfo& each) { return id.starts_with(each.prefix); });
  return found == std::end(kKinds) ? std::nullopt : std::optional(found->kind);
}

std::optional<Kind> kind_of_type(std::string_view type) {
  const auto found = std::ranges::find(kKinds, type, &KindInfo::type);
  return found == std::end(kKinds) ? std::nullopt : std::optional(found->kind);
}

std::string make_part_id(std::string_view prefix) { return std::string(prefix) + random_hex(17); }

std::string make_id(Kind kind) { return make_part_id(info(kind).prefix); }

bool is_well_formed(Kind kind, std::string_view id) {
  const std::string_view prefix = info(kind).prefix;
  if (!id.starts_with(prefix)) return false;
  id.remove_prefix(prefix.size());
  if (id.size() != 8 && id.size() != 17) return false;
  return std::ranges::all_of(id, [](char c) { return hex_value(c) >= 0; });
}

}  // namespace aerolith::ec2
