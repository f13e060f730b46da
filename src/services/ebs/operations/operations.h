// The operations of this service.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ebs/model.h"
#include "gateway/call.h"
#include "services/ebs/errors.h"
#include "services/ebs/service.h"
#include "services/ebs/tokens.h"

namespace aerolith::ebs {

// Lives for one call, on one thread.
struct Call {
  gateway::CallContext& context;
  const Parts& parts;

  ec2::DirectCaller caller() const {
    return {.account = context.principal().account, .region = context.region, .now = context.now};
  }
};

Result<StartSnapshotOutput> start_snapshot(Call& call, const StartSnapshotInput& input);
Result<PutSnapshotBlockOutput> put_snapshot_block(Call& call, const PutSnapshotBlockInput& input);
Result<CompleteSnapshotOutput> complete_snapshot(Call& call, const CompleteSnapshotInput& input);
Result<ListSnapshotBlocksOutput> list_snapshot_blocks(Call& call, const ListSnapshotBlocksInput& input);
Result<ListChangedBlocksOutput> list_changed_blocks(Call& call, const ListChangedBlocksInput& input);
Result<GetSnapshotBlockOutput> get_snapshot_block(Call& call, const GetSnapshotBlockInput& input);

inline constexpr std::string_view kChecksumAlgorithm = "SHA256";

// ValidationException INVALID_SNAPSHOT_ID for what is no id at all.
Result<std::string> read_snapshot_id(const std::optional<std::string>& id);
// Raw bytes. INVALID_PARAMETER_VALUE for what is no SHA-256 in base64, and for other algorithms.
Result<std::string> read_checksum(const std::string& checksum, const std::optional<std::string>& algorithm);

}  // namespace aerolith::ebs
