#include "services/iam/access_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "services/iam/entities.h"
#include "services/iam/identity_loader.h"
#include "services/iam/managed.h"
#include "services/iam/policy_reach.h"
#include "services/iam/policy_source.h"
#include "services/iam/service_names.h"

namespace aerolith::iam {
namespace {

using metadata::Direction;
using Policies = std::vector<std::shared_ptr<const policy::Policy>>;

class Reporter {
 public:
  Reporter(const Call& call, AccessReportRecord& report)
      : call_(call), account_(call.account()), txn_(call.metadata.begin_read()), report_(report) {}

  // Each of these answers the policies that count.
  Result<Policies> add_identity(const std::string& arn) {
    PolicySource source = TRY(find_policy_source(*txn_, account_, arn));
    if (source.kind == EntityKind::group) {
      TRY(add_members(lower_name(source.name)));
    } else {
      TRY(add_entity(source.kind, source));
    }
    Policies policies;
    for (SourcePolicy& one : source.policies) policies.push_back(std::move(one.policy));
    return policies;
  }

  Result<Policies> add_policy(const std::string& arn) {
    auto found = TRY(load_policy(*txn_, account_, arn));
    if (!found) return errors::no_such(fmt::format("Policy {} does not exist or is not attachable.", arn));
    auto rows = kAttachedTo.scan(*txn_, Direction::forward, account_, arn);
    while (TRY(rows.next())) {
      const auto& [account, policy, kind, name] = rows.key();
      if (kind == EntityKind::user) TRY(add_user(name));
      if (kind == EntityKind::role) TRY(add_role(name));
      if (kind == EntityKind::group) TRY(add_members(name));
    }
    return Policies{std::move(found->policy)};
  }

 private:
  Result<> add_members(const Name& group) {
    auto rows = kMembers.scan(*txn_, Direction::forward, account_, group);
    while (TRY(rows.next())) TRY(add_user(std::get<2>(rows.key())));
    return {};
  }
  Result<> add_user(const Name& name) {
    return add_entity(EntityKind::user, TRY(find_entity<EntityKind::user>(*txn_, account_, name)));
  }
  Result<> add_role(const Name& name) {
    return add_entity(EntityKind::role, TRY(find_entity<EntityKind::role>(*txn_, account_, name)));
  }

  template <typename Entity>
  Result<> add_entity(EntityKind kind, const Entity& entity) {
    if (!seen_.insert(entity.id).second) return {};
    ReportedEntityRecord record{.kind = kind, .name = entity.name, .path = entity.path, .id = entity.id};
    for (auto& [action, use] : TRY(call_.directory.service_uses().find(account_, entity.id, call_.context.now))) {
      record.uses.push_back({.action = action, .at = use.at, .region = use.region});
    }
    report_.entities.push_back(std::move(record));
    return {};
  }

  const Call& call_;
  const AccountId& account_;
  const std::unique_ptr<metadata::ReadTransaction> txn_;
  AccessReportRecord& report_;
  std::set<std::string> seen_;
};

void add_reach(const Policies& policies, std::span<const std::string> known_actions, AccessReportRecord& report) {
  std::vector<const policy::Policy*> views;
  for (const auto& one : policies) views.push_back(one.get());
  for (const ServiceName& service : service_names()) {
    const bool is_there = !report.services.empty() && report.services.back() == service.name_space;
    if (!is_there && reaches_service(views, service.name_space)) report.services.emplace_back(service.name_space);
  }
  for (const std::string& action : known_actions) {
    if (reaches_action(views, action)) report.actions.push_back(action);
  }
}

}  // namespace

Result<AccessReportRecord> make_access_report(const Call& call, const std::string& arn,
                                              std::span<const std::string> known_actions) {
  AccessReportRecord report{.created_at = call.context.now};
  Reporter reporter(call, report);
  const auto parts = split_arn(arn);
  const bool is_policy = parts && parts->type == "policy";
  const Policies policies = is_policy ? TRY(reporter.add_policy(arn)) : TRY(reporter.add_identity(arn));
  add_reach(policies, known_actions, report);
  return report;
}

std::string entity_arn(const AccountId& account, const ReportedEntityRecord& entity) {
  return make_arn(account, errors::noun(entity.kind), entity.path, entity.name);
}

const ActionUseRecord* last_use_of_service(const ReportedEntityRecord& entity, std::string_view name_space) {
  const ActionUseRecord* last = nullptr;
  for (const ActionUseRecord& use : entity.uses) {
    if (namespace_of_action(use.action) != name_space) continue;
    if (last == nullptr || last->at < use.at) last = &use;
  }
  return last;
}

const ActionUseRecord* last_use_of_action(const ReportedEntityRecord& entity, std::string_view action) {
  const auto found = std::ranges::find(entity.uses, action, &ActionUseRecord::action);
  return found == entity.uses.end() ? nullptr : &*found;
}

}  // namespace aerolith::iam
