#include "services/ec2/vpcs.h"

#include <fmt/format.h>

#include <array>

#include "base/step.h"
#include "ec2/model/cidr_block.h"
#include "ec2/operations/associate_vpc_cidr_block.h"
#include "ec2/operations/create_default_vpc.h"
#include "ec2/operations/create_vpc.h"
#include "ec2/operations/delete_vpc.h"
#include "ec2/operations/describe_vpc_attribute.h"
#include "ec2/operations/describe_vpcs.h"
#include "ec2/operations/disassociate_vpc_cidr_block.h"
#include "ec2/operations/modify_vpc_attribute.h"
#include "services/ec2/cidr.h"
#include "services/ec2/describe.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/tags.h"
#include "services/ec2/wire.h"

namespace aerolith::ec2 {
namespace {

constexpr size_t kMaxVpcs = 500;
constexpr int kLargestVpcPrefix = 16;
constexpr int kSmallestVpcPrefix = 28;

using VpcFilter = FilterDefinition<VpcRecord>;
constexpr std::array kVpcsFilters{
    VpcFilter{"vpc-id", [](const Lookup&, const VpcRecord& r) -> Result<Strings> { return Strings{r.id}; }},
    VpcFilter{"cidr", [](const Lookup&, const VpcRecord& r) -> Result<Strings> { return Strings{r.cidrs[0].cidr}; }},
    VpcFilter{"cidr-block",
              [](const Lookup&, const VpcRecord& r) -> Result<Strings> { return Strings{r.cidrs[0].cidr}; }},
    VpcFilter{"cidr-block-association.cidr-block",
              [](const Lookup&, const VpcRecord& r) -> Result<Strings> { return blocks_of(r); }},
    VpcFilter{"cidr-block-association.association-id",
              [](const Lookup&, const VpcRecord& r) -> Result<Strings> {
                Strings ids;
                for (const CidrAssociation& each : r.cidrs) ids.push_back(each.id);
                return ids;
              }},
    VpcFilter{"cidr-block-association.state",
              [](const Lookup&, const VpcRecord&) -> Result<Strings> { return Strings{"associated"}; }},
    VpcFilter{"ipv6-cidr-block-association.ipv6-cidr-block",
              [](const Lookup&, const VpcRecord&) -> Result<Strings> { return Strings{}; }},
    VpcFilter{"ipv6-cidr-block-association.association-id",
              [](const Lookup&, const VpcRecord&) -> Result<Strings> { return Strings{}; }},
    VpcFilter{"ipv6-cidr-block-association.ipv6-pool",
              [](const Lookup&, const VpcRecord&) -> Result<Strings> { return Strings{}; }},
    VpcFilter{"ipv6-cidr-block-association.state",
              [](const Lookup&, const VpcRecord&) -> Result<Strings> { return Strings{}; }},
    VpcFilter{"dhcp-options-id",
              [](const Lookup&, const VpcRecord& r) -> Result<Strings> { return Strings{shown_dhcp_options(r)}; }},
    VpcFilter{"is-default",
              [](const Lookup&, const VpcRecord& r) -> Result<Strings> { return Strings{flag(r.is_default)}; }},
    VpcFilter{"isDefault",
              [](const Lookup&, const VpcRecord& r) -> Result<Strings> { return Strings{flag(r.is_default)}; }},
    VpcFilter{"state", [](const Lookup&, const VpcRecord&) -> Result<Strings> { return Strings{"available"}; }},
};

Result<std::string> read_vpc_cidr(const std::optional<std::string>& text) {
  if (!text) return errors::missing_parameter("CidrBlock");
  const auto cidr = parse_cidr(*text);
  if (!cidr) return errors::invalid_value("cidrBlock", *text, "This is not a valid CIDR block.");
  if (cidr->prefix < kLargestVpcPrefix || cidr->prefix > kSmallestVpcPrefix) {
    return errors::of("InvalidVpc.Range", fmt::format("The CIDR '{}' is invalid.", *text));
  }
  return cidr->text();
}

// What there is no IPv6 and no IPAM for.
template <typename Input>
Result<> refuse_unbuilt_vpc(const Input& input) {
  if (input.amazon_provided_ipv6_cidr_block.value_or(false) || input.ipv6_cidr_block || input.ipv6_pool ||
      input.ipv6_netmask_length || input.ipv6_cidr_block_network_border_group) {
    return errors::unsupported("VPCs have IPv4 blocks only.");
  }
  if (input.ipv4_ipam_pool_id || input.ipv6_ipam_pool_id || input.ipv4_netmask_length) {
    return errors::unsupported("There is no IPAM.");
  }
  return {};
}

Result<> check_deletable(metadata::ReadTransaction& txn, const Scope& scope, const VpcRecord& vpc) {
  auto rows = kMembers.scan(txn, metadata::Direction::forward, scope.account, scope.region, vpc.id);
  while (TRY(rows.next())) {
    const std::string& id = std::get<3>(rows.key());
    if (id == vpc.main_route_table || id == vpc.default_group || id == vpc.default_acl) continue;
    return errors::dependency(fmt::format("The vpc '{}' has dependencies and cannot be deleted.", vpc.id));
  }
  return {};
}

}  // namespace

std::string shown_dhcp_options(const VpcRecord& vpc) { return vpc.dhcp_options.empty() ? "default" : vpc.dhcp_options; }

Vpc to_wire(const Scope& scope, const VpcRecord& record, const TagMap& tags) {
  Vpc vpc{.owner_id = scope.account.str(),
          .instance_tenancy = record.tenancy,
          .ipv6_cidr_block_association_set = std::vector<VpcIpv6CidrBlockAssociation>(),
          .cidr_block_association_set = std::vector<VpcCidrBlockAssociation>(),
          .is_default = record.is_default,
          .tags = wire_tags(tags),
          .vpc_id = record.id,
          .state = "available",
          .cidr_block = record.cidrs.front().cidr,
          .dhcp_options_id = shown_dhcp_options(record)};
  for (const CidrAssociation& each : record.cidrs) {
    vpc.cidr_block_association_set->push_back({.association_id = each.id,
                                               .cidr_block = each.cidr,
                                               .cidr_block_state = VpcCidrBlockState{.state = "associated"}});
  }
  return vpc;
}

Result<DescribeVpcsOutput> describe_vpcs(Call& call, const DescribeVpcsInput& input) {
  const auto txn = call.read();
  const auto page = TRY(describe<VpcRecord>(*txn, call.scope, kVpcs, kVpcsFilters,
                                            {input.vpc_ids, input.filters, input.max_results, input.next_token}));
  DescribeVpcsOutput output{.next_token = page.next_token, .vpcs = std::vector<Vpc>()};
  for (const auto& [record, tags] : page.items) output.vpcs->push_back(to_wire(call.scope, record, tags));
  return output;
}

Result<CreateVpcOutput> create_vpc(Call& call, const CreateVpcInput& input) {
  TRY(refuse_unbuilt_vpc(input));
  if (input.vpc_encryption_control) return errors::unsupported("There is no encryption within VPCs.");
  NewVpc wanted{.cidr = TRY(read_vpc_cidr(input.cidr_block)), .tenancy = input.instance_tenancy.value_or("default")};
  if (wanted.tenancy == "host") {
    return errors::of("UnsupportedTenancy", "The tenancy value host is not supported.");
  }
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::vpc));
  step("create-vpc/asked");
  auto vpc = TRY(call.write([&](metadata::Transaction& txn) -> Result<VpcRecord> {
    if (TRY(kVpcs.all(txn, call.scope)).size() >= kMaxVpcs) {
      return errors::of("VpcLimitExceeded", "The maximum number of VPCs has been reached.");
    }
    const auto arrival = TRY(kArrivals.get(txn, {call.scope.account, call.scope.region}));
    NewVpc made = wanted;
    made.dhcp_options = arrival ? arrival->dhcp_options : std::string();
    VpcRecord record = make_vpc(txn, call.scope, made);
    put_tags(txn, call.scope, record.id, tags);
    return record;
  }));
  step("create-vpc/committed");
  if (!call.dry_run) call.settle_vpc(vpc.id);
  step("create-vpc/told");
  CreateVpcOutput output{.vpc = to_wire(call.scope, vpc, tags)};
  output.vpc->state = "pending";  // as EC2 has it for a moment
  return output;
}

