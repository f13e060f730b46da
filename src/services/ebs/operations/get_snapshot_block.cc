// https://docs.aws.amazon.com/ebs/latest/APIReference/API_GetSnapshotBlock.html
#include <fmt/format.h>

#include "base/encoding.h"
#include "blocks/stored_block.h"
#include "services/ebs/operations/operations.h"

namespace aerolith::ebs {
namespace {

Result<> check_token(const Call& call, const std::string& snapshot, const GetSnapshotBlockInput& input) {
  const Place place{.account = call.context.principal().account.view(), .snapshots = snapshot};
  const auto index = open_token(call.parts.tokens, TokenKind::block, *input.block_token, place, call.context.now);
  if (index.has_value() && *index == static_cast<uint64_t>(*input.block_index)) return {};
  if (!index.has_value() && index.error() == TokenFault::expired) {
    return errors::invalid("INVALID_BLOCK_TOKEN", "The block token has expired: it is valid for seven days.");
  }
  return errors::invalid(
      "INVALID_BLOCK_TOKEN",
      fmt::format("The block token is not valid for block {} of the snapshot '{}'.", *input.block_index, snapshot));
}

}  // namespace

Result<GetSnapshotBlockOutput> get_snapshot_block(Call& call, const GetSnapshotBlockInput& input) {
  const std::string snapshot = TRY(read_snapshot_id(input.snapshot_id));
  TRY(call.parts.snapshots.find_completed(call.caller(), snapshot));
  TRY(check_token(call, snapshot, input));
  std::string block = TRY(call.parts.snapshots.read(snapshot, static_cast<uint64_t>(*input.block_index)));
  GetSnapshotBlockOutput output{.data_length = static_cast<int32_t>(block.size()),
                                .checksum = base64_encode(blocks::hash_of(block)),
                                .checksum_algorithm = std::string(kChecksumAlgorithm)};
  call.context.response_body = std::move(block);
  return output;
}

}  // namespace aerolith::ebs
