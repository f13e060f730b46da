// Roles that belong to a service.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html
#include <fmt/format.h>

#include <algorithm>

#include "base/uuid.h"
#include "federation/token_issuer.h"
#include "services/iam/entities.h"
#include "services/iam/operations/operations.h"
#include "services/iam/wire.h"

namespace aerolith::iam {
namespace {

struct LinkedService {
  std::string_view name;
  std::string_view role;
  std::string_view policy;  // after arn:aws:iam::aws:policy/aws-service-role/
  bool takes_suffix = false;
  std::string_view description = {};  // that AWS gives where the caller gives none
};

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
constexpr LinkedService kLinkedServices[] = {
    {"autoscaling.amazonaws.com", "AWSServiceRoleForAutoScaling", "AutoScalingServiceRolePolicy", true},
    {"ec2fleet.amazonaws.com", "AWSServiceRoleForEC2Fleet", "AWSEC2FleetServiceRolePolicy"},
    {"ecs.amazonaws.com", "AWSServiceRoleForECS", "AmazonECSServiceRolePolicy"},
    {"eks.amazonaws.com", "AWSServiceRoleForAmazonEKS", "AmazonEKSServiceRolePolicy"},
    {"eks-nodegroup.amazonaws.com", "AWSServiceRoleForAmazonEKSNodegroup", "AWSServiceRoleForAmazonEKSNodegroup"},
    {"elasticloadbalancing.amazonaws.com", "AWSServiceRoleForElasticLoadBalancing",
     "AWSElasticLoadBalancingServiceRolePolicy"},
    {"elasticmapreduce.amazonaws.com", "AWSServiceRoleForEMRCleanup", "AmazonEMRCleanupPolicy"},
    {"spot.amazonaws.com", "AWSServiceRoleForEC2Spot", "AWSEC2SpotServiceRolePolicy"},
    {"spotfleet.amazonaws.com", "AWSServiceRoleForEC2SpotFleet", "AWSEC2SpotFleetServiceRolePolicy"},
    {"ssm.amazonaws.com", "AWSServiceRoleForAmazonSSM", "AmazonSSMServiceRolePolicy", false,
     "Provides access to AWS Resources managed or used by Amazon SSM."},
};

constexpr std::string_view kPolicyStart = "arn:aws:iam::aws:policy/aws-service-role/";

std::string make_task_id(const RoleRecord& role) {
  return fmt::format("task{}{}/{}", role.path, role.name, make_uuid());
}

std::string trust_policy_of(std::string_view service) {
  return fmt::format(R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"{}"}},)"
                     R"("Action":"sts:AssumeRole"}}]}})",
                     service);
}

}  // namespace

Result<CreateServiceLinkedRoleOutput> create_service_linked_role(Call& call,
                                                                 const CreateServiceLinkedRoleInput& input) {
  const AccountId& account = call.account();
  const auto* const service = std::ranges::find(kLinkedServices, *input.aws_service_name, &LinkedService::name);
  if (service == std::end(kLinkedServices)) {
    return errors::invalid_input(fmt::format("Service {} has no service-linked role here.", *input.aws_service_name));
  }
  RoleRecord role{.name = std::string(service->role),
                  .path = fmt::format("/aws-service-role/{}/", service->name),
                  .id = make_unique_id("AROA"),
                  .created_at = call.context.now,
                  .trust_policy = trust_policy_of(service->name),
                  .description = input.description,
                  .linked_service = std::string(service->name)};
  if (!role.description && !service->description.empty()) role.description.emplace(service->description);
  if (input.custom_suffix) {
    if (!service->takes_suffix) {
      return errors::invalid_input(fmt::format("Custom suffix is not allowed for {}", service->name));
    }
    role.name += "_" + *input.custom_suffix;
  }
  const Name name = lower_name(role.name);
  const std::string policy = fmt::format("{}{}", kPolicyStart, service->policy);
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    if (TRY(kRoles.contains(txn, {account, name}))) {
      return errors::invalid_input(fmt::format(
          "Service role name {} has been taken in this account, please try a different suffix.", role.name));
    }
    kRoles.put(txn, {account, name}, role);
    kAttachments.put(txn, {account, EntityKind::role, name, policy}, {});
    kAttachedTo.put(txn, {account, policy, EntityKind::role, name}, {});
    return {};
  }));
  return CreateServiceLinkedRoleOutput{.role = to_wire(account, role, Detail::full)};
}

Result<DeleteServiceLinkedRoleOutput> delete_service_linked_role(Call& call,
                                                                 const DeleteServiceLinkedRoleInput& input) {
  const AccountId& account = call.account();
  const Name name = lower_name(input.role_name);
  return call.write([&](metadata::Transaction& txn) -> Result<DeleteServiceLinkedRoleOutput> {
    const RoleRecord role = TRY(find_entity<EntityKind::role>(txn, account, *input.role_name));
    if (role.linked_service.empty()) {
      return errors::invalid_input(fmt::format("Role {} is not a service-linked role.", role.name));
    }
    auto rows = kAttachments.scan(txn, metadata::Direction::forward, account, EntityKind::role, name);
    std::vector<PolicyArn> arns;
    while (TRY(rows.next())) arns.push_back(std::get<3>(rows.key()));
    for (const PolicyArn& arn : arns) {
      kAttachments.erase(txn, {account, EntityKind::role, name, arn});
      kAttachedTo.erase(txn, {account, arn, EntityKind::role, name});
    }
    kRoles.erase(txn, {account, name});
    TRY(ServiceUses::erase(txn, account, role.id));
    const std::string task = make_task_id(role);
    kDeletionTasks.put(txn, {account, task}, {.at = call.context.now});
    return DeleteServiceLinkedRoleOutput{.deletion_task_id = task};
  });
}

// Deleting is done when DeleteServiceLinkedRole answers.
Result<GetServiceLinkedRoleDeletionStatusOutput> get_service_linked_role_deletion_status(
    Call& call, const GetServiceLinkedRoleDeletionStatusInput& input) {
  if (!TRY(kDeletionTasks.contains(*call.metadata.begin_read(), {call.account(), *input.deletion_task_id}))) {
    return errors::no_such("The deletion task " + *input.deletion_task_id + " cannot be found.");
  }
  return GetServiceLinkedRoleDeletionStatusOutput{.status = "SUCCEEDED"};
}

}  // namespace aerolith::iam
