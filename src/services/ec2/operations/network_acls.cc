#include <fmt/format.h>

#include <array>
#include <charconv>

#include "base/encoding.h"
#include "ec2/model/cidr_block.h"
#include "ec2/model/ipv6_cidr_block.h"
#include "ec2/operations/create_network_acl.h"
#include "ec2/operations/create_network_acl_entry.h"
#include "ec2/operations/delete_network_acl.h"
#include "ec2/operations/delete_network_acl_entry.h"
#include "ec2/operations/describe_network_acls.h"
#include "ec2/operations/replace_network_acl_association.h"
#include "ec2/operations/replace_network_acl_entry.h"
#include "services/ec2/cidr.h"
#include "services/ec2/describe.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/tags.h"
#include "services/ec2/tokens.h"
#include "services/ec2/wire.h"

namespace aerolith::ec2 {
namespace {

constexpr int32_t kLastResort = 32767;  // the rule that denies the rest, shown and never stored
constexpr int32_t kMaxNumber = 32766;
constexpr size_t kMaxAclEntries = 40;  // each way
constexpr size_t kMaxAcls = 200;

template <typename Project>
Result<Strings> each_entry(const AclRecord& record, Project project) {
  Strings result;
  for (const AclEntryRecord& each : record.entries) result.push_back(project(each));
  return result;
}

bool has_ports(int32_t protocol) { return protocol == 6 || protocol == 17; }
bool is_icmp(int32_t protocol) { return protocol == 1 || protocol == 58; }

template <auto project>
Result<Strings> of_icmp(const Lookup&, const AclRecord& record) {
  Strings result;
  for (const AclEntryRecord& each : record.entries) {
    if (is_icmp(each.protocol)) result.push_back(std::to_string(each.*project));
  }
  return result;
}

using AclFilter = FilterDefinition<AclRecord>;
constexpr std::array kAclFilters{
    AclFilter{"network-acl-id", [](const Lookup&, const AclRecord& r) -> Result<Strings> { return Strings{r.id}; }},
    AclFilter{"vpc-id", [](const Lookup&, const AclRecord& r) -> Result<Strings> { return Strings{r.vpc}; }},
    AclFilter{"default",
              [](const Lookup&, const AclRecord& r) -> Result<Strings> { return Strings{flag(r.is_default)}; }},
    AclFilter{"association.association-id",
              [](const Lookup&, const AclRecord& r) -> Result<Strings> {
                Strings result;
                for (const auto& each : r.associations) result.push_back(each.id);
                return result;
              }},
    AclFilter{"association.network-acl-id",
              [](const Lookup&, const AclRecord& r) -> Result<Strings> {
                return r.associations.empty() ? Strings() : Strings{r.id};
              }},
    AclFilter{"association.subnet-id",
              [](const Lookup&, const AclRecord& r) -> Result<Strings> {
                Strings result;
                for (const auto& each : r.associations) result.push_back(each.subnet);
                return result;
              }},
    AclFilter{"entry.cidr",
              [](const Lookup&, const AclRecord& r) { return each_entry(r, [](const auto& e) { return e.cidr_v4; }); }},
    AclFilter{"entry.ipv6-cidr",
              [](const Lookup&, const AclRecord& r) { return each_entry(r, [](const auto& e) { return e.cidr_v6; }); }},
    AclFilter{
        "entry.egress",
        [](const Lookup&, const AclRecord& r) { return each_entry(r, [](const auto& e) { return flag(e.egress); }); }},
    AclFilter{"entry.protocol",
              [](const Lookup&, const AclRecord& r) {
                return each_entry(r, [](const auto& e) { return std::to_string(e.protocol); });
              }},
    AclFilter{"entry.icmp.code", &of_icmp<&AclEntryRecord::to_port>},
    AclFilter{"entry.icmp.type", &of_icmp<&AclEntryRecord::from_port>},
    AclFilter{"entry.rule-action",
              [](const Lookup&, const AclRecord& r) {
                return each_entry(r, [](const auto& e) { return std::string(e.allows ? "allow" : "deny"); });
              }},
    AclFilter{"entry.rule-number",
              [](const Lookup&, const AclRecord& r) {
                return each_entry(r, [](const auto& e) { return std::to_string(e.number); });
              }},
    AclFilter{"entry.port-range.from",
              [](const Lookup&, const AclRecord& r) {
                return each_entry(r, [](const auto& e) { return std::to_string(e.from_port); });
              }},
    AclFilter{"entry.port-range.to",
              [](const Lookup&, const AclRecord& r) {
                return each_entry(r, [](const auto& e) { return std::to_string(e.to_port); });
              }},
};

NetworkAclEntry to_wire(const AclEntryRecord& record) {
  NetworkAclEntry entry{.egress = record.egress,
                        .protocol = std::to_string(record.protocol),
                        .rule_action = record.allows ? "allow" : "deny",
                        .rule_number = record.number};
  if (!record.cidr_v4.empty()) entry.cidr_block = record.cidr_v4;
  if (!record.cidr_v6.empty()) entry.ipv6_cidr_block = record.cidr_v6;
  if (has_ports(record.protocol)) entry.port_range = PortRange{.from = record.from_port, .to = record.to_port};
  if (is_icmp(record.protocol)) entry.icmp_type_code = IcmpTypeCode{.code = record.to_port, .type = record.from_port};
  return entry;
}

Result<int32_t> read_protocol(const std::string& text) {
  constexpr std::pair<std::string_view, int32_t> kNames[] = {
      {"tcp", 6}, {"udp", 17}, {"icmp", 1}, {"icmpv6", 58}, {"all", -1}};
  for (const auto& [name, number] : kNames) {
    if (to_lower(text) == name) return number;
  }
  int32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= -1 && number <= 255) return number;
  return errors::invalid_parameter(fmt::format("Invalid value '{}' for IP protocol. Unknown protocol.", text));
}

// CreateNetworkAclEntry and ReplaceNetworkAclEntry say it alike.
template <typename Input>
Result<AclEntryRecord> read_entry(const Input& input) {
  AclEntryRecord entry{.number = *input.rule_number, .egress = *input.egress};
  if (entry.number < 1 || entry.number > kMaxNumber) {
    return errors::invalid_value("ruleNumber", std::to_string(entry.number), "Rule numbers are from 1 to 32766.");
  }
  entry.allows = *input.rule_action == "allow";
  entry.protocol = TRY(read_protocol(*input.protocol));
  if (input.cidr_block.has_value() == input.ipv6_cidr_block.has_value()) {
    return errors::of("MissingParameter", "Either 'CidrBlock' or 'Ipv6CidrBlock' must be provided.");
  }
  if (input.cidr_block) {
    const auto cidr = parse_cidr(*input.cidr_block);
    if (!cidr) return errors::invalid_value("cidrBlock", *input.cidr_block, "This is not a valid CIDR block.");
    entry.cidr_v4 = cidr->text();
  } else {
    const auto cidr = normalize_ipv6_cidr(*input.ipv6_cidr_block);
    if (!cidr) return errors::invalid_value("ipv6CidrBlock", *input.ipv6_cidr_block, "This is not a valid CIDR block.");
    entry.cidr_v6 = *cidr;
  }
  if (has_ports(entry.protocol)) {
    if (!input.port_range || !input.port_range->from || !input.port_range->to) {
      return errors::missing_parameter("portRange");
    }
    entry.from_port = *input.port_range->from;
    entry.to_port = *input.port_range->to;
    const bool valid = entry.from_port >= 0 && entry.from_port <= entry.to_port && entry.to_port <= 65535;
    if (!valid) {
      return errors::invalid_parameter(fmt::format("Invalid port range: {}-{}", entry.from_port, entry.to_port));
    }
  } else if (is_icmp(entry.protocol)) {
    if (!input.icmp_type_code) return errors::missing_parameter("icmpTypeCode");
    entry.from_port = input.icmp_type_code->type.value_or(-1);
    entry.to_port = input.icmp_type_code->code.value_or(-1);
  }
  return entry;
}

auto find_entry(AclRecord& acl, int32_t number, bool egress) {
  return std::ranges::find_if(acl.entries,
                              [&](const AclEntryRecord& e) { return e.number == number && e.egress == egress; });
}

std::unexpected<CallError> no_entry(const AclRecord& acl, int32_t number, bool egress) {
  return errors::of("InvalidNetworkAclEntry.NotFound",
                    fmt::format("The specified {} entry with rule number {} does not exist in network ACL '{}'",
                                egress ? "egress" : "ingress", number, acl.id));
}

}  // namespace

