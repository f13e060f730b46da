// What users and roles could use of the services, and did.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateServiceLastAccessedDetails.html
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "base/random.h"
#include "services/iam/access_report.h"
#include "services/iam/entities.h"
#include "services/iam/operations/operations.h"
#include "services/iam/paging.h"
#include "services/iam/policy_reach.h"
#include "services/iam/policy_source.h"
#include "services/iam/service_names.h"
#include "services/iam/wire.h"

namespace aerolith::iam {
namespace {

// How long a report can be read; AWS doesn't tell.
constexpr std::chrono::hours kKeepReports{7 * 24};
constexpr std::string_view kCompleted = "COMPLETED";

// A UUID of version 7 (RFC 9562): those that are made earlier sort before, so old ones are found.
std::string make_job_id(Timestamp now) {
  const std::string time = fmt::format("{:012x}", now.time_since_epoch().count());
  return fmt::format("{}-{}-7{}-{}{}-{}", time.substr(0, 8), time.substr(8), random_hex(3), random_string(1, "89ab"),
                     random_hex(3), random_hex(12));
}

Timestamp time_of_job(const std::string& id) {
  const std::string digits = id.substr(0, 8) + id.substr(9, 4);
  return Timestamp(Timestamp::duration(std::stoll(digits, nullptr, 16)));
}

Result<> remove_old_reports(metadata::Transaction& txn, const AccountId& account, Timestamp now) {
  std::vector<std::string> old;
  auto rows = kAccessReports.scan(txn, metadata::Direction::forward, account);
  while (TRY(rows.next())) {
    const std::string& id = std::get<1>(rows.key());
    if (now - time_of_job(id) < kKeepReports) break;
    old.push_back(id);
  }
  for (const std::string& id : old) kAccessReports.erase(txn, {account, id});
  return {};
}

// "The JobId must be used by the same role within a session, or by the same user."
Result<AccessReportRecord> find_report(const Call& call, const std::string& id) {
  auto report = TRY(kAccessReports.get(*call.metadata.begin_read(), {call.account(), id}));
  const bool is_readable = report && report->requester == call.context.principal().entity_arn &&
                           call.context.now - report->created_at < kKeepReports;
  if (!is_readable) return errors::no_such(fmt::format("No report found for job id {}.", id));
  return *std::move(report);
}

// The newest of the entities' uses, and whose it is.
struct LastUse {
  const ActionUseRecord* use = nullptr;
  const ReportedEntityRecord* entity = nullptr;
  int32_t entities = 0;  // that have used it at all
};

template <typename Find>
LastUse find_last(const AccessReportRecord& report, Find find) {
  LastUse last;
  for (const ReportedEntityRecord& entity : report.entities) {
    const ActionUseRecord* use = find(entity);
    if (use == nullptr) continue;
    ++last.entities;
    if (last.use != nullptr && last.use->at >= use->at) continue;
    last.use = use;
    last.entity = &entity;
  }
  return last;
}

// Those that the policies allow and those that were tried.
std::vector<TrackedActionLastAccessed> tracked_actions(const AccountId& account, const AccessReportRecord& report,
                                                       std::string_view name_space) {
  std::set<std::string_view> actions;
  const auto add = [&](std::string_view action) {
    const bool has_name = action.size() > name_space.size() + 1;
    if (has_name && namespace_of_action(action) == name_space) actions.insert(action);
  };
  for (const std::string& action : report.actions) add(action);
  for (const ReportedEntityRecord& entity : report.entities) {
    for (const ActionUseRecord& use : entity.uses) add(use.action);
  }
  std::vector<TrackedActionLastAccessed> tracked;
  for (const std::string_view action : actions) {
    TrackedActionLastAccessed& one = tracked.emplace_back();
    one.action_name = action.substr(name_space.size() + 1);
    const LastUse last =
        find_last(report, [&](const ReportedEntityRecord& entity) { return last_use_of_action(entity, action); });
    if (last.use == nullptr) continue;
    one.last_accessed_entity = entity_arn(account, *last.entity);
    one.last_accessed_time = whole_seconds(last.use->at);
    one.last_accessed_region = last.use->region;
  }
  return tracked;
}

ServiceLastAccessed service_to_wire(const AccountId& account, const AccessReportRecord& report,
                                    const std::string& name_space) {
  ServiceLastAccessed service{.service_name = std::string(title_of_service(name_space)),
                              .service_namespace = name_space};
  const LastUse last =
      find_last(report, [&](const ReportedEntityRecord& entity) { return last_use_of_service(entity, name_space); });
  service.total_authenticated_entities = last.entities;
  if (last.use != nullptr) {
    service.last_authenticated = whole_seconds(last.use->at);
    service.last_authenticated_entity = entity_arn(account, *last.entity);
    service.last_authenticated_region = last.use->region;
  }
  if (report.has_actions) {
    auto actions = tracked_actions(account, report, name_space);
    if (!actions.empty()) service.tracked_actions_last_accessed = std::move(actions);
  }
  return service;
}

EntityDetails entity_to_wire(const AccountId& account, const ReportedEntityRecord& entity, const ActionUseRecord* use) {
  EntityDetails details{.entity_info =
                            EntityInfo{.arn = entity_arn(account, entity),
                                       .name = entity.name,
                                       .type = std::string(entity.kind == EntityKind::role ? "ROLE" : "USER"),
                                       .id = entity.id,
                                       .path = entity.path}};
  if (use != nullptr) details.last_authenticated = use->at;
  return details;
}

PolicyGrantingServiceAccess policy_to_wire(const SourcePolicy& policy) {
  constexpr std::string_view kKinds[] = {"USER", "GROUP", "ROLE"};
  PolicyGrantingServiceAccess granting{.policy_name = policy.name, .policy_type = std::string("MANAGED")};
  if (!policy.arn.empty()) {
    granting.policy_arn = policy.arn;
    return granting;
  }
  granting.policy_type = "INLINE";
  granting.entity_type = kKinds[static_cast<size_t>(policy.owner_kind)];
  granting.entity_name = policy.owner_name;
  return granting;
}

}  // namespace

Result<GenerateServiceLastAccessedDetailsOutput> generate_service_last_accessed_details(
    Call& call, const GenerateServiceLastAccessedDetailsInput& input) {
  AccessReportRecord report = TRY(make_access_report(call, *input.arn, call.known_actions));
  report.completed_at = call.context.now;
  report.requester = call.context.principal().entity_arn;
  report.has_actions = input.granularity == "ACTION_LEVEL";
  const std::string id = make_job_id(call.context.now);
  // Nothing that decides about a caller changes.
  TRY(metadata::run_transaction(call.metadata, [&](metadata::Transaction& txn) -> Result<> {
    TRY(remove_old_reports(txn, call.account(), call.context.now));
    kAccessReports.put(txn, {call.account(), id}, report);
    return {};
  }));
  return GenerateServiceLastAccessedDetailsOutput{.job_id = id};
}

Result<GetServiceLastAccessedDetailsOutput> get_service_last_accessed_details(
    Call& call, const GetServiceLastAccessedDetailsInput& input) {
  const AccessReportRecord report = TRY(find_report(call, *input.job_id));
  GetServiceLastAccessedDetailsOutput output{
      .job_status = std::string(kCompleted),
      .job_type = std::string(report.has_actions ? "ACTION_LEVEL" : "SERVICE_LEVEL"),
      .job_creation_date = report.created_at,
      .job_completion_date = report.completed_at};
  const auto services = TRY(list_items(TRY(read_page(input)), output, report.services));
  auto& listed = output.services_last_accessed.emplace();
  for (const std::string& name_space : services) listed.push_back(service_to_wire(call.account(), report, name_space));
  return output;
}

Result<GetServiceLastAccessedDetailsWithEntitiesOutput> get_service_last_accessed_details_with_entities(
    Call& call, const GetServiceLastAccessedDetailsWithEntitiesInput& input) {
  const AccessReportRecord report = TRY(find_report(call, *input.job_id));
  GetServiceLastAccessedDetailsWithEntitiesOutput output{.job_status = std::string(kCompleted),
                                                         .job_creation_date = report.created_at,
                                                         .job_completion_date = report.completed_at};
  std::vector<EntityDetails> entities;
  if (std::ranges::binary_search(report.services, *input.service_namespace)) {
    for (const ReportedEntityRecord& entity : report.entities) {
      entities.push_back(entity_to_wire(call.account(), entity, last_use_of_service(entity, *input.service_namespace)));
    }
  }
  // "By default, the list of associated entities is sorted by date, with the most recent access listed first."
  std::ranges::sort(entities, [](const EntityDetails& one, const EntityDetails& other) {
    if (one.last_authenticated != other.last_authenticated) return one.last_authenticated > other.last_authenticated;
    return one.entity_info->arn < other.entity_info->arn;  // the same on each page
  });
  for (EntityDetails& one : entities) {
    if (one.last_authenticated) one.last_authenticated = whole_seconds(*one.last_authenticated);
  }
  output.entity_details_list = TRY(list_items(TRY(read_page(input)), output, std::move(entities)));
  return output;
}

Result<ListPoliciesGrantingServiceAccessOutput> list_policies_granting_service_access(
    Call& call, const ListPoliciesGrantingServiceAccessInput& input) {
  const PolicySource source = TRY(find_policy_source(*call.metadata.begin_read(), call.account(), *input.arn));
  std::vector<ListPoliciesGrantingServiceAccessEntry> entries;
  for (const std::string& name_space : *input.service_namespaces) {
    ListPoliciesGrantingServiceAccessEntry& entry = entries.emplace_back();
    entry.service_namespace = name_space;
    auto& granting = entry.policies.emplace();
    for (const SourcePolicy& one : source.policies) {
      const policy::Policy* const view[] = {one.policy.get()};
      if (reaches_service(view, name_space)) granting.push_back(policy_to_wire(one));
    }
  }
  ListPoliciesGrantingServiceAccessOutput output;
  output.policies_granting_service_access =
      TRY(list_items(TRY(make_page(input.marker, std::nullopt)), output, std::move(entries)));
  return output;
}

}  // namespace aerolith::iam