Result<CreateDefaultVpcOutput> create_default_vpc(Call& call, const CreateDefaultVpcInput&) {
  auto vpc = TRY(call.write([&](metadata::Transaction& txn) -> Result<VpcRecord> {
    if (TRY(find_default_vpc(txn, call.scope))) {
      return errors::of("DefaultVpcAlreadyExists", "A Default VPC already exists for this account in this region.");
    }
    const auto arrival = TRY(kArrivals.get(txn, {call.scope.account, call.scope.region}));
    return make_default_vpc(txn, call.scope, arrival ? arrival->dhcp_options : std::string());
  }));
  if (!call.dry_run) call.settle_vpc(vpc.id);
  CreateDefaultVpcOutput output{.vpc = to_wire(call.scope, vpc, {})};
  output.vpc->state = "pending";
  return output;
}

Result<NoOutput> delete_vpc(Call& call, const DeleteVpcInput& input) {
  step("delete-vpc/asked");
  std::vector<PeeringSide> peers;
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    peers.clear();
    const VpcRecord vpc = TRY(kVpcs.get(txn, call.scope, input.vpc_id));
    TRY(check_deletable(txn, call.scope, vpc));
    for (PeeringRecord& peering : TRY(peerings_of(txn, call.scope, vpc.id))) {
      if (peering.status != "active" && !peering.is_pending(call.context.now)) continue;
      peers.push_back(other_side(peering, vpc.id));
      end_peering(peering, {.status = "deleted", .account = call.scope.account.str(), .at = call.context.now});
      put_peering(txn, call.scope, peering);
    }
    const RouteTableRecord table = TRY(kRouteTables.get(txn, call.scope, vpc.main_route_table));
    for (const auto& each : table.associations) erase_part(txn, call.scope, each.id);
    kRouteTables.erase(txn, call.scope, table);
    const GroupRecord group = TRY(kGroups.get(txn, call.scope, vpc.default_group));
    for (const RuleRecord& rule : group.rules) erase_part(txn, call.scope, rule.id);
    kNames.erase(txn, {call.scope.account, call.scope.region, "security-group/" + vpc.id + "/default"});
    kGroups.erase(txn, call.scope, group);
    kAcls.erase(txn, call.scope, TRY(kAcls.get(txn, call.scope, vpc.default_acl)));
    for (const CidrAssociation& each : vpc.cidrs) erase_part(txn, call.scope, each.id);
    kVpcs.erase(txn, call.scope, vpc);
    return {};
  }));
  step("delete-vpc/committed");
  if (!call.dry_run) {
    call.settle_vpc(*input.vpc_id);
    for (const PeeringSide& peer : peers) {
      call.cloud.vpc_changed({.account = AccountId(peer.account), .region = call.scope.region}, peer.vpc);
    }
  }
  return NoOutput{};
}