NetworkAcl to_wire(const Scope& scope, const AclRecord& record, const TagMap& tags) {
  NetworkAcl acl{.associations = std::vector<NetworkAclAssociation>(),
                 .entries = std::vector<NetworkAclEntry>(),
                 .is_default = record.is_default,
                 .network_acl_id = record.id,
                 .tags = wire_tags(tags),
                 .vpc_id = record.vpc,
                 .owner_id = scope.account.str()};
  for (const auto& each : record.associations) {
    acl.associations->push_back(
        {.network_acl_association_id = each.id, .network_acl_id = record.id, .subnet_id = each.subnet});
  }
  for (const bool egress : {true, false}) {
    for (const AclEntryRecord& each : record.entries) {
      if (each.egress == egress) acl.entries->push_back(to_wire(each));
    }
    acl.entries->push_back(to_wire(AclEntryRecord{.number = kLastResort, .egress = egress, .cidr_v4 = "0.0.0.0/0"}));
  }
  return acl;
}

Result<DescribeNetworkAclsOutput> describe_network_acls(Call& call, const DescribeNetworkAclsInput& input) {
  const auto txn = call.read();
  const auto page =
      TRY(describe<AclRecord>(*txn, call.scope, kAcls, kAclFilters,
                              {input.network_acl_ids, input.filters, input.max_results, input.next_token}));
  DescribeNetworkAclsOutput output{.network_acls = std::vector<NetworkAcl>(), .next_token = page.next_token};
  for (const auto& [record, tags] : page.items) output.network_acls->push_back(to_wire(call.scope, record, tags));
  return output;
}

