// What is seen of running instances: their status and their console.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <set>

#include "base/encoding.h"
#include "ec2/operations/describe_instance_status.h"
#include "ec2/operations/get_console_output.h"
#include "ec2/operations/get_password_data.h"
#include "ec2/operations/report_instance_status.h"
#include "ec2/schema.h"
#include "services/ec2/cidr.h"
#include "services/ec2/describe.h"
#include "services/ec2/instance_types.h"
#include "services/ec2/instances.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/shown_values.h"
#include "services/ec2/zones.h"

namespace aerolith::ec2 {
namespace {

// How long guests may take for an answer, and for their start.
constexpr std::chrono::milliseconds kAnswerPatience{500};
constexpr std::chrono::minutes kStartingTime{5};

// Of what no instance here has: scheduled events and the like.
Result<Strings> never_here(const Lookup&, const InstanceRecord&) { return Strings(); }

using InstanceFilter = FilterDefinition<InstanceRecord>;
constexpr std::array kInstanceReportsFilters{
    InstanceFilter{"instance-state-name",
                   [](const Lookup&, const InstanceRecord& r) -> Result<Strings> {
                     return Strings{std::string(name_of(r.state))};
                   }},
    InstanceFilter{"instance-state-code",
                   [](const Lookup&, const InstanceRecord& r) -> Result<Strings> {
                     return Strings{std::to_string(static_cast<int>(r.state))};
                   }},
    InstanceFilter{"availability-zone",
                   [](const Lookup&, const InstanceRecord& r) -> Result<Strings> { return Strings{r.zone}; }},
    InstanceFilter{"availability-zone-id",
                   [](const Lookup& where, const InstanceRecord& r) -> Result<Strings> {
                     const auto zone = find_zone(where.scope.region, r.zone);
                     return zone ? Strings{zone->id} : Strings();
                   }},
    InstanceFilter{"event.code", &never_here},
    InstanceFilter{"event.description", &never_here},
    InstanceFilter{"event.instance-event-id", &never_here},
    InstanceFilter{"event.not-after", &never_here},
    InstanceFilter{"event.not-before", &never_here},
    InstanceFilter{"event.not-before-deadline", &never_here},
    InstanceFilter{"operator.managed", &never_here},
    InstanceFilter{"operator.principal", &never_here},
    InstanceFilter{"application-status.status", &never_here},
};

// What only asking the guests tells.
template <Path path>
Result<Strings> at(const Lookup&, const InstanceStatus& status) {
  return values_at(schema::kInstanceStatus, &status, path.view());
}
using StatusDefinition = FilterDefinition<InstanceStatus>;
constexpr std::array kStatusFilters{
    StatusDefinition{"instance-status.reachability", &at<"InstanceStatus.Details.Status">},
    StatusDefinition{"instance-status.status", &at<"InstanceStatus.Status">},
    StatusDefinition{"system-status.reachability", &at<"SystemStatus.Details.Status">},
    StatusDefinition{"system-status.status", &at<"SystemStatus.Status">},
    StatusDefinition{"attached-ebs-status.status", &at<"AttachedEbsStatus.Status">},
};

compute::Driver* driver_of(const Call& call, const InstanceRecord& record) {
  return record.driver == DriverChoice::vm ? call.cloud.vm : call.cloud.container;
}

// The guests that answer on their primary interface, by instance id: all of the page are asked at once, VPC by VPC.
Result<std::set<std::string>> answering(const Call& call, metadata::ReadTransaction& txn,
                                        const std::vector<Tagged<InstanceRecord>>& instances) {
  if (call.cloud.fabric == nullptr) return std::set<std::string>();
  std::map<std::string, std::vector<network::Probe>> probes;
  std::map<std::string, std::string> instance_of;
  for (const auto& [record, tags] : instances) {
    if (record.state != LifeState::running || record.interfaces.empty()) continue;
    const auto subnet = TRY(kSubnets.find(txn, call.scope, record.subnet));
    const auto cidr = subnet ? parse_cidr(subnet->cidr) : std::nullopt;
    if (!cidr) continue;
    instance_of[record.interfaces.front()] = record.id;
    probes[record.vpc].push_back({record.interfaces.front(), record.private_address, format_ipv4(cidr->base + 1)});
  }
  std::set<std::string> found;
  for (const auto& [vpc, asked] : probes) {
    const auto answers = call.cloud.fabric->answering(vpc, asked, kAnswerPatience);
    if (!answers.has_value()) continue;  // its namespace is being made
    for (size_t i = 0; i < asked.size(); ++i) {
      if ((*answers)[i]) found.insert(instance_of[asked[i].interface]);
    }
  }
  return found;
}

struct Checks {
  std::string system;    // the host's side of it
  std::string instance;  // the guest's
  std::string volumes;   // empty: it isn't looked at
  std::optional<Timestamp> impaired_since;
};

// The files of all volumes here, sorted; nullopt: there are none to look at.
Result<std::optional<std::vector<std::string>>> volume_files(const Call& call) {
  if (call.cloud.volumes == nullptr) return std::nullopt;
  auto files = call.cloud.volumes->list();
  if (!files.has_value()) return errors::internal_error(files.error().detail);
  return std::optional(*std::move(files));
}

struct Seen {
  std::set<std::string> answering;
  std::optional<std::vector<std::string>> files;
};

// Of Nitro's instances.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-system-instance-status-check.html
std::string check_of_volumes(const InstanceRecord& record, const Seen& seen) {
  const TypeFacts* const type = find_instance_type(record.type);
  if (type == nullptr || type->is_xen()) return "";
  if (record.state == LifeState::pending) return "initializing";
  if (record.state != LifeState::running) return "not-applicable";
  if (!seen.files) return "insufficient-data";
  const bool all_there = std::ranges::all_of(record.volumes, [&](const InstanceVolume& each) {
    return each.state != AttachmentState::attached || std::ranges::binary_search(*seen.files, each.volume);
  });
  return all_there ? "ok" : "impaired";
}

// A guest is given time to start before its silence is a failure.
Checks checks_of(const Call& call, const InstanceRecord& record, const Seen& seen) {
  Checks checks{.system = "not-applicable", .instance = "not-applicable", .volumes = check_of_volumes(record, seen)};
  Silences& silences = call.cloud.silences;
  if (record.state != LifeState::running) {
    silences.forget(record.id);
    if (record.state == LifeState::pending) checks.system = checks.instance = "initializing";
    return checks;
  }
  checks.system = driver_of(call, record) == nullptr ? "insufficient-data" : "ok";
  checks.instance = checks.system;
  if (checks.system != "ok") return checks;
  if (seen.answering.contains(record.id)) {
    silences.end(record.id);
    return checks;
  }
  const Timestamp since = silences.begin(record.id, record.state_at, call.context.now);
  const bool may_be_starting = call.context.now - record.state_at < kStartingTime;
  checks.instance = may_be_starting ? "initializing" : "impaired";
  if (!may_be_starting) checks.impaired_since = since;
  return checks;
}

std::string detail_of(const std::string& status) {
  if (status == "ok") return "passed";
  if (status == "impaired") return "failed";
  return status == "initializing" ? status : "";
}

// `Summary` of `Details`: of an instance, or of its volumes.
template <typename Summary, typename Details>
Summary summary_of(const std::string& status, std::optional<Timestamp> impaired_since = std::nullopt) {
  Summary summary{.details = std::vector<Details>(), .status = status};
  const std::string detail = detail_of(status);
  if (detail.empty()) return summary;
  summary.details->push_back({.impaired_since = impaired_since, .name = "reachability", .status = detail});
  return summary;
}

InstanceStatus shown_status(const Call& call, const InstanceRecord& record, const Seen& seen) {
  const Checks checks = checks_of(call, record, seen);
  using Details = InstanceStatusDetails;
  InstanceStatus result{
      .availability_zone = record.zone,
      .instance_id = record.id,
      .instance_state = to_wire(record.state),
      .instance_status = summary_of<InstanceStatusSummary, Details>(checks.instance, checks.impaired_since),
      .system_status = summary_of<InstanceStatusSummary, Details>(checks.system)};
  if (!checks.volumes.empty()) {
    result.attached_ebs_status = summary_of<EbsStatusSummary, EbsStatusDetails>(checks.volumes);
  }
  if (const auto zone = find_zone(call.scope.region, record.zone)) result.availability_zone_id = zone->id;
  return result;
}

struct StatusFilters {
  FilterList of_record = std::vector<Filter>();
  FilterList of_status = std::vector<Filter>();
};

StatusFilters split(const DescribeInstanceStatusInput& input) {
  StatusFilters result;
  for (const Filter& filter : input.filters.value_or(std::vector<Filter>())) {
    const bool is_of_status =
        std::ranges::find(kStatusFilters, filter.name.value_or(""), &StatusDefinition::name) != kStatusFilters.end();
    (is_of_status ? result.of_status : result.of_record)->push_back(filter);
  }
  // By default, those that run.
  if (!input.include_all_instances.value_or(false)) {
    result.of_record->push_back({.name = "instance-state-name", .values = Strings{"running"}});
  }
  return result;
}

}  // namespace

Result<DescribeInstanceStatusOutput> describe_instance_status(Call& call, const DescribeInstanceStatusInput& input) {
  TRY(check_max_results(input.max_results, 5, 1000));
  TRY(check_filters(input.filters));
  const auto txn = call.read();
  const StatusFilters filters = split(input);
  // Which of them fill the page is seen only when the guests were asked.
  const bool pages_here = !filters.of_status->empty();
  const auto page = TRY(describe<InstanceRecord>(
      *txn, call.scope, kInstances, kInstanceReportsFilters,
      {input.instance_ids, filters.of_record, pages_here ? std::nullopt : input.max_results, input.next_token}));
  DescribeInstanceStatusOutput output{.instance_statuses = std::vector<InstanceStatus>(),
                                      .next_token = page.next_token};
  const Lookup lookup{.txn = *txn, .scope = call.scope};
  const Seen seen{.answering = TRY(answering(call, *txn, page.items)), .files = TRY(volume_files(call))};
  for (const auto& item : page.items) {
    InstanceStatus status = shown_status(call, item.record, seen);
    if (!TRY(matches<InstanceStatus>(filters.of_status, kStatusFilters, lookup, status, {}))) continue;
    if (input.max_results && output.instance_statuses->size() == static_cast<size_t>(*input.max_results)) {
      output.next_token = make_token(*output.instance_statuses->back().instance_id);
      break;
    }
    output.instance_statuses->push_back(std::move(status));
  }
  return output;
}

// Only Windows has one.
Result<GetPasswordDataOutput> get_password_data(Call& call, const GetPasswordDataInput& input) {
  const auto txn = call.read();
  const InstanceRecord record = TRY(kInstances.get(*txn, call.scope, input.instance_id));
  return GetPasswordDataOutput{.instance_id = record.id, .timestamp = record.launched_at, .password_data = ""};
}

Result<GetConsoleOutputOutput> get_console_output(Call& call, const GetConsoleOutputInput& input) {
  const auto txn = call.read();
  const InstanceRecord record = TRY(kInstances.get(*txn, call.scope, input.instance_id));
  GetConsoleOutputOutput output{.instance_id = record.id, .timestamp = call.context.now};
  compute::Driver* const driver = driver_of(call, record);
  if (driver != nullptr) {
    const auto text = driver->console(record.id, ConsoleRecord::kMostBytes);
    if (!text.has_value() && text.error().code != compute::DriverErrorCode::not_found) {
      return errors::internal_error(text.error().detail);
    }
    if (text.has_value() && !text->empty()) {
      output.output = base64_encode(*text);
      return output;
    }
  }
  // It is down; or nothing was written yet. Of what is kept the read comes last: it was kept before the driver forgot.
  const auto later = call.read();
  const auto kept = TRY(kConsoles.get(*later, {call.scope.account, call.scope.region, record.id}));
  if (kept) {
    output.output = base64_encode(kept->text);
    output.timestamp = kept->kept_at;
  } else if (driver == nullptr) {
    return errors::of("Unsupported", "The driver that the instance was launched with is not there any more.");
  }
  return output;
}

// What one thinks of instances, for nobody to read.
Result<NoOutput> report_instance_status(Call& call, const ReportInstanceStatusInput& input) {
  for (const InstanceRecord& record :
       TRY(find_all<InstanceRecord>(*call.read(), call.scope, kInstances, *input.instances))) {
    if (record.state == LifeState::running) continue;
    return errors::of("IncorrectInstanceState",
                      fmt::format("The instance '{}' is not in the 'running' state.", record.id));
  }
  return NoOutput{};
}

}  // namespace aerolith::ec2
