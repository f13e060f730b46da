// Rows of the table: security groups.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
#include "ec2/operations/authorize_security_group_egress.h"
#include "ec2/operations/authorize_security_group_ingress.h"
#include "ec2/operations/create_security_group.h"
#include "ec2/operations/delete_security_group.h"
#include "ec2/operations/describe_security_group_rules.h"
#include "ec2/operations/describe_security_groups.h"
#include "ec2/operations/get_security_groups_for_vpc.h"
#include "ec2/operations/modify_security_group_rules.h"
#include "ec2/operations/revoke_security_group_egress.h"
#include "ec2/operations/revoke_security_group_ingress.h"
#include "ec2/operations/update_security_group_rule_descriptions_egress.h"
#include "ec2/operations/update_security_group_rule_descriptions_ingress.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/rows.h"

namespace aerolith::ec2 {

void add_group_rows(TableBuilder& table) {
  using enum OperationId;
  table.row<ec2::authorize_security_group_egress>(authorize_security_group_egress, "ec2:AuthorizeSecurityGroupEgress",
                                                  existing(Kind::security_group));
  table.row<ec2::authorize_security_group_ingress>(authorize_security_group_ingress,
                                                   "ec2:AuthorizeSecurityGroupIngress", existing(Kind::security_group));
  table.row<ec2::create_security_group>(create_security_group, "ec2:CreateSecurityGroup", making(Kind::security_group),
                                        {existing(Kind::vpc)});
  table.row<ec2::delete_security_group>(delete_security_group, "ec2:DeleteSecurityGroup",
                                        existing(Kind::security_group));
  table.row<ec2::describe_security_group_rules>(describe_security_group_rules, "ec2:DescribeSecurityGroupRules",
                                                kAnything);
  table.row<ec2::describe_security_groups>(describe_security_groups, "ec2:DescribeSecurityGroups", kAnything);
  table.row<ec2::get_security_groups_for_vpc>(get_security_groups_for_vpc, "ec2:GetSecurityGroupsForVpc",
                                              existing(Kind::vpc));
  table.row<ec2::modify_security_group_rules>(modify_security_group_rules, "ec2:ModifySecurityGroupRules",
                                              existing(Kind::security_group));
  table.row<ec2::revoke_security_group_egress>(revoke_security_group_egress, "ec2:RevokeSecurityGroupEgress",
                                               existing(Kind::security_group));
  table.row<ec2::revoke_security_group_ingress>(revoke_security_group_ingress, "ec2:RevokeSecurityGroupIngress",
                                                existing(Kind::security_group));
  table.row<ec2::update_security_group_rule_descriptions_egress>(update_security_group_rule_descriptions_egress,
                                                                 "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
                                                                 existing(Kind::security_group));
  table.row<ec2::update_security_group_rule_descriptions_ingress>(update_security_group_rule_descriptions_ingress,
                                                                  "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
                                                                  existing(Kind::security_group));
}

}  // namespace aerolith::ec2
