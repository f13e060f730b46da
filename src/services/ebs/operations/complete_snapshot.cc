// https://docs.aws.amazon.com/ebs/latest/APIReference/API_CompleteSnapshot.html
#include <fmt/format.h>

#include "services/ebs/operations/operations.h"

namespace aerolith::ebs {

Result<CompleteSnapshotOutput> complete_snapshot(Call& call, const CompleteSnapshotInput& input) {
  const std::string snapshot = TRY(read_snapshot_id(input.snapshot_id));
  if (input.checksum_aggregation_method && *input.checksum_aggregation_method != "LINEAR") {
    return errors::invalid_parameter(
        fmt::format("The checksum aggregation method '{}' is not LINEAR.", *input.checksum_aggregation_method));
  }
  ec2::UploadClaims claims{.block_count = static_cast<uint64_t>(*input.changed_blocks_count)};
  if (input.checksum) claims.checksum = TRY(read_checksum(*input.checksum, input.checksum_algorithm));
  return CompleteSnapshotOutput{.status = TRY(call.parts.snapshots.complete(call.caller(), snapshot, claims))};
}

}  // namespace aerolith::ebs
