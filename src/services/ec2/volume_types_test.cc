#include "services/ec2/volume_types.h"

#include <gtest/gtest.h>

namespace aerolith::ec2 {
namespace {

std::string code_of(const VolumeShape& shape) {
  const auto checked = check_shape(shape);
  return checked.has_value() ? "" : checked.error().code;
}
std::string message_of(const VolumeShape& shape) { return check_shape(shape).error().message; }

constexpr uint64_t kMib = uint64_t{1} << 20;

TEST(VolumeTypesTest, SizesOfTheTypes) {
  const struct {
    std::string type;
    int32_t least;
    int32_t most;
  } all[] = {{"gp2", 1, 16384},   {"gp3", 1, 65536},   {"io1", 4, 16384},    {"io2", 4, 65536},
             {"st1", 125, 16384}, {"sc1", 125, 16384}, {"standard", 1, 1024}};
  for (const auto& each : all) {
    const auto iops = each.type.starts_with("io") ? std::optional(100) : std::nullopt;
    EXPECT_EQ(code_of({each.type, each.least, iops, {}}), "") << each.type;
    EXPECT_EQ(code_of({each.type, each.most, iops, {}}), "") << each.type;
    EXPECT_EQ(code_of({each.type, each.least - 1, iops, {}}), "InvalidParameterValue") << each.type;
    EXPECT_EQ(code_of({each.type, each.most + 1, iops, {}}), "InvalidParameterValue") << each.type;
  }
  EXPECT_EQ(code_of({"gp4", 1, {}, {}}), "UnknownVolumeType");
}

TEST(VolumeTypesTest, IopsAndThroughput) {
  EXPECT_EQ(code_of({"gp3", 160, 80000, 2000}), "");
  EXPECT_EQ(code_of({"gp3", 1, 3000, 125}), "") << "what each of them has";
  EXPECT_EQ(code_of({"gp3", 200, 80001, {}}), "InvalidParameterValue");
  EXPECT_EQ(code_of({"gp3", 200, 2999, {}}), "InvalidParameterValue");
  EXPECT_EQ(message_of({"gp3", 20, 15000, {}}), "Iops to volume size ratio of 750.000000 is too high; maximum is 500");
  EXPECT_EQ(message_of({"gp3", 100, 3000, 1000}),
            "Throughput (MiBps) to iops ratio of 0.333333 is too high; maximum is 0.250000 MiBps per iops");
  EXPECT_EQ(code_of({"gp3", 100, {}, 124}), "InvalidParameterValue");
  EXPECT_EQ(code_of({"gp3", 100, 80000, 2001}), "InvalidParameterValue");
  EXPECT_EQ(code_of({"io1", 10, {}, {}}), "MissingParameter");
  EXPECT_EQ(code_of({"io1", 10, 501, {}}), "InvalidParameterValue");
  EXPECT_EQ(code_of({"io2", 256, 256000, {}}), "");
  EXPECT_EQ(code_of({"gp2", 10, 100, {}}), "InvalidParameterCombination");
  EXPECT_EQ(code_of({"io2", 10, 100, 125}), "InvalidParameterCombination");
}

TEST(VolumeTypesTest, WhatIsShown) {
  EXPECT_EQ(iops_of({"gp2", 1, {}, {}}), 100);
  EXPECT_EQ(iops_of({"gp2", 100, {}, {}}), 300);
  EXPECT_EQ(iops_of({"gp2", 16384, {}, {}}), 16000);
  EXPECT_EQ(iops_of({"gp3", 1, {}, {}}), 3000);
  EXPECT_EQ(iops_of({"st1", 125, {}, {}}), std::nullopt);
  EXPECT_EQ(throughput_of({"gp3", 1, {}, {}}), 125);
  EXPECT_EQ(throughput_of({"io2", 4, 100, {}}), std::nullopt);
}

TEST(VolumeTypesTest, Limits) {
  const compute::DiskLimits gp3 = limits_of({"gp3", 100, 4000, 500});
  EXPECT_EQ(gp3.operations.steady, 4000U);
  EXPECT_EQ(gp3.operations.burst, 0U);
  EXPECT_EQ(gp3.bytes.steady, 500 * kMib);
  const compute::DiskLimits gp2 = limits_of({"gp2", 100, {}, {}});
  EXPECT_EQ(gp2.operations.steady, 300U);
  EXPECT_EQ(gp2.operations.burst * gp2.operations.burst_seconds, 5'400'000U);
  EXPECT_EQ(gp2.bytes.steady, 128 * kMib);
  EXPECT_EQ(limits_of({"gp2", 1000, {}, {}}).operations.burst, 0U);
  EXPECT_EQ(limits_of({"io1", 1000, 2000, {}}).bytes.steady, 500 * kMib);
  EXPECT_EQ(limits_of({"io1", 2000, 64000, {}}).bytes.steady, 1000 * kMib);
  EXPECT_EQ(limits_of({"io2", 1000, 16000, {}}).bytes.steady, 4000 * kMib);
  const compute::DiskLimits st1 = limits_of({"st1", 1024, {}, {}});
  EXPECT_EQ(st1.bytes.steady, 40 * kMib);
  EXPECT_EQ(st1.bytes.burst, 250 * kMib);
  EXPECT_EQ(st1.bytes.burst_seconds, (uint64_t{1} << 40) / (250 * kMib));
  EXPECT_EQ(limits_of({"sc1", 16384, {}, {}}).bytes.steady, 192 * kMib);
  EXPECT_EQ(limits_of({"standard", 10, {}, {}}).operations.steady, 200U);
}

}  // namespace
}  // namespace aerolith::ec2
