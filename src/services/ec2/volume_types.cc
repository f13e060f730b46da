#include "services/ec2/volume_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "services/ec2/volume_sizes.h"

namespace aerolith::ec2 {
namespace {

constexpr uint64_t kMibOfVolumes = uint64_t{1} << 20;
constexpr uint64_t kKib256 = uint64_t{256} << 10;
constexpr int32_t kGp3Iops = 3000;
constexpr int32_t kGp3Throughput = 125;
constexpr double kMostThroughputPerIops = 0.25;

constexpr std::array kVolumeTypes{
    VolumeTypeFacts{.name = "gp2"},
    VolumeTypeFacts{.name = "gp3",
                    .most_gib = 65536,
                    .least_iops = 3000,
                    .most_iops = 80000,
                    .most_iops_per_gib = 500,
                    .least_throughput = 125,
                    .most_throughput = 2000},
    VolumeTypeFacts{.name = "io1", .least_gib = 4, .least_iops = 100, .most_iops = 64000, .most_iops_per_gib = 50},
    VolumeTypeFacts{.name = "io2",
                    .least_gib = 4,
                    .most_gib = 65536,
                    .least_iops = 100,
                    .most_iops = 256000,
                    .most_iops_per_gib = 1000},
    VolumeTypeFacts{.name = "st1", .least_gib = 125, .may_boot = false},
    VolumeTypeFacts{.name = "sc1", .least_gib = 125, .may_boot = false},
    VolumeTypeFacts{.name = "standard", .most_gib = 1024},
};

Result<> check_size(const VolumeTypeFacts& type, int32_t size_gib) {
  if (size_gib < type.least_gib) {
    return errors::invalid_parameter(fmt::format("Volume of {}GiB is too small for volume type {}; minimum is {}GiB.",
                                                 size_gib, type.name, type.least_gib));
  }
  if (size_gib > type.most_gib) {
    return errors::invalid_parameter(fmt::format("Volume of {}GiB is too large for volume type {}; maximum is {}GiB.",
                                                 size_gib, type.name, type.most_gib));
  }
  return {};
}

Result<> check_iops(const VolumeTypeFacts& type, const VolumeShape& shape) {
  if (!shape.iops) {
    if (!type.name.starts_with("io")) return {};
    return errors::of("MissingParameter",
                      fmt::format("The parameter iops must be specified for {} volumes.", type.name));
  }
  if (type.most_iops == 0) {
    return errors::invalid_combination(fmt::format("The parameter iops is not supported for {} volumes.", type.name));
  }
  const int32_t iops = *shape.iops;
  if (iops < type.least_iops) {
    return errors::invalid_parameter(
        fmt::format("Volume iops of {} is too low; minimum is {}.", iops, type.least_iops));
  }
  if (iops > type.most_iops) {
    return errors::invalid_parameter(
        fmt::format("Volume iops of {} is too high; maximum is {}.", iops, type.most_iops));
  }
  const double ratio = static_cast<double>(iops) / shape.size_gib;
  // What each gp3 volume has is no matter of its size.
  if (ratio > type.most_iops_per_gib && !(type.name == "gp3" && iops == kGp3Iops)) {
    return errors::invalid_parameter(
        fmt::format("Iops to volume size ratio of {:.6f} is too high; maximum is {}", ratio, type.most_iops_per_gib));
  }
  return {};
}

Result<> check_throughput(const VolumeTypeFacts& type, const VolumeShape& shape) {
  if (!shape.throughput) return {};
  if (type.most_throughput == 0) {
    return errors::invalid_combination(
        fmt::format("The parameter throughput is not supported for {} volumes.", type.name));
  }
  const int32_t throughput = *shape.throughput;
  if (throughput < type.least_throughput) {
    return errors::invalid_parameter(
        fmt::format("Throughput (MiBps) of {} is too low; minimum is {} MiBps.", throughput, type.least_throughput));
  }
  if (throughput > type.most_throughput) {
    return errors::invalid_parameter(
        fmt::format("Throughput (MiBps) of {} is too high; maximum is {} MiBps.", throughput, type.most_throughput));
  }
  const double ratio = static_cast<double>(throughput) / shape.iops.value_or(kGp3Iops);
  if (ratio > kMostThroughputPerIops) {
    return errors::invalid_parameter(
        fmt::format("Throughput (MiBps) to iops ratio of {:.6f} is too high; maximum is {:.6f} MiBps per iops", ratio,
                    kMostThroughputPerIops));
  }
  return {};
}

uint64_t bytes_of(int32_t mib) { return static_cast<uint64_t>(mib) * kMibOfVolumes; }

// "The volume's credit balance is 5.4 million": 3,000 IOPS for half an hour.
compute::DiskLimits limits_of_gp2(const VolumeShape& shape) {
  constexpr uint64_t kBurst = 3000;
  constexpr uint64_t kBurstSeconds = 1800;
  constexpr int32_t kSmallGib = 170;
  const auto steady = static_cast<uint64_t>(*iops_of(shape));
  compute::DiskLimits limits{.operations = {.steady = steady}, .operation_bytes = kKib256};
  if (steady < kBurst) limits.operations = {.steady = steady, .burst = kBurst, .burst_seconds = kBurstSeconds};
  limits.bytes.steady = bytes_of(shape.size_gib <= kSmallGib ? 128 : 250);
  return limits;
}

// io1: 256 KiB an operation up to 500 MiB/s; from 32,000 IOPS on 16 KiB an operation, up to 1,000. io2: 256 KiB, up to
// 4,000.
compute::DiskLimits limits_of_provisioned(const VolumeShape& shape) {
  constexpr uint64_t kManyIops = 32000;
  const auto iops = static_cast<uint64_t>(shape.iops.value_or(0));
  const uint64_t each = iops * kKib256;
  uint64_t bytes = std::min(each, bytes_of(4000));
  if (shape.type == "io1") {
    bytes = iops > kManyIops ? std::min(iops * (uint64_t{16} << 10), bytes_of(1000)) : std::min(each, bytes_of(500));
  }
  return {.operations = {.steady = iops}, .bytes = {.steady = bytes}, .operation_bytes = kKib256};
}

struct DiskRates {
  double steady_per_tib;  // MiB/s
  double burst_per_tib;
  int32_t most_steady;
  int32_t most_burst;
  uint64_t iops;
};
// Credits of a whole volume are as many bytes as it has.
compute::DiskLimits limits_of_hard_disk(const VolumeShape& shape, const DiskRates& rates) {
  const double tib = shape.size_gib / 1024.0;
  const auto steady =
      static_cast<uint64_t>(std::min<double>(rates.steady_per_tib * tib, rates.most_steady) * kMibOfVolumes);
  const auto burst =
      static_cast<uint64_t>(std::min<double>(rates.burst_per_tib * tib, rates.most_burst) * kMibOfVolumes);
  compute::DiskLimits limits{
      .operations = {.steady = rates.iops}, .bytes = {.steady = steady}, .operation_bytes = kMibOfVolumes};
  if (burst > steady) {
    limits.bytes.burst = burst;
    limits.bytes.burst_seconds = std::max<uint64_t>(1, bytes_of_gib(shape.size_gib) / burst);
  }
  return limits;
}

}  // namespace

const VolumeTypeFacts* find_volume_type(std::string_view name) {
  const auto* const found = std::ranges::find(kVolumeTypes, name, &VolumeTypeFacts::name);
  return found == kVolumeTypes.end() ? nullptr : found;
}

Result<> check_shape(const VolumeShape& shape) {
  const VolumeTypeFacts* const type = find_volume_type(shape.type);
  if (type == nullptr) {
    return errors::of("UnknownVolumeType",
                      fmt::format("Unsupported volume type '{}' for volume creation.", shape.type));
  }
  TRY(check_size(*type, shape.size_gib));
  TRY(check_iops(*type, shape));
  if (shape.multi_attach && !type->name.starts_with("io")) {
    return errors::invalid_combination(fmt::format("Multi-Attach is not supported for {} volumes.", type->name));
  }
  return check_throughput(*type, shape);
}

std::optional<int32_t> iops_of(const VolumeShape& shape) {
  constexpr int32_t kGp2PerGib = 3;
  constexpr int32_t kGp2Least = 100;
  constexpr int32_t kGp2Most = 16000;
  if (shape.iops) return shape.iops;
  if (shape.type == "gp3") return kGp3Iops;
  if (shape.type == "gp2") return std::clamp(kGp2PerGib * shape.size_gib, kGp2Least, kGp2Most);
  return std::nullopt;
}

std::optional<int32_t> throughput_of(const VolumeShape& shape) {
  if (shape.type != "gp3") return std::nullopt;
  return shape.throughput.value_or(kGp3Throughput);
}

compute::DiskLimits limits_of(const VolumeShape& shape) {
  if (shape.type == "gp2") return limits_of_gp2(shape);
  if (shape.type == "io1" || shape.type == "io2") return limits_of_provisioned(shape);
  if (shape.type == "st1") {
    return limits_of_hard_disk(
        shape, {.steady_per_tib = 40, .burst_per_tib = 250, .most_steady = 500, .most_burst = 500, .iops = 500});
  }
  if (shape.type == "sc1") {
    return limits_of_hard_disk(
        shape, {.steady_per_tib = 12, .burst_per_tib = 80, .most_steady = 192, .most_burst = 250, .iops = 250});
  }
  // Magnetic disks: 40 to 200 IOPS, 40 to 90 MiB/s.
  if (shape.type == "standard") return {.operations = {.steady = 200}, .bytes = {.steady = bytes_of(90)}};
  return {.operations = {.steady = static_cast<uint64_t>(iops_of(shape).value_or(kGp3Iops))},
          .bytes = {.steady = bytes_of(throughput_of(shape).value_or(kGp3Throughput))},
          .operation_bytes = kKib256};
}

Result<> check_initialization_rate(const std::optional<int32_t>& rate, bool has_snapshot) {
  constexpr int32_t kLeast = 100;
  constexpr int32_t kMost = 300;
  if (!rate) return {};
  if (!has_snapshot) {
    return errors::invalid_combination(
        "VolumeInitializationRate is supported only for volumes created from snapshots.");
  }
  if (*rate >= kLeast && *rate <= kMost) return {};
  return errors::invalid_value("VolumeInitializationRate", std::to_string(*rate),
                               fmt::format("It must be between {} and {} MiB/s.", kLeast, kMost));
}

}  // namespace aerolith::ec2
