// The sizes of volumes and snapshots, which EC2 counts in GiB.
#pragma once

#include <algorithm>
#include <cstdint>

namespace aerolith::ec2 {

inline constexpr uint64_t kGib = uint64_t{1} << 30;

constexpr uint64_t bytes_of_gib(int32_t gib) { return static_cast<uint64_t>(gib) * kGib; }
// The least that hold so many bytes; 1 at least.
constexpr int32_t gib_for(uint64_t bytes) { return std::max(1, static_cast<int32_t>((bytes + kGib - 1) / kGib)); }

}  // namespace aerolith::ec2