Result<CreateNetworkAclOutput> create_network_acl(Call& call, const CreateNetworkAclInput& input) {
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::network_acl));
  auto acl = TRY(call.write([&](metadata::Transaction& txn) -> Result<AclRecord> {
    if (const auto made = TRY(find_made(txn, call, input.client_token))) return kAcls.get(txn, call.scope, *made);
    const VpcRecord vpc = TRY(kVpcs.get(txn, call.scope, input.vpc_id));
    if (TRY(members_of(txn, call.scope, vpc.id, Kind::network_acl)).size() >= kMaxAcls) {
      return errors::of("NetworkAclLimitExceeded", "The maximum number of network ACLs has been reached.");
    }
    AclRecord record{.id = make_id(Kind::network_acl), .vpc = vpc.id};
    kAcls.put(txn, call.scope, record);
    put_tags(txn, call.scope, record.id, tags);
    remember_made(txn, call, input.client_token, record.id);
    return record;
  }));
  return CreateNetworkAclOutput{.network_acl = to_wire(call.scope, acl, tags), .client_token = input.client_token};
}

Result<NoOutput> delete_network_acl(Call& call, const DeleteNetworkAclInput& input) {
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    const AclRecord acl = TRY(kAcls.get(txn, call.scope, input.network_acl_id));
    if (acl.is_default) return errors::invalid_parameter(fmt::format("cannot delete default network ACL {}", acl.id));
    if (!acl.associations.empty()) {
      return errors::dependency(fmt::format("The networkAcl '{}' has dependencies and cannot be deleted.", acl.id));
    }
    kAcls.erase(txn, call.scope, acl);
    return {};
  }));
  return NoOutput{};
}

