#include "services/ec2/flow_logs.h"

#include <gtest/gtest.h>

#include <chrono>

namespace aerolith::ec2 {
namespace {

using namespace std::chrono_literals;

const Scope kScope{.account = AccountId("123456789012"), .region = RegionName("us-east-1")};
constexpr Timestamp kBegin{std::chrono::sys_days{std::chrono::January / 2 / 2026} + 3h + 4min};
constexpr Timestamp kEnd = kBegin + 60s;
const FlowInterface kInterface{.id = "eni-00000000000000001",
                               .subnet = "subnet-00000000000000001",
                               .instance = "i-00000000000000001",
                               .zone = "us-east-1a",
                               .address = "10.0.1.5"};

network::Flow make_flow() {
  return {.label = make_flow_label(kInterface),
          .is_inbound = true,
          .source = "10.0.2.9",
          .destination = "10.0.1.5",
          .protocol = 6,
          .source_port = 40000,
          .destination_port = 22,
          .tcp_flags = 3,
          .packets = 20,
          .bytes = 4249};
}

FlowLogRecord make_log() {
  return {.id = "fl-00000000000000001",
          .network = "vpc-1",
          .resource = "vpc-1",
          .bucket = "logs",
          .format = std::string(kDefaultFlowFormat)};
}

network::FlowWindow make_window(std::vector<network::Flow> flows) {
  return {.begin = kBegin, .end = kEnd, .labels = {make_flow_label(kInterface)}, .flows = std::move(flows)};
}

std::string line_of(std::string_view format, const network::Flow& flow) {
  FlowLogRecord log = make_log();
  log.format = format;
  const std::string file = make_flow_file(kScope, log, make_window({flow}));
  return file.substr(file.find('\n') + 1);
}

TEST(FlowLogs, LabelsAreReadBack) {
  const auto read = read_flow_label(make_flow_label(kInterface));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->id, kInterface.id);
  EXPECT_EQ(read->instance, kInterface.instance);
  EXPECT_EQ(read->address, kInterface.address);
  FlowInterface free = kInterface;
  free.instance.clear();
  EXPECT_EQ(read_flow_label(make_flow_label(free))->instance, "");
  EXPECT_FALSE(read_flow_label("eni-1 subnet-1"));
}

TEST(FlowLogs, TheDefaultFormat) {
  EXPECT_EQ(make_flow_file(kScope, make_log(), make_window({make_flow()})),
            "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
            "log-status\n"
            "2 123456789012 eni-00000000000000001 10.0.2.9 10.0.1.5 40000 22 6 20 4249 1767323040 1767323100 ACCEPT "
            "OK\n");
}

TEST(FlowLogs, CustomFormats) {
  EXPECT_EQ(line_of("${version} ${vpc-id} ${subnet-id} ${instance-id} ${tcp-flags} ${type}", make_flow()),
            "3 vpc-1 subnet-00000000000000001 i-00000000000000001 3 IPv4\n");
  EXPECT_EQ(line_of("${region} ${az-id} ${sublocation-type} ${pkt-dst-aws-service} ${flow-direction} ${traffic-path}",
                    make_flow()),
            "us-east-1 use1-az1 - - ingress -\n");
  network::Flow out = make_flow();
  out.is_inbound = false;
  out.is_accepted = false;
  out.path = network::FlowPath::internet_gateway;
  // An appliance's: the packet isn't its own.
  EXPECT_EQ(line_of("${version} ${srcaddr} ${pkt-srcaddr} ${dstaddr} ${pkt-dstaddr} ${action} ${traffic-path}", out),
            "5 10.0.1.5 10.0.2.9 10.0.1.5 10.0.1.5 REJECT 8\n");
  EXPECT_EQ(line_of("${version} ${ecs-task-id} ${reject-reason} ${encryption-status}", out), "10 - - -\n");
}

TEST(FlowLogs, FormatsThatAreNone) {
  for (const std::string_view format : {"", "  ", "${nonsense}", "version", "${version", "${version} srcaddr"}) {
    const auto read = read_flow_format(format);
    ASSERT_FALSE(read.has_value()) << format;
    EXPECT_EQ(read.error().code, "InvalidParameter");
  }
  EXPECT_EQ(read_flow_format("  ${srcaddr}   ${dstaddr} ")->size(), 2U);
}

TEST(FlowLogs, NothingCountedAndCountsLost) {
  FlowLogRecord log = make_log();
  log.format = "${interface-id} ${srcaddr} ${packets} ${start} ${action} ${log-status}";
  const std::string head = "interface-id srcaddr packets start action log-status\n";
  EXPECT_EQ(make_flow_file(kScope, log, make_window({})), head + "eni-00000000000000001 - - 1767323040 - NODATA\n");
  log.traffic = TrafficKind::reject;
  EXPECT_EQ(make_flow_file(kScope, log, make_window({make_flow()})),
            head + "eni-00000000000000001 - - 1767323040 - NODATA\n");
  log.traffic = TrafficKind::accept;
  network::FlowWindow window = make_window({make_flow()});
  window.is_overrun = true;
  EXPECT_EQ(make_flow_file(kScope, log, window), head + "eni-00000000000000001 10.0.2.9 20 1767323040 ACCEPT OK\n" +
                                                     "eni-00000000000000001 - - 1767323040 - SKIPDATA\n");
  log.resource = "eni-00000000000000002";
  EXPECT_EQ(make_flow_file(kScope, log, window), "");
}

TEST(FlowLogs, KeysAsOnAws) {
  FlowLogRecord log = make_log();
  const auto window = make_window({});
  const std::string name = "123456789012_vpcflowlogs_us-east-1_fl-00000000000000001_20260102T0305Z_";
  const std::string key = flow_file_key(kScope, log, window);
  EXPECT_TRUE(key.starts_with("AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/01/02/" + name)) << key;
  EXPECT_TRUE(key.ends_with(".log.gz"));
  EXPECT_EQ(flow_file_key(kScope, log, window), key);
  log.prefix = "a/b";
  log.hourly_partitions = true;
  EXPECT_TRUE(flow_file_key(kScope, log, window)
                  .starts_with("a/b/AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/01/02/03/" + name));
  log.hive_partitions = true;
  EXPECT_TRUE(flow_file_key(kScope, log, window)
                  .starts_with("a/b/AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/"
                               "year=2026/month=01/day=02/hour=03/" +
                               name));
}

}  // namespace
}  // namespace aerolith::ec2
