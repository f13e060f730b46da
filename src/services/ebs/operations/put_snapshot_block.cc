// https://docs.aws.amazon.com/ebs/latest/APIReference/API_PutSnapshotBlock.html
#include <fmt/format.h>

#include "base/encoding.h"
#include "blocks/stored_block.h"
#include "gateway/errors.h"
#include "services/ebs/operations/operations.h"

namespace aerolith::ebs {
namespace {

// Recorded: https://github.com/nanovms/ops/pull/1268
std::unexpected<CallError> cut_short() { return errors::invalid_parameter("Failed to read block data"); }

// All of the body, once its signature is known to be right.
Result<std::string> read_block(const Call& call) {
  std::string block(blocks::kBlockBytes, '\0');
  const auto length = http::read_full(*call.context.body, block);
  char more = 0;
  const auto end = length.has_value() ? call.context.body->read({&more, 1}) : length;
  if (end.has_value()) {
    if (*length == block.size() && *end == 0) return block;
    return cut_short();
  }
  if (end.error().code == http::BodyErrorCode::disconnected) return cut_short();
  return std::unexpected(CallError(gateway::payload_error(end.error(), call.context.body->failure(),
                                                          gateway::error_style(call.context.resolved.protocol))));
}

}  // namespace

Result<PutSnapshotBlockOutput> put_snapshot_block(Call& call, const PutSnapshotBlockInput& input) {
  const std::string snapshot = TRY(read_snapshot_id(input.snapshot_id));
  if (*input.data_length != static_cast<int32_t>(blocks::kBlockBytes)) {
    return errors::invalid_parameter(
        fmt::format("The data length {} is not {}.", *input.data_length, blocks::kBlockBytes));
  }
  const std::string expected = TRY(read_checksum(*input.checksum, input.checksum_algorithm));
  const std::string block = TRY(read_block(call));
  if (blocks::hash_of(block) != expected) {
    return errors::invalid_parameter("The checksum is not that of the block data.");
  }
  TRY(call.parts.snapshots.put(call.caller(), snapshot,
                               {.index = static_cast<uint64_t>(*input.block_index),
                                .bytes = block,
                                .sha256 = expected,
                                .progress = input.progress}));
  return PutSnapshotBlockOutput{.checksum = base64_encode(expected),
                                .checksum_algorithm = std::string(kChecksumAlgorithm)};
}

}  // namespace aerolith::ebs