Result<NoOutput> create_network_acl_entry(Call& call, const CreateNetworkAclEntryInput& input) {
  const AclEntryRecord entry = TRY(read_entry(input));
  auto vpc = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    AclRecord acl = TRY(kAcls.get(txn, call.scope, input.network_acl_id));
    if (find_entry(acl, entry.number, entry.egress) != acl.entries.end()) {
      return errors::of("NetworkAclEntryAlreadyExists",
                        fmt::format("The network acl entry identified by {} already exists.", entry.number));
    }
    const auto same_way = std::ranges::count(acl.entries, entry.egress, &AclEntryRecord::egress);
    if (static_cast<size_t>(same_way) >= kMaxAclEntries) {
      return errors::of("NetworkAclEntryLimitExceeded", "The maximum number of network ACL entries has been reached.");
    }
    acl.entries.push_back(entry);
    std::ranges::sort(acl.entries, {}, [](const auto& each) { return std::pair(each.egress, each.number); });
    kAcls.put(txn, call.scope, acl);
    return acl.vpc;
  }));
  call.settle_vpc(vpc);
  return NoOutput{};
}

Result<NoOutput> replace_network_acl_entry(Call& call, const ReplaceNetworkAclEntryInput& input) {
  const AclEntryRecord entry = TRY(read_entry(input));
  auto vpc = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    AclRecord acl = TRY(kAcls.get(txn, call.scope, input.network_acl_id));
    const auto found = find_entry(acl, entry.number, entry.egress);
    if (found == acl.entries.end()) return no_entry(acl, entry.number, entry.egress);
    *found = entry;
    kAcls.put(txn, call.scope, acl);
    return acl.vpc;
  }));
  call.settle_vpc(vpc);
  return NoOutput{};
}

Result<NoOutput> delete_network_acl_entry(Call& call, const DeleteNetworkAclEntryInput& input) {
  auto vpc = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    AclRecord acl = TRY(kAcls.get(txn, call.scope, input.network_acl_id));
    const auto found = find_entry(acl, *input.rule_number, *input.egress);
    if (found == acl.entries.end()) return no_entry(acl, *input.rule_number, *input.egress);
    acl.entries.erase(found);
    kAcls.put(txn, call.scope, acl);
    return acl.vpc;
  }));
  call.settle_vpc(vpc);
  return NoOutput{};
}

Result<ReplaceNetworkAclAssociationOutput> replace_network_acl_association(
    Call& call, const ReplaceNetworkAclAssociationInput& input) {
  const std::string& old = *input.association_id;
  std::string vpc;
  auto id = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    const auto owner = TRY(owner_of_part(txn, call.scope, old));
    if (!owner || !old.starts_with("aclassoc-")) {
      return errors::of("InvalidAssociationID.NotFound", fmt::format("The association ID '{}' does not exist", old));
    }
    AclRecord from = TRY(kAcls.get(txn, call.scope, *owner));
    AclRecord to = TRY(kAcls.get(txn, call.scope, input.network_acl_id));
    if (from.vpc != to.vpc) {
      return errors::invalid_parameter(
          fmt::format("network ACL {} and association {} belong to different networks", to.id, old));
    }
    vpc = to.vpc;
    const auto found = std::ranges::find(from.associations, old, &AclAssociationRecord::id);
    const AclAssociationRecord made{.id = make_part_id("aclassoc-"), .subnet = found->subnet};
    AclRecord& target = from.id == to.id ? from : to;
    from.associations.erase(found);
    erase_part(txn, call.scope, old);
    target.associations.push_back(made);
    put_part(txn, call.scope, made.id, target.id);
    kAcls.put(txn, call.scope, from);
    if (from.id != to.id) kAcls.put(txn, call.scope, to);
    return made.id;
  }));
  call.settle_vpc(vpc);
  return ReplaceNetworkAclAssociationOutput{.new_association_id = std::move(id)};
}

}  // namespace aerolith::ec2
