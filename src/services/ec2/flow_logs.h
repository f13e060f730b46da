// Flow logs: their records, and the lines and files that are made of what was counted. All pure but for the table.
// https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
// https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "network/fabric.h"
#include "services/ec2/resources.h"

namespace aerolith::ec2 {

// Values are stored: they never change.
enum class TrafficKind : uint8_t { accept = 0, reject = 1, all = 2 };

struct FlowLogRecord {
  static constexpr uint32_t kVersion = 1;
  std::string id;
  std::string network;   // the VPC
  std::string resource;  // a VPC, a subnet or an interface
  TrafficKind traffic = TrafficKind::all;
  std::string bucket;
  std::string prefix;       // of keys, without slashes at its ends; may be empty
  std::string destination;  // as it was given
  std::string format;       // "${version} ${account-id} …"
  int32_t interval_seconds = 600;
  // Nothing of these: they were not given.
  bool has_options = false;
  bool hive_partitions = false;
  bool hourly_partitions = false;
  Timestamp created_at;
  std::string delivery_error;  // of the last delivery; empty: it went well
};
template <class Archive>
void fields(Archive& archive, FlowLogRecord& r) {
  archive(r.id, r.network, r.resource, r.traffic, r.bucket, r.prefix, r.destination, r.format, r.interval_seconds,
          r.has_options, r.hive_partitions, r.hourly_partitions, r.created_at, r.delivery_error);
}

inline const Resources<FlowLogRecord> kFlowLogs{Kind::flow_log, "ec2.flow_log"};

// Those of one VPC.
Result<std::vector<FlowLogRecord>> flow_logs_of(metadata::ReadTransaction& txn, const Scope& scope,
                                                const std::string& vpc);

inline constexpr std::string_view kDefaultFlowFormat =
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} "
    "${bytes} ${start} ${end} ${action} ${log-status}";

// What an interface is, as its flows' label carries it through the kernel: it may be gone when they are read.
struct FlowInterface {
  std::string id;
  std::string subnet;
  std::string instance;  // empty: none
  std::string zone;      // its name
  std::string address;   // the primary private one
};
std::string make_flow_label(const FlowInterface& interface);
std::optional<FlowInterface> read_flow_label(std::string_view label);

// The fields that a format names, in its order. InvalidParameter for one that AWS doesn't document, and for what is no
// field at all.
Result<std::vector<std::string>> read_flow_format(std::string_view format);

// What a line is about, beside its flow.
struct FlowLine {
  const Scope& scope;
  const std::string& vpc;
  const FlowInterface& interface;
  Timestamp begin;
  Timestamp end;
  // Null where nothing was counted: NODATA, or SKIPDATA where something was and is lost.
  const network::Flow* flow = nullptr;
  bool is_lost = false;
};
std::string make_flow_line(const std::vector<std::string>& fields, const FlowLine& line);

// The file of one log for one window, not yet compressed; empty where the log is about nothing that was counted then.
std::string make_flow_file(const Scope& scope, const FlowLogRecord& log, const network::FlowWindow& window);
// The same for the same window, whenever it is made.
std::string flow_file_key(const Scope& scope, const FlowLogRecord& log, const network::FlowWindow& window);
std::string compress_file(std::string_view bytes);  // gzip

}  // namespace aerolith::ec2
