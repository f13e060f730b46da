#include "services/ec2/flow_logs.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <zlib.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <stdexcept>

#include "base/digest.h"

namespace aerolith::ec2 {
namespace {

bool is_about(const FlowLogRecord& log, const FlowInterface& interface) {
  return log.resource == log.network || log.resource == interface.subnet || log.resource == interface.id;
}

bool wants(const FlowLogRecord& log, const network::Flow& flow) {
  return log.traffic == TrafficKind::all || (log.traffic == TrafficKind::accept) == flow.is_accepted;
}

}  // namespace

Result<std::vector<FlowLogRecord>> flow_logs_of(metadata::ReadTransaction& txn, const Scope& scope,
                                                const std::string& vpc) {
  auto logs = TRY(kFlowLogs.all(txn, scope));
  std::erase_if(logs, [&](const FlowLogRecord& log) { return log.network != vpc; });
  return logs;
}

std::string make_flow_label(const FlowInterface& interface) {
  return fmt::format("{} {} {} {} {}", interface.id, interface.subnet,
                     interface.instance.empty() ? "-" : interface.instance, interface.zone, interface.address);
}

std::optional<FlowInterface> read_flow_label(std::string_view label) {
  FlowInterface interface;
  std::istringstream words{std::string(label)};
  words >> interface.id >> interface.subnet >> interface.instance >> interface.zone >> interface.address;
  if (!words) return std::nullopt;
  if (interface.instance == "-") interface.instance.clear();
  return interface;
}

std::string make_flow_file(const Scope& scope, const FlowLogRecord& log, const network::FlowWindow& window) {
  const auto fields = read_flow_format(log.format);
  if (!fields.has_value()) return {};  // it was checked when the log was made
  std::string lines;
  std::set<std::string> seen;
  const auto add = [&](const FlowInterface& interface, const network::Flow* flow, bool is_lost) {
    lines += make_flow_line(*fields, {.scope = scope,
                                      .vpc = log.network,
                                      .interface = interface,
                                      .begin = window.begin,
                                      .end = window.end,
                                      .flow = flow,
                                      .is_lost = is_lost});
    seen.insert(interface.id);
  };
  for (const network::Flow& flow : window.flows) {
    const auto interface = read_flow_label(flow.label);
    if (interface && is_about(log, *interface) && wants(log, flow)) add(*interface, &flow, false);
  }
  const std::set<std::string> labels(window.labels.begin(), window.labels.end());
  for (const std::string& label : labels) {
    const auto interface = read_flow_label(label);
    if (!interface || !is_about(log, *interface)) continue;
    if (window.is_overrun || !seen.contains(interface->id)) add(*interface, nullptr, window.is_overrun);
  }
  if (lines.empty()) return {};
  return fmt::format("{}\n{}", fmt::join(*fields, " "), lines);
}

std::string flow_file_key(const Scope& scope, const FlowLogRecord& log, const network::FlowWindow& window) {
  const auto time = std::chrono::floor<std::chrono::seconds>(window.end);
  const std::string folder = log.prefix.empty() ? "" : log.prefix + "/";
  const std::string hour = !log.hourly_partitions ? ""
                           : log.hive_partitions  ? fmt::format("hour={:%H}/", time)
                                                  : fmt::format("{:%H}/", time);
  const std::string place =
      log.hive_partitions
          ? fmt::format("aws-account-id={}/aws-service=vpcflowlogs/aws-region={}/year={:%Y}/month={:%m}/day={:%d}/",
                        scope.account.view(), scope.region.view(), time, time, time)
          : fmt::format("{}/vpcflowlogs/{}/{:%Y/%m/%d}/", scope.account.view(), scope.region.view(), time);
  const std::string hash =
      sha256_hex(fmt::format("{} {}", log.id, window.begin.time_since_epoch().count())).substr(0, 8);
  return fmt::format("{}AWSLogs/{}{}{}_vpcflowlogs_{}_{}_{:%Y%m%dT%H%MZ}_{}.log.gz", folder, place, hour,
                     scope.account.view(), scope.region.view(), log.id, time, hash);
}

std::string compress_file(std::string_view bytes) {
  constexpr int kGzipWindowBits = 15 + 16;
  constexpr int kMemoryLevel = 8;
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindowBits, kMemoryLevel, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    throw std::runtime_error("zlib can't begin");
  }
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int ended = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  if (ended != Z_STREAM_END) throw std::runtime_error("zlib can't compress");
  return packed;
}

}  // namespace aerolith::ec2
