// The types of volumes: what each may be made of, and how fast it is.
// https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "compute/driver.h"
#include "services/ec2/instance_tables.h"

namespace aerolith::ec2 {

struct VolumeTypeFacts {
  std::string_view name;
  int32_t least_gib = 1;
  int32_t most_gib = 16384;
  // What may be asked for. Zeros: nothing.
  int32_t least_iops = 0;
  int32_t most_iops = 0;
  int32_t most_iops_per_gib = 0;
  int32_t least_throughput = 0;  // MiB/s
  int32_t most_throughput = 0;
  bool may_boot = true;
};

// Nullopt: there is no such type.
const VolumeTypeFacts* find_volume_type(std::string_view name);

// UnknownVolumeType, InvalidParameterValue, InvalidParameterCombination, MissingParameter. IOPS of io1 and io2 must be
// there; those alone may have Multi-Attach.
Result<> check_shape(const VolumeShape& shape);

// As DescribeVolumes shows them; nullopt: it shows none.
std::optional<int32_t> iops_of(const VolumeShape& shape);
std::optional<int32_t> throughput_of(const VolumeShape& shape);

// What the host keeps it to.
compute::DiskLimits limits_of(const VolumeShape& shape);

// MiB a second with which a volume is filled from its snapshot: 100 to 300.
// https://docs.aws.amazon.com/ebs/latest/userguide/initalize-volume.html#volume-initialization-rate
Result<> check_initialization_rate(const std::optional<int32_t>& rate, bool has_snapshot);

}  // namespace aerolith::ec2