Result<AssociateVpcCidrBlockOutput> associate_vpc_cidr_block(Call& call, const AssociateVpcCidrBlockInput& input) {
  constexpr size_t kMaxCidrs = 5;
  TRY(refuse_unbuilt_vpc(input));
  const std::string cidr = TRY(read_vpc_cidr(input.cidr_block));
  const auto association = TRY(call.write([&](metadata::Transaction& txn) -> Result<CidrAssociation> {
    VpcRecord vpc = TRY(kVpcs.get(txn, call.scope, input.vpc_id));
    if (vpc.cidrs.size() >= kMaxCidrs) {
      return errors::of(
          "CidrLimitExceeded",
          fmt::format("This network {} has met its maximum number of allowed CIDRs: {}", vpc.id, kMaxCidrs));
    }
    for (const CidrAssociation& each : vpc.cidrs) {
      if (parse_cidr(each.cidr)->overlaps(*parse_cidr(cidr))) {
        return errors::of("InvalidVpc.Range", fmt::format("The CIDR '{}' conflicts with one of the VPC's own.", cidr));
      }
    }
    vpc.cidrs.push_back({.id = make_part_id("vpc-cidr-assoc-"), .cidr = cidr});
    put_part(txn, call.scope, vpc.cidrs.back().id, vpc.id);
    kVpcs.put(txn, call.scope, vpc);
    TRY(follow_blocks(txn, call.scope, vpc, cidr, call.context.now));
    return vpc.cidrs.back();
  }));
  call.cloud.vpc_changed(call.scope, *input.vpc_id);
  settle_all_peers(call.cloud, call.scope, *input.vpc_id);
  return AssociateVpcCidrBlockOutput{
      .cidr_block_association = VpcCidrBlockAssociation{.association_id = association.id,
                                                        .cidr_block = association.cidr,
                                                        .cidr_block_state = VpcCidrBlockState{.state = "associating"}},
      .vpc_id = input.vpc_id};
}

