#include "services/ec2/vpcs.h"

#include <utility>

#include "services/ec2/cidr.h"
#include "services/ec2/zones.h"

namespace aerolith::ec2 {
namespace {

constexpr std::string_view kDefaultCidr = "172.31.0.0/16";
constexpr int kDefaultSubnetPrefix = 20;

std::string make_dhcp_options(metadata::Transaction& txn, const Scope& scope) {
  DhcpOptionsRecord options{.id = make_id(Kind::dhcp_options)};
  options.options = {{.key = "domain-name", .values = {private_domain(scope.region)}},
                     {.key = "domain-name-servers", .values = {"AmazonProvidedDNS"}}};
  kDhcpOptions.put(txn, scope, options);
  return options.id;
}

std::string make_main_route_table(metadata::Transaction& txn, const Scope& scope, const std::string& vpc) {
  RouteTableRecord table{.id = make_id(Kind::route_table), .vpc = vpc};
  table.associations.push_back({.id = make_part_id("rtbassoc-")});
  put_part(txn, scope, table.associations.front().id, table.id);
  kRouteTables.put(txn, scope, table);
  return table.id;
}

std::string make_default_group(metadata::Transaction& txn, const Scope& scope, const std::string& vpc) {
  GroupRecord group{
      .id = make_id(Kind::security_group), .vpc = vpc, .name = "default", .description = "default VPC security group"};
  group.rules.push_back(
      {.id = make_id(Kind::security_group_rule), .group = group.id, .group_account = scope.account.str()});
  group.rules.push_back({.id = make_id(Kind::security_group_rule), .egress = true, .cidr_v4 = "0.0.0.0/0"});
  for (const RuleRecord& rule : group.rules) put_part(txn, scope, rule.id, group.id);
  kNames.put(txn, {scope.account, scope.region, "security-group/" + vpc + "/default"}, {.owner = group.id});
  kGroups.put(txn, scope, group);
  return group.id;
}

std::string make_default_acl(metadata::Transaction& txn, const Scope& scope, const std::string& vpc) {
  AclRecord acl{.id = make_id(Kind::network_acl), .vpc = vpc, .is_default = true};
  for (const bool egress : {false, true}) {
    acl.entries.push_back({.number = 100, .egress = egress, .allows = true, .cidr_v4 = "0.0.0.0/0"});
  }
  kAcls.put(txn, scope, acl);
  return acl.id;
}

}  // namespace

VpcRecord make_vpc(metadata::Transaction& txn, const Scope& scope, const NewVpc& wanted) {
  VpcRecord vpc{.id = make_id(Kind::vpc), .dhcp_options = wanted.dhcp_options, .tenancy = wanted.tenancy};
  vpc.is_default = wanted.is_default;
  vpc.dns_hostnames = wanted.is_default;
  vpc.cidrs.push_back({.id = make_part_id("vpc-cidr-assoc-"), .cidr = wanted.cidr});
  put_part(txn, scope, vpc.cidrs.front().id, vpc.id);
  vpc.main_route_table = make_main_route_table(txn, scope, vpc.id);
  vpc.default_group = make_default_group(txn, scope, vpc.id);
  vpc.default_acl = make_default_acl(txn, scope, vpc.id);
  kVpcs.put(txn, scope, vpc);
  return vpc;
}

Result<> put_subnet(metadata::Transaction& txn, const Scope& scope, const VpcRecord& vpc, const SubnetRecord& subnet) {
  auto acl = TRY(kAcls.get(txn, scope, vpc.default_acl));
  acl.associations.push_back({.id = make_part_id("aclassoc-"), .subnet = subnet.id});
  put_part(txn, scope, acl.associations.back().id, acl.id);
  kAcls.put(txn, scope, acl);
  kSubnets.put(txn, scope, subnet);
  return {};
}

VpcRecord make_default_vpc(metadata::Transaction& txn, const Scope& scope, const std::string& dhcp_options) {
  VpcRecord vpc =
      make_vpc(txn, scope, {.cidr = std::string(kDefaultCidr), .dhcp_options = dhcp_options, .is_default = true});
  Cidr cidr = parse_cidr(kDefaultCidr).value_or(Cidr());
  cidr.prefix = kDefaultSubnetPrefix;
  for (const Zone& zone : zones_of(scope.region)) {
    SubnetRecord subnet{.id = make_id(Kind::subnet), .vpc = vpc.id, .cidr = cidr.text(), .zone = zone.name};
    subnet.is_default = true;
    subnet.maps_public_ip = true;
    // The ACL was written in this transaction: it is there.
    (void)put_subnet(txn, scope, vpc, subnet);
    cidr.base += static_cast<Ipv4>(cidr.size());
  }
  const InternetGatewayRecord gateway{.id = make_id(Kind::internet_gateway), .vpc = vpc.id};
  kInternetGateways.put(txn, scope, gateway);
  auto table = kRouteTables.get(txn, scope, vpc.main_route_table);
  if (table.has_value()) {
    table->routes.push_back({.destination = "0.0.0.0/0", .kind = TargetKind::internet_gateway, .target = gateway.id});
    kRouteTables.put(txn, scope, *table);
  }
  return vpc;
}

Result<> arrive(const Cloud& cloud, const Scope& scope, Timestamp now) {
  if (cloud.arrivals.contains(scope)) return {};
  std::string made;
  TRY(metadata::run_transaction(cloud.metadata, [&](metadata::Transaction& txn) -> Result<> {
    made.clear();
    if (TRY(kArrivals.contains(txn, {scope.account, scope.region}))) return {};
    const std::string dhcp_options = make_dhcp_options(txn, scope);
    kArrivals.put(txn, {scope.account, scope.region}, {.at = now, .dhcp_options = dhcp_options});
    made = make_default_vpc(txn, scope, dhcp_options).id;
    return {};
  }));
  cloud.arrivals.add(scope);
  if (!made.empty()) cloud.vpc_changed(scope, made);
  return {};
}

Result<bool> has_public_names(metadata::ReadTransaction& txn, const Scope& scope, const std::string& vpc) {
  const auto record = TRY(kVpcs.find(txn, scope, vpc));
  return record && record->names_public_addresses();
}

Result<std::optional<VpcRecord>> find_default_vpc(metadata::ReadTransaction& txn, const Scope& scope) {
  for (VpcRecord& vpc : TRY(kVpcs.all(txn, scope))) {
    if (vpc.is_default) return std::optional(std::move(vpc));
  }
  return std::optional<VpcRecord>();
}

Result<VpcRecord> vpc_or_default(metadata::ReadTransaction& txn, const Scope& scope,
                                 const std::optional<std::string>& id) {
  if (id && !id->empty()) return kVpcs.get(txn, scope, *id);
  auto found = TRY(find_default_vpc(txn, scope));
  if (!found) return errors::of("VPCIdNotSpecified", "No default VPC for this user.");
  return *std::move(found);
}

}  // namespace aerolith::ec2
