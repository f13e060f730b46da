// What QEMU is told of a disk's limits: bursts as types have them, and what isn't limited.
#include "compute/throttle.h"

#include <gtest/gtest.h>

namespace aerolith::compute {
namespace {

namespace json = boost::json;

constexpr uint64_t kMib = uint64_t{1} << 20;

json::value limits_json(const DiskLimits& limits) {
  const json::object group = throttle_group({.volume = "vol-1", .limits = limits});
  EXPECT_EQ(group.at("qom-type"), "throttle-group");
  EXPECT_EQ(group.at("id"), "limits-vol-1");
  return group.at("limits");
}

// gp2 of 100 GiB: 300 a second, 3,000 for as long as 5.4 million credits last, 256 KiB each.
TEST(ThrottleTest, BurstsOfOperations) {
  EXPECT_EQ(limits_json({.operations = {.steady = 300, .burst = 3000, .burst_seconds = 1800},
                         .bytes = {.steady = 128 * kMib},
                         .operation_bytes = 256 << 10}),
            (json::value{{"iops-total", 300},
                         {"iops-total-max", 3000},
                         {"iops-total-max-length", 1800},
                         {"bps-total", 128 * kMib},
                         {"bps-total-max", 0},
                         {"bps-total-max-length", 1},
                         {"iops-size", 256 << 10}}));
}

// st1 and sc1: throughput that bursts.
TEST(ThrottleTest, BurstsOfBytes) {
  EXPECT_EQ(limits_json({.operations = {.steady = 500},
                         .bytes = {.steady = 40 * kMib, .burst = 250 * kMib, .burst_seconds = 4194},
                         .operation_bytes = kMib}),
            (json::value{{"iops-total", 500},
                         {"iops-total-max", 0},
                         {"iops-total-max-length", 1},
                         {"bps-total", 40 * kMib},
                         {"bps-total-max", 250 * kMib},
                         {"bps-total-max-length", 4194},
                         {"iops-size", kMib}}));
}

// All is said each time: what was set before goes.
TEST(ThrottleTest, NoLimitsAndNoBursts) {
  EXPECT_EQ(limits_json({}), (json::value{{"iops-total", 0},
                                          {"iops-total-max", 0},
                                          {"iops-total-max-length", 1},
                                          {"bps-total", 0},
                                          {"bps-total-max", 0},
                                          {"bps-total-max-length", 1},
                                          {"iops-size", 0}}));
  // A burst that is none, as of a large st1; QEMU refuses a size of operations where these aren't limited.
  const json::value same =
      limits_json({.bytes = {.steady = 500 * kMib, .burst = 500 * kMib, .burst_seconds = 10}, .operation_bytes = kMib});
  EXPECT_EQ(same.at("bps-total-max"), 0);
  EXPECT_EQ(same.at("iops-size"), 0);
}

}  // namespace
}  // namespace aerolith::compute