Result<DisassociateVpcCidrBlockOutput> disassociate_vpc_cidr_block(Call& call,
                                                                   const DisassociateVpcCidrBlockInput& input) {
  const std::string& id = *input.association_id;
  CidrAssociation removed;
  const auto vpc_id = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    const auto owner = TRY(owner_of_part(txn, call.scope, id));
    if (!owner || !id.starts_with("vpc-cidr-assoc-")) {
      return errors::of("InvalidVpcCidrBlockAssociationID.NotFound",
                        fmt::format("The vpc CIDR block association ID '{}' does not exist", id));
    }
    VpcRecord vpc = TRY(kVpcs.get(txn, call.scope, *owner));
    if (vpc.cidrs.front().id == id) {
      return errors::not_permitted(
          fmt::format("The vpc CIDR block with association ID {} may not be disassociated. It is the primary IPv4 CIDR "
                      "block of the VPC",
                      id));
    }
    const auto found = std::ranges::find(vpc.cidrs, id, &CidrAssociation::id);
    removed = *found;
    for (const SubnetRecord& subnet : TRY(kSubnets.in_vpc(txn, call.scope, vpc.id))) {
      if (parse_cidr(removed.cidr)->contains(*parse_cidr(subnet.cidr))) {
        return errors::of(
            "DependencyViolation",
            fmt::format("The vpc CIDR block '{}' has dependencies and cannot be disassociated.", removed.cidr));
      }
    }
    vpc.cidrs.erase(found);
    erase_part(txn, call.scope, id);
    kVpcs.put(txn, call.scope, vpc);
    TRY(follow_blocks(txn, call.scope, vpc, "", call.context.now));
    return vpc.id;
  }));
  call.cloud.vpc_changed(call.scope, vpc_id);
  settle_all_peers(call.cloud, call.scope, vpc_id);
  return DisassociateVpcCidrBlockOutput{
      .cidr_block_association =
          VpcCidrBlockAssociation{.association_id = removed.id,
                                  .cidr_block = removed.cidr,
                                  .cidr_block_state = VpcCidrBlockState{.state = "disassociating"}},
      .vpc_id = vpc_id};
}

Result<NoOutput> modify_vpc_attribute(Call& call, const ModifyVpcAttributeInput& input) {
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    VpcRecord vpc = TRY(kVpcs.get(txn, call.scope, input.vpc_id));
    const int given = int{input.enable_dns_hostnames.has_value()} + int{input.enable_dns_support.has_value()} +
                      int{input.enable_network_address_usage_metrics.has_value()};
    if (given == 0) return errors::missing_parameter("attribute");
    if (given > 1) return errors::invalid_combination("Only one attribute can be modified at a time");
    if (input.enable_dns_hostnames) vpc.dns_hostnames = input.enable_dns_hostnames->value.value_or(false);
    if (input.enable_dns_support) vpc.dns_support = input.enable_dns_support->value.value_or(false);
    if (input.enable_network_address_usage_metrics) {
      vpc.usage_metrics = input.enable_network_address_usage_metrics->value.value_or(false);
    }
    kVpcs.put(txn, call.scope, vpc);
    return {};
  }));
  call.settle_vpc(*input.vpc_id);
  return NoOutput{};
}

Result<DescribeVpcAttributeOutput> describe_vpc_attribute(Call& call, const DescribeVpcAttributeInput& input) {
  const auto txn = call.read();
  const VpcRecord vpc = TRY(kVpcs.get(*txn, call.scope, input.vpc_id));
  DescribeVpcAttributeOutput output{.vpc_id = vpc.id};
  if (*input.attribute == "enableDnsSupport") output.enable_dns_support = AttributeBooleanValue{vpc.dns_support};
  if (*input.attribute == "enableDnsHostnames") output.enable_dns_hostnames = AttributeBooleanValue{vpc.dns_hostnames};
  if (*input.attribute == "enableNetworkAddressUsageMetrics") {
    output.enable_network_address_usage_metrics = AttributeBooleanValue{vpc.usage_metrics};
  }
  return output;
}

}  // namespace aerolith::ec2
