// Flow logs of VPCs, subnets and interfaces, to S3.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html
#include "services/ec2/flow_logs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/encoding.h"
#include "base/random.h"
#include "ec2/model/network_interface.h"
#include "ec2/model/subnet.h"
#include "ec2/operations/create_flow_logs.h"
#include "ec2/operations/delete_flow_logs.h"
#include "ec2/operations/describe_flow_logs.h"
#include "gateway/access_check.h"
#include "services/ec2/describe.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/tags.h"
#include "services/ec2/tokens.h"

namespace aerolith::ec2 {
namespace {

constexpr size_t kMostResources = 300;
constexpr std::string_view kBucketArn = "arn:aws:s3:::";
constexpr std::string_view kTraffic[] = {"ACCEPT", "REJECT", "ALL"};  // in the order of TrafficKind

std::string shown_traffic(const FlowLogRecord& log) { return std::string(kTraffic[static_cast<size_t>(log.traffic)]); }
std::string delivery_status(const FlowLogRecord& log) { return log.delivery_error.empty() ? "SUCCESS" : "FAILED"; }

using FlowLogFilter = FilterDefinition<FlowLogRecord>;
constexpr std::array kFlowLogFilters{
    FlowLogFilter{"deliver-log-status",
                  [](const Lookup&, const FlowLogRecord& r) -> Result<Strings> { return Strings{delivery_status(r)}; }},
    FlowLogFilter{"flow-log-id",
                  [](const Lookup&, const FlowLogRecord& r) -> Result<Strings> { return Strings{r.id}; }},
    FlowLogFilter{"log-destination-type",
                  [](const Lookup&, const FlowLogRecord&) -> Result<Strings> { return Strings{"s3"}; }},
    FlowLogFilter{"log-group-name", [](const Lookup&, const FlowLogRecord&) -> Result<Strings> { return Strings(); }},
    FlowLogFilter{"resource-id",
                  [](const Lookup&, const FlowLogRecord& r) -> Result<Strings> { return Strings{r.resource}; }},
    FlowLogFilter{"traffic-type",
                  [](const Lookup&, const FlowLogRecord& r) -> Result<Strings> { return Strings{shown_traffic(r)}; }},
};

FlowLog to_wire(const FlowLogRecord& record, const TagMap& tags) {
  FlowLog log{.creation_time = record.created_at,
              .deliver_logs_status = delivery_status(record),
              .flow_log_id = record.id,
              .flow_log_status = "ACTIVE",
              .resource_id = record.resource,
              .traffic_type = shown_traffic(record),
              .log_destination_type = "s3",
              .log_destination = record.destination,
              .log_format = record.format,
              .tags = wire_tags(tags),
              .max_aggregation_interval = record.interval_seconds};
  if (!record.delivery_error.empty()) log.deliver_logs_error_message = record.delivery_error;
  log.destination_options = DestinationOptionsResponse{.file_format = "plain-text",
                                                       .hive_compatible_partitions = record.hive_partitions,
                                                       .per_hour_partition = record.hourly_partitions};
  return log;
}

std::unexpected<CallError> invalid_log(std::string message) {
  return errors::of("InvalidParameter", std::move(message));
}

Result<> read_destination(const CreateFlowLogsInput& input, FlowLogRecord& log) {
  if (input.log_destination_type.value_or("cloud-watch-logs") != "s3") {
    return errors::unsupported(
        "Flow logs go to Amazon S3 only (LogDestinationType s3): the other destinations aren't "
        "here yet.");
  }
  if (input.log_group_name && input.log_destination) {
    return invalid_log("Please only provide LogGroupName or only provide LogDestination.");
  }
  if (input.log_group_name) {
    return invalid_log("LogDestination type must be cloud-watch-logs if LogGroupName is provided.");
  }
  if (input.deliver_logs_permission_arn) {
    return invalid_log("DeliverLogsPermissionArn is not applicable for s3 delivery");
  }
  if (input.deliver_cross_account_role) return invalid_log("DeliverCrossAccountRole is not applicable for s3 delivery");
  if (!input.log_destination) return invalid_log("LogDestination can't be empty if LogGroupName is not provided.");
  std::string_view arn = *input.log_destination;
  if (!arn.starts_with(kBucketArn)) return invalid_log(fmt::format("LogDestination: {} is not a bucket's ARN", arn));
  arn.remove_prefix(kBucketArn.size());
  log.bucket = std::string(arn.substr(0, arn.find('/')));
  std::string_view prefix = arn.substr(std::min(log.bucket.size(), arn.size()));
  while (prefix.starts_with('/')) prefix.remove_prefix(1);
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  log.prefix = std::string(prefix);
  log.destination = *input.log_destination;
  if (log.bucket.empty()) return invalid_log("LogDestination names no bucket");
  const std::string folders = "/" + log.prefix + "/";
  if (folders.find("/AWSLogs/") != std::string::npos) {
    return invalid_log("LogDestination: AWSLogs is a reserved term, and can't be a folder of it");
  }
  return {};
}

Result<> read_options(const CreateFlowLogsInput& input, FlowLogRecord& log) {
  log.format = input.log_format.value_or(std::string(kDefaultFlowFormat));
  TRY(read_flow_format(log.format));
  log.interval_seconds = input.max_aggregation_interval.value_or(600);
  if (log.interval_seconds != 60 && log.interval_seconds != 600) {
    return invalid_log("Invalid Flow Log Max Aggregation Interval");
  }
  if (input.tag_field_specifications) return errors::unsupported("Flow logs have no fields of tags.");
  if (!input.destination_options) return {};
  if (input.destination_options->file_format.value_or("plain-text") != "plain-text") {
    return errors::unsupported("Flow logs are written as plain-text; parquet isn't here yet.");
  }
  log.has_options = true;
  log.hive_partitions = input.destination_options->hive_compatible_partitions.value_or(false);
  log.hourly_partitions = input.destination_options->per_hour_partition.value_or(false);
  return {};
}

// All but what is a resource's own.
Result<FlowLogRecord> read_log(const Call& call, const CreateFlowLogsInput& input) {
  FlowLogRecord log;
  const auto* traffic = std::ranges::find(kTraffic, input.traffic_type.value_or(""));
  if (traffic == std::end(kTraffic)) return errors::missing_parameter("TrafficType");
  log.traffic = static_cast<TrafficKind>(traffic - std::begin(kTraffic));
  TRY(read_destination(input, log));
  TRY(read_options(input, log));
  log.created_at = call.context.now;
  return log;
}

Result<Kind> read_resource_kind(const std::string& type) {
  if (type == "VPC") return Kind::vpc;
  if (type == "Subnet") return Kind::subnet;
  if (type == "NetworkInterface") return Kind::network_interface;
  return errors::unsupported(fmt::format("There are no flow logs of {}.", type));
}

// The VPC that it is, or is in.
Result<std::string> network_of(metadata::ReadTransaction& txn, const Scope& scope, Kind kind, const std::string& id) {
  if (kind == Kind::vpc) return TRY(kVpcs.get(txn, scope, id)).id;
  if (kind == Kind::subnet) return TRY(kSubnets.get(txn, scope, id)).vpc;
  return TRY(kInterfaces.get(txn, scope, id)).vpc;
}

bool are_alike(const FlowLogRecord& a, const FlowLogRecord& b) {
  return a.resource == b.resource && a.traffic == b.traffic && a.bucket == b.bucket && a.prefix == b.prefix &&
         a.format == b.format && a.hive_partitions == b.hive_partitions && a.hourly_partitions == b.hourly_partitions &&
         a.interval_seconds == b.interval_seconds;
}

// Why nothing can be delivered there now; nullopt: it can.
std::optional<UnsuccessfulItemError> find_destination_fault(const Call& call, const FlowLogRecord& log) {
  if (!call.cloud.check_log_destination) {
    return UnsuccessfulItemError{.code = "500", .message = "S3 isn't wired"};
  }
  const LogFile file{.scope = call.scope, .bucket = log.bucket, .key = flow_file_key(call.scope, log, {}), .bytes = ""};
  const auto fault = call.cloud.check_log_destination(file);
  if (!fault) return std::nullopt;
  if (*fault == DeliveryFault::no_such_bucket) {
    return UnsuccessfulItemError{.code = "400",
                                 .message = fmt::format("LogDestination: {} does not exist", log.bucket)};
  }
  return UnsuccessfulItemError{
      .code = "400",
      .message =
          fmt::format("Access Denied for LogDestination: {}. Please check LogDestination permission", log.bucket)};
}

struct Made {
  Strings ids;
  std::set<std::string> networks;
  std::vector<UnsuccessfulItem> unsuccessful;
};

Result<> make_log(metadata::Transaction& txn, const Call& call, Kind kind, FlowLogRecord log, const TagMap& tags,
                  Made& made) {
  const auto network = network_of(txn, call.scope, kind, log.resource);
  if (!network.has_value()) {
    if (network.error().http_status >= 500) return std::unexpected(network.error());
    made.unsuccessful.push_back(
        {.error = UnsuccessfulItemError{.code = network.error().code, .message = network.error().message},
         .resource_id = log.resource});
    return {};
  }
  log.network = *network;
  for (const FlowLogRecord& other : TRY(flow_logs_of(txn, call.scope, log.network))) {
    if (!are_alike(log, other)) continue;
    return errors::of("FlowLogAlreadyExists",
                      "Error. There is an existing Flow Log with the same configuration and log destination.");
  }
  log.id = make_id(Kind::flow_log);
  kFlowLogs.put(txn, call.scope, log);
  put_tags(txn, call.scope, log.id, tags);
  made.ids.push_back(log.id);
  made.networks.insert(log.network);
  return {};
}

// To create one is to act on what it is about, and to make a delivery.
gateway::ApiResult<void> require_delivery(const Call& call, Kind kind, const Strings& resources) {
  for (const std::string& id : resources) {
    TRY(call.context.access->require({.action = "ec2:CreateFlowLogs", .resource = make_arn(call.scope, kind, id)}));
  }
  return call.context.access->require({.action = "logs:CreateLogDelivery", .resource = "*"});
}

}  // namespace

Result<CreateFlowLogsOutput> create_flow_logs(Call& call, const CreateFlowLogsInput& input) {
  const Strings& resources = *input.resource_ids;
  if (resources.empty() || resources.size() > kMostResources) {
    return invalid_log(fmt::format("ResourceIds must have 1 to {} ids", kMostResources));
  }
  const Kind kind = TRY(read_resource_kind(*input.resource_type));
  if (const auto allowed = require_delivery(call, kind, resources); !allowed.has_value()) {
    return std::unexpected(CallError(allowed.error()));
  }
  FlowLogRecord wanted = TRY(read_log(call, input));
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::flow_log));
  const auto fault = find_destination_fault(call, wanted);
  const Made made = TRY(call.write([&](metadata::Transaction& txn) -> Result<Made> {
    Made result;
    if (const auto before = TRY(find_made(txn, call, input.client_token))) {
      for (size_t at = 0; at < before->size();) {
        const size_t end = std::min(before->find(' ', at), before->size());
        result.ids.push_back(before->substr(at, end - at));
        at = end + 1;
      }
      return result;
    }
    for (const std::string& id : resources) {
      wanted.resource = id;
      if (fault) {
        result.unsuccessful.push_back({.error = *fault, .resource_id = id});
      } else {
        TRY(make_log(txn, call, kind, wanted, tags, result));
      }
    }
    if (!result.ids.empty()) {
      remember_made(txn, call, input.client_token, fmt::format("{}", fmt::join(result.ids, " ")));
    }
    return result;
  }));
  if (!call.dry_run) {
    for (const std::string& network : made.networks) {
      call.settle_vpc(network);
      call.cloud.flow_logs_changed(call.scope, network);
    }
  }
  return CreateFlowLogsOutput{.client_token = input.client_token.value_or(base64_encode(random_bytes(32))),
                              .flow_log_ids = made.ids,
                              .unsuccessful = made.unsuccessful};
}

