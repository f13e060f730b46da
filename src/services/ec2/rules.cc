#include "services/ec2/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "ec2/model/ip_permission.h"
#include "ec2/model/security_group_rule.h"
#include "ec2/model/security_group_rule_request.h"
#include "services/ec2/cidr.h"
#include "services/ec2/prefix_lists.h"

namespace aerolith::ec2 {
namespace {

constexpr int32_t kMaxPort = 65535;
constexpr int32_t kMaxProtocol = 255;
constexpr std::pair<std::string_view, std::string_view> kProtocols[] = {
    {"6", "tcp"}, {"17", "udp"}, {"1", "icmp"}, {"58", "icmpv6"}, {"all", "-1"}};

Result<std::string> read_protocol(const std::optional<std::string>& text) {
  if (!text) {
    return errors::invalid_parameter(
        "Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly.");
  }
  const std::string asked = to_lower(*text);
  for (const auto& [number, name] : kProtocols) {
    if (asked == number || asked == name) return std::string(name);
  }
  int32_t number = 0;
  const auto [end, error] = std::from_chars(asked.data(), asked.data() + asked.size(), number);
  const bool is_number = error == std::errc() && end == asked.data() + asked.size();
  if (is_number && number >= 0 && number <= kMaxProtocol) return std::to_string(number);
  return errors::invalid_parameter(fmt::format("Invalid value '{}' for IP protocol. Unknown protocol.", *text));
}

struct Ports {
  int32_t from = -1;
  int32_t to = -1;
};

Result<Ports> read_ports(const std::string& protocol, std::optional<int32_t> from, std::optional<int32_t> to) {
  if (protocol == "tcp" || protocol == "udp") {
    if (!from || !to) {
      return errors::invalid_parameter(
          "Invalid value 'Must specify both from and to ports with TCP/UDP.' for "
          "portRange.");
    }
    for (const int32_t port : {*from, *to}) {
      if (port < 0 || port > kMaxPort) {
        return errors::invalid_parameter(
            fmt::format("Invalid value '{}' for portRange. Must be between 0 and 65535.", port));
      }
    }
    if (*from > *to) {
      return errors::invalid_parameter(fmt::format("Invalid {} port range", protocol == "tcp" ? "TCP" : "UDP"));
    }
    return Ports{*from, *to};
  }
  if (protocol == "icmp" || protocol == "icmpv6") {
    const Ports ports{from.value_or(-1), to.value_or(-1)};
    const auto is_type = [](int32_t value) { return value >= -1 && value <= 255; };
    if (!is_type(ports.from) || !is_type(ports.to)) {
      return errors::invalid_parameter(
          fmt::format("ICMP type ({}) or code ({}) is out of range", ports.from, ports.to));
    }
    return ports;
  }
  // Of other protocols all ports are open, whatever was given.
  return Ports{};
}

Result<> check_description(const std::optional<std::string>& description) {
  constexpr size_t kMaxLength = 255;
  constexpr std::string_view kAllowed = " ._-:/()#,@[]+=&;{}!$*";
  if (!description) return {};
  const bool fine = std::ranges::all_of(*description, [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || kAllowed.find(c) != std::string_view::npos;
  });
  if (fine && description->size() <= kMaxLength) return {};
  return errors::invalid_parameter(
      "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  "
      "a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*");
}

Result<std::string> read_v4(const std::string& text) {
  const auto cidr = parse_cidr(text);
  if (!cidr) return errors::invalid_parameter(fmt::format("CIDR block {} is malformed", text));
  return cidr->text();
}

Result<std::string> read_v6(const std::string& text) {
  auto cidr = normalize_ipv6_cidr(text);
  if (!cidr) return errors::invalid_parameter(fmt::format("CIDR block {} is malformed", text));
  return *std::move(cidr);
}

// A group of this VPC, or of one that is peered with it.
Result<void> read_group(const RuleContext& context, const UserIdGroupPair& pair, RuleRecord& rule) {
  rule.group_account = pair.user_id.value_or(context.scope.account.str());
  if (pair.group_id) {
    const Scope owner{.account = AccountId(rule.group_account), .region = context.scope.region};
    const GroupRecord found = TRY(kGroups.get(context.txn, owner, *pair.group_id));
    rule.group = found.id;
    if (found.vpc == context.group.vpc) return {};
    for (const PeeringRecord& peering : TRY(kPeerings.all(context.txn, context.scope))) {
      const auto& [one, other] = std::pair(peering.requester.vpc, peering.accepter.vpc);
      const bool joins =
          (one == context.group.vpc && other == found.vpc) || (other == context.group.vpc && one == found.vpc);
      if (joins && peering.status == "active") return {};
    }
    return errors::of("InvalidGroup.NotFound", fmt::format("You have specified two resources that belong to different "
                                                           "networks: {} and {}.",
                                                           context.group.id, found.id));
  }
  if (!pair.group_name) return errors::missing_parameter("groupId");
  for (const GroupRecord& found : TRY(kGroups.in_vpc(context.txn, context.scope, context.group.vpc))) {
    if (found.name != *pair.group_name) continue;
    rule.group = found.id;
    return {};
  }
  return errors::not_found(Kind::security_group, *pair.group_name);
}

std::string shown_protocol(const std::string& protocol) {
  if (protocol == "-1") return "ALL";
  std::string result = protocol;
  std::ranges::transform(result, result.begin(), [](char c) { return static_cast<char>(std::toupper(c)); });
  return result;
}

std::string peer_of(const RuleRecord& rule) {
  for (const std::string* peer : {&rule.cidr_v4, &rule.cidr_v6, &rule.prefix_list}) {
    if (!peer->empty()) return *peer;
  }
  return rule.group;
}

}  // namespace

Result<Rules> read_permissions(const RuleContext& context, const std::vector<IpPermission>& permissions) {
  Rules result;
  for (const IpPermission& permission : permissions) {
    RuleRecord base{.egress = context.way == Way::out, .protocol = TRY(read_protocol(permission.ip_protocol))};
    const Ports ports = TRY(read_ports(base.protocol, permission.from_port, permission.to_port));
    base.from_port = ports.from;
    base.to_port = ports.to;
    const size_t before = result.size();
    const auto add = [&](const std::optional<std::string>& description) -> Result<RuleRecord*> {
      TRY(check_description(description));
      result.push_back(base);
      result.back().description = description;
      return &result.back();
    };
    for (const IpRange& range : permission.ip_ranges.value_or(std::vector<IpRange>())) {
      TRY(add(range.description))->cidr_v4 = TRY(read_v4(range.cidr_ip.value_or("")));
    }
    for (const Ipv6Range& range : permission.ipv6_ranges.value_or(std::vector<Ipv6Range>())) {
      TRY(add(range.description))->cidr_v6 = TRY(read_v6(range.cidr_ipv6.value_or("")));
    }
    for (const PrefixListId& list : permission.prefix_list_ids.value_or(std::vector<PrefixListId>())) {
      const std::string& id = list.prefix_list_id.value_or("");
      TRY(add(list.description))->prefix_list = TRY(get_prefix_list(context.txn, context.cloud, context.scope, id)).id;
    }
    for (const UserIdGroupPair& pair : permission.user_id_group_pairs.value_or(std::vector<UserIdGroupPair>())) {
      TRY(read_group(context, pair, *TRY(add(pair.description))));
    }
    if (result.size() == before) {
      return errors::of("InvalidRequest",
                        "Missing source specification: include source security group or CIDR information");
    }
  }
  return result;
}

Result<RuleRecord> read_rule(const RuleContext& context, const SecurityGroupRuleRequest& request) {
  IpPermission permission{
      .ip_protocol = request.ip_protocol, .from_port = request.from_port, .to_port = request.to_port};
  const auto& description = request.description;
  if (request.cidr_ipv4) permission.ip_ranges = {{.description = description, .cidr_ip = request.cidr_ipv4}};
  if (request.cidr_ipv6) permission.ipv6_ranges = {{.description = description, .cidr_ipv6 = request.cidr_ipv6}};
  if (request.prefix_list_id) {
    permission.prefix_list_ids = {{.description = description, .prefix_list_id = request.prefix_list_id}};
  }
  if (request.referenced_group_id) {
    permission.user_id_group_pairs = {{.description = description, .group_id = request.referenced_group_id}};
  }
  Rules rules = TRY(read_permissions(context, {permission}));
  if (rules.size() != 1) return errors::invalid_combination("A rule has exactly one source or destination.");
  return std::move(rules.front());
}

bool is_same(const RuleRecord& a, const RuleRecord& b) {
  return a.egress == b.egress && a.protocol == b.protocol && a.from_port == b.from_port && a.to_port == b.to_port &&
         a.cidr_v4 == b.cidr_v4 && a.cidr_v6 == b.cidr_v6 && a.prefix_list == b.prefix_list && a.group == b.group;
}

std::string describe_rule(const RuleRecord& rule) {
  std::string text = fmt::format("peer: {}, {}, ", peer_of(rule), shown_protocol(rule.protocol));
  if (rule.protocol == "tcp" || rule.protocol == "udp") {
    text += fmt::format("from port: {}, to port: {}, ", rule.from_port, rule.to_port);
  } else if (rule.protocol.starts_with("icmp")) {
    text += fmt::format("type: {}, code: {}, ", rule.from_port, rule.to_port);
  }
  return text + "ALLOW";
}

std::vector<IpPermission> gather(const Rules& rules, Way way) {
  std::vector<IpPermission> result;
  for (const RuleRecord& rule : rules) {
    if (!is_of(rule, way)) continue;
    const bool has_ports = rule.protocol == "tcp" || rule.protocol == "udp" || rule.protocol.starts_with("icmp");
    const auto from = has_ports ? std::optional(rule.from_port) : std::nullopt;
    const auto to = has_ports ? std::optional(rule.to_port) : std::nullopt;
    auto found = std::ranges::find_if(result, [&](const IpPermission& each) {
      return *each.ip_protocol == rule.protocol && each.from_port == from && each.to_port == to;
    });
    if (found == result.end()) {
      result.push_back({.ip_protocol = rule.protocol,
                        .from_port = from,
                        .to_port = to,
                        .user_id_group_pairs = std::vector<UserIdGroupPair>(),
                        .ip_ranges = std::vector<IpRange>(),
                        .ipv6_ranges = std::vector<Ipv6Range>(),
                        .prefix_list_ids = std::vector<PrefixListId>()});
      found = result.end() - 1;
    }
    if (!rule.cidr_v4.empty()) {
      found->ip_ranges->push_back({.description = rule.description, .cidr_ip = rule.cidr_v4});
    } else if (!rule.cidr_v6.empty()) {
      found->ipv6_ranges->push_back({.description = rule.description, .cidr_ipv6 = rule.cidr_v6});
    } else if (!rule.prefix_list.empty()) {
      found->prefix_list_ids->push_back({.description = rule.description, .prefix_list_id = rule.prefix_list});
    } else {
      found->user_id_group_pairs->push_back(
          {.description = rule.description, .user_id = rule.group_account, .group_id = rule.group});
    }
  }
  return result;
}

SecurityGroupRule to_wire(const Scope& scope, const GroupRecord& group, const RuleRecord& rule, const TagMap& tags) {
  SecurityGroupRule result{.security_group_rule_id = rule.id,
                           .group_id = group.id,
                           .group_owner_id = scope.account.str(),
                           .is_egress = rule.egress,
                           .ip_protocol = rule.protocol,
                           .from_port = rule.from_port,
                           .to_port = rule.to_port,
                           .description = rule.description,
                           .tags = wire_tags(tags),
                           .security_group_rule_arn = make_arn(scope, Kind::security_group_rule, rule.id)};
  if (!rule.cidr_v4.empty()) result.cidr_ipv4 = rule.cidr_v4;
  if (!rule.cidr_v6.empty()) result.cidr_ipv6 = rule.cidr_v6;
  if (!rule.prefix_list.empty()) result.prefix_list_id = rule.prefix_list;
  if (!rule.group.empty()) {
    result.referenced_group_info = ReferencedSecurityGroup{.group_id = rule.group, .user_id = rule.group_account};
  }
  return result;
}

}  // namespace aerolith::ec2
