#include "services/ec2/volume_room.h"

#include <fmt/format.h>

namespace aerolith::ec2 {
namespace {

// Volumes are sparse and may promise more than the disk has. None is made where there is hardly anything left of it.
constexpr uint64_t kLeastFreeBytes = uint64_t{1} << 30;

}  // namespace

Result<> check_room_for_volumes(const Cloud& cloud) {
  if (cloud.volumes == nullptr) {
    return errors::of("Unsupported", "This installation has no volumes. `aerolith doctor` says what it lacks.");
  }
  const auto free = cloud.volumes->free_bytes();
  if (!free.has_value()) return errors::internal_error(free.error().detail);
  if (*free >= kLeastFreeBytes) return {};
  return std::unexpected(CallError(protocol::ApiError{
      .code = "InsufficientVolumeCapacity",
      .http_status = 500,
      .message = fmt::format("There is not enough capacity to fulfill your EBS volume provision request: the disk that "
                             "holds Aerolith's data folder has {} MiB left, and {} MiB are kept for what is there.",
                             *free >> 20, kLeastFreeBytes >> 20)}));
}

}  // namespace aerolith::ec2
