#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "services/ec2/flow_logs.h"
#include "services/ec2/zones.h"

namespace aerolith::ec2 {
namespace {

constexpr std::string_view kNone = "-";

// Whether a value is there where no flow was counted, too.
enum class Needs : uint8_t { nothing, flow };

struct Field {
  std::string_view name;
  int version;  // of the format, that has it
  Needs needs = Needs::nothing;
  // Null: nothing here has such a thing (an outpost, a container service), and AWS writes "-" then.
  std::string (*value)(const FlowLine&) = nullptr;
};

int64_t seconds(Timestamp time) { return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count(); }

// An interface's own address is always its primary private one; the packet's stands in pkt-srcaddr and pkt-dstaddr.
std::string source(const FlowLine& line) { return line.flow->is_inbound ? line.flow->source : line.interface.address; }
std::string destination(const FlowLine& line) {
  return line.flow->is_inbound ? line.interface.address : line.flow->destination;
}

std::string status(const FlowLine& line) {
  if (line.flow != nullptr) return "OK";
  return line.is_lost ? "SKIPDATA" : "NODATA";
}

std::string path(const FlowLine& line) {
  if (line.flow->is_inbound || line.flow->path == network::FlowPath::none) return std::string(kNone);
  return std::to_string(static_cast<int>(line.flow->path));
}

std::string zone_id(const FlowLine& line) {
  const auto zone = find_zone(line.scope.region, line.interface.zone);
  return zone ? zone->id : std::string(kNone);
}

constexpr std::array kFields{
    Field{"version", 2},  // written by make_flow_line: of the whole format
    Field{"account-id", 2, Needs::nothing, [](const FlowLine& l) { return l.scope.account.str(); }},
    Field{"interface-id", 2, Needs::nothing, [](const FlowLine& l) { return l.interface.id; }},
    Field{"srcaddr", 2, Needs::flow, source},
    Field{"dstaddr", 2, Needs::flow, destination},
    Field{"srcport", 2, Needs::flow, [](const FlowLine& l) { return std::to_string(l.flow->source_port); }},
    Field{"dstport", 2, Needs::flow, [](const FlowLine& l) { return std::to_string(l.flow->destination_port); }},
    Field{"protocol", 2, Needs::flow, [](const FlowLine& l) { return std::to_string(l.flow->protocol); }},
    Field{"packets", 2, Needs::flow, [](const FlowLine& l) { return std::to_string(l.flow->packets); }},
    Field{"bytes", 2, Needs::flow, [](const FlowLine& l) { return std::to_string(l.flow->bytes); }},
    Field{"start", 2, Needs::nothing, [](const FlowLine& l) { return std::to_string(seconds(l.begin)); }},
    Field{"end", 2, Needs::nothing, [](const FlowLine& l) { return std::to_string(seconds(l.end)); }},
    Field{"action", 2, Needs::flow,
          [](const FlowLine& l) { return std::string(l.flow->is_accepted ? "ACCEPT" : "REJECT"); }},
    Field{"log-status", 2, Needs::nothing, status},
    Field{"vpc-id", 3, Needs::nothing, [](const FlowLine& l) { return l.vpc; }},
    Field{"subnet-id", 3, Needs::nothing, [](const FlowLine& l) { return l.interface.subnet; }},
    Field{"instance-id", 3, Needs::nothing, [](const FlowLine& l) { return l.interface.instance; }},
    Field{"tcp-flags", 3, Needs::flow, [](const FlowLine& l) { return std::to_string(l.flow->tcp_flags); }},
    Field{"type", 3, Needs::flow, [](const FlowLine&) { return std::string("IPv4"); }},
    Field{"pkt-srcaddr", 3, Needs::flow, [](const FlowLine& l) { return l.flow->source; }},
    Field{"pkt-dstaddr", 3, Needs::flow, [](const FlowLine& l) { return l.flow->destination; }},
    Field{"region", 4, Needs::nothing, [](const FlowLine& l) { return l.scope.region.str(); }},
    Field{"az-id", 4, Needs::nothing, zone_id},
    Field{"sublocation-type", 4},
    Field{"sublocation-id", 4},
    Field{"pkt-src-aws-service", 5},
    Field{"pkt-dst-aws-service", 5},
    Field{"flow-direction", 5, Needs::flow,
          [](const FlowLine& l) { return std::string(l.flow->is_inbound ? "ingress" : "egress"); }},
    Field{"traffic-path", 5, Needs::flow, path},
    Field{"ecs-cluster-arn", 7},
    Field{"ecs-cluster-name", 7},
    Field{"ecs-container-instance-arn", 7},
    Field{"ecs-container-instance-id", 7},
    Field{"ecs-container-id", 7},
    Field{"ecs-second-container-id", 7},
    Field{"ecs-service-name", 7},
    Field{"ecs-task-definition-arn", 7},
    Field{"ecs-task-arn", 7},
    Field{"ecs-task-id", 7},
    Field{"reject-reason", 8},
    Field{"resource-id", 9},
    Field{"encryption-status", 10},
};

const Field* find_field(std::string_view name) {
  const auto* found = std::ranges::find(kFields, name, &Field::name);
  return found == kFields.end() ? nullptr : found;
}

// The highest of its fields' versions.
int version_of(const std::vector<std::string>& fields) {
  int version = 0;
  for (const std::string& name : fields) version = std::max(version, find_field(name)->version);
  return version;
}

}  // namespace

Result<std::vector<std::string>> read_flow_format(std::string_view format) {
  constexpr std::string_view kOpen = "${";
  std::vector<std::string> fields;
  while (true) {
    format.remove_prefix(std::min(format.find_first_not_of(' '), format.size()));
    if (format.empty()) break;
    const std::string_view word = format.substr(0, format.find(' '));
    format.remove_prefix(word.size());
    const bool is_field = word.starts_with(kOpen) && word.ends_with('}');
    const std::string_view name = is_field ? word.substr(kOpen.size(), word.size() - kOpen.size() - 1) : word;
    if (!is_field || find_field(name) == nullptr) {
      return errors::of("InvalidParameter", fmt::format("Unknown fields provided: '{}'", name));
    }
    fields.emplace_back(name);
  }
  if (fields.empty()) return errors::of("InvalidParameter", "LogFormat must have at least one field.");
  return fields;
}

std::string make_flow_line(const std::vector<std::string>& fields, const FlowLine& line) {
  std::vector<std::string> values;
  for (const std::string& name : fields) {
    const Field& field = *find_field(name);
    const bool is_there = field.value != nullptr && (field.needs == Needs::nothing || line.flow != nullptr);
    std::string value = is_there ? field.value(line) : std::string();
    if (name == "version") value = std::to_string(version_of(fields));
    values.push_back(value.empty() ? std::string(kNone) : std::move(value));
  }
  return fmt::format("{}\n", fmt::join(values, " "));
}

}  // namespace aerolith::ec2
