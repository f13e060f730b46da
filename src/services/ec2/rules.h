// Rules of security groups: from the wire's permissions, which gather them, and back.
// https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
#pragma once

#include <string>
#include <vector>

#include "ec2/model/ip_permission.h"
#include "ec2/model/security_group_rule.h"
#include "ec2/model/security_group_rule_request.h"
#include "services/ec2/cloud.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/tags.h"

namespace aerolith::ec2 {

using Rules = std::vector<RuleRecord>;
using Permissions = std::optional<std::vector<IpPermission>>;

inline constexpr size_t kMaxRulesEachWay = 60;

enum class Way : uint8_t { in, out };

// For one group.
struct RuleContext {
  metadata::ReadTransaction& txn;
  const Cloud& cloud;
  const Scope& scope;
  const GroupRecord& group;
  Way way;
};

// One rule for each range, list and group that is named; without ids.
Result<Rules> read_permissions(const RuleContext& context, const std::vector<IpPermission>& permissions);
Result<RuleRecord> read_rule(const RuleContext& context, const SecurityGroupRuleRequest& request);
// The same traffic, whatever id and description.
bool is_same(const RuleRecord& a, const RuleRecord& b);
// "peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW"
std::string describe_rule(const RuleRecord& rule);

// The rules of one way, gathered by protocol and ports.
std::vector<IpPermission> gather(const Rules& rules, Way way);
SecurityGroupRule to_wire(const Scope& scope, const GroupRecord& group, const RuleRecord& rule, const TagMap& tags);
inline bool is_of(const RuleRecord& rule, Way way) { return rule.egress == (way == Way::out); }

}  // namespace aerolith::ec2