Result<DescribeFlowLogsOutput> describe_flow_logs(Call& call, const DescribeFlowLogsInput& input) {
  TRY(check_max_results(input.max_results, 1, 1000));
  const auto txn = call.read();
  const auto page =
      TRY(describe<FlowLogRecord>(*txn, call.scope, kFlowLogs, kFlowLogFilters,
                                  {input.flow_log_ids, input.filter, input.max_results, input.next_token}));
  DescribeFlowLogsOutput output{.flow_logs = std::vector<FlowLog>(), .next_token = page.next_token};
  for (const auto& [record, tags] : page.items) output.flow_logs->push_back(to_wire(record, tags));
  return output;
}

// What was counted until now is delivered first.
Result<DeleteFlowLogsOutput> delete_flow_logs(Call& call, const DeleteFlowLogsInput& input) {
  const auto find_networks = [&](metadata::ReadTransaction& txn) -> Result<std::set<std::string>> {
    std::set<std::string> networks;
    Strings missing;
    for (const std::string& id : *input.flow_log_ids) {
      const auto log = TRY(kFlowLogs.find(txn, call.scope, id));
      if (log) {
        networks.insert(log->network);
      } else {
        missing.push_back(id);
      }
    }
    if (missing.empty()) return networks;
    return errors::of("InvalidFlowLogId.NotFound",
                      fmt::format("These flow log ids in the input list are not found: [TotalCount: {}] {}",
                                  missing.size(), fmt::join(missing, " ")));
  };
  const auto networks = TRY(find_networks(*call.read()));
  if (!call.dry_run) {
    for (const std::string& network : networks) call.cloud.report_flows(call.scope, network);
  }
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    TRY(find_networks(txn));
    for (const std::string& id : *input.flow_log_ids) {
      const auto log = TRY(kFlowLogs.find(txn, call.scope, id));
      if (log) kFlowLogs.erase(txn, call.scope, *log);
    }
    return {};
  }));
  if (!call.dry_run) {
    for (const std::string& network : networks) call.settle_vpc(network);
  }
  return DeleteFlowLogsOutput{.unsuccessful = std::vector<UnsuccessfulItem>()};
}

}  // namespace aerolith::ec2
