#include "services/ec2/instance_types.h"

#include <algorithm>

namespace aerolith::ec2 {
namespace {

// Sorted by name. Name, vCPUs, memory in MiB, threads a core, interfaces, addresses each, current generation.
constexpr TypeFacts kTypes[] = {
    {"c5.12xlarge", 48, 98304, 2, 8, 30, true},
    {"c5.18xlarge", 72, 147456, 2, 15, 50, true},
    {"c5.24xlarge", 96, 196608, 2, 15, 50, true},
    {"c5.2xlarge", 8, 16384, 2, 4, 15, true},
    {"c5.4xlarge", 16, 32768, 2, 8, 30, true},
    {"c5.9xlarge", 36, 73728, 2, 8, 30, true},
    {"c5.large", 2, 4096, 2, 3, 10, true},
    {"c5.xlarge", 4, 8192, 2, 4, 15, true},
    {"c6i.12xlarge", 48, 98304, 2, 8, 30, true},
    {"c6i.16xlarge", 64, 131072, 2, 15, 50, true},
    {"c6i.24xlarge", 96, 196608, 2, 15, 50, true},
    {"c6i.2xlarge", 8, 16384, 2, 4, 15, true},
    {"c6i.4xlarge", 16, 32768, 2, 8, 30, true},
    {"c6i.8xlarge", 32, 65536, 2, 8, 30, true},
    {"c6i.large", 2, 4096, 2, 3, 10, true},
    {"c6i.xlarge", 4, 8192, 2, 4, 15, true},
    {"m5.12xlarge", 48, 196608, 2, 8, 30, true},
    {"m5.16xlarge", 64, 262144, 2, 15, 50, true},
    {"m5.24xlarge", 96, 393216, 2, 15, 50, true},
    {"m5.2xlarge", 8, 32768, 2, 4, 15, true},
    {"m5.4xlarge", 16, 65536, 2, 8, 30, true},
    {"m5.8xlarge", 32, 131072, 2, 8, 30, true},
    {"m5.large", 2, 8192, 2, 3, 10, true},
    {"m5.xlarge", 4, 16384, 2, 4, 15, true},
    {"m5a.12xlarge", 48, 196608, 2, 8, 30, true},
    {"m5a.16xlarge", 64, 262144, 2, 15, 50, true},
    {"m5a.24xlarge", 96, 393216, 2, 15, 50, true},
    {"m5a.2xlarge", 8, 32768, 2, 4, 15, true},
    {"m5a.4xlarge", 16, 65536, 2, 8, 30, true},
    {"m5a.8xlarge", 32, 131072, 2, 8, 30, true},
    {"m5a.large", 2, 8192, 2, 3, 10, true},
    {"m5a.xlarge", 4, 16384, 2, 4, 15, true},
    {"m6i.12xlarge", 48, 196608, 2, 8, 30, true},
    {"m6i.16xlarge", 64, 262144, 2, 15, 50, true},
    {"m6i.24xlarge", 96, 393216, 2, 15, 50, true},
    {"m6i.2xlarge", 8, 32768, 2, 4, 15, true},
    {"m6i.4xlarge", 16, 65536, 2, 8, 30, true},
    {"m6i.8xlarge", 32, 131072, 2, 8, 30, true},
    {"m6i.large", 2, 8192, 2, 3, 10, true},
    {"m6i.xlarge", 4, 16384, 2, 4, 15, true},
    {"r5.12xlarge", 48, 393216, 2, 8, 30, true},
    {"r5.16xlarge", 64, 524288, 2, 15, 50, true},
    {"r5.24xlarge", 96, 786432, 2, 15, 50, true},
    {"r5.2xlarge", 8, 65536, 2, 4, 15, true},
    {"r5.4xlarge", 16, 131072, 2, 8, 30, true},
    {"r5.8xlarge", 32, 262144, 2, 8, 30, true},
    {"r5.large", 2, 16384, 2, 3, 10, true},
    {"r5.xlarge", 4, 32768, 2, 4, 15, true},
    {"r6i.12xlarge", 48, 393216, 2, 8, 30, true},
    {"r6i.16xlarge", 64, 524288, 2, 15, 50, true},
    {"r6i.24xlarge", 96, 786432, 2, 15, 50, true},
    {"r6i.2xlarge", 8, 65536, 2, 4, 15, true},
    {"r6i.4xlarge", 16, 131072, 2, 8, 30, true},
    {"r6i.8xlarge", 32, 262144, 2, 8, 30, true},
    {"r6i.large", 2, 16384, 2, 3, 10, true},
    {"r6i.xlarge", 4, 32768, 2, 4, 15, true},
    {"t2.2xlarge", 8, 32768, 1, 3, 15, true},
    {"t2.large", 2, 8192, 1, 3, 12, true},
    {"t2.medium", 2, 4096, 1, 3, 6, true},
    {"t2.micro", 1, 1024, 1, 2, 2, true},
    {"t2.nano", 1, 512, 1, 2, 2, true},
    {"t2.small", 1, 2048, 1, 3, 4, true},
    {"t2.xlarge", 4, 16384, 1, 3, 15, true},
    {"t3.2xlarge", 8, 32768, 2, 4, 15, true},
    {"t3.large", 2, 8192, 2, 3, 12, true},
    {"t3.medium", 2, 4096, 2, 3, 6, true},
    {"t3.micro", 2, 1024, 2, 2, 2, true},
    {"t3.nano", 2, 512, 2, 2, 2, true},
    {"t3.small", 2, 2048, 2, 3, 4, true},
    {"t3.xlarge", 4, 16384, 2, 4, 15, true},
    {"t3a.2xlarge", 8, 32768, 2, 4, 15, true},
    {"t3a.large", 2, 8192, 2, 3, 12, true},
    {"t3a.medium", 2, 4096, 2, 3, 6, true},
    {"t3a.micro", 2, 1024, 2, 2, 2, true},
    {"t3a.nano", 2, 512, 2, 2, 2, true},
    {"t3a.small", 2, 2048, 2, 2, 4, true},
    {"t3a.xlarge", 4, 16384, 2, 4, 15, true},
};
static_assert(std::ranges::is_sorted(kTypes, {}, &TypeFacts::name));

}  // namespace

std::span<const TypeFacts> instance_types() { return kTypes; }

const TypeFacts* find_instance_type(std::string_view name) {
  const auto* found = std::ranges::lower_bound(kTypes, name, {}, &TypeFacts::name);
  return found != std::end(kTypes) && found->name == name ? found : nullptr;
}

}  // namespace aerolith::ec2
