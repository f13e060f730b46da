// https://docs.aws.amazon.com/ebs/latest/APIReference/API_ListSnapshotBlocks.html
// https://docs.aws.amazon.com/ebs/latest/APIReference/API_ListChangedBlocks.html
#include <fmt/format.h>

#include "blocks/stored_block.h"
#include "services/ebs/listing.h"
#include "services/ebs/operations/operations.h"

namespace aerolith::ebs {
namespace {

constexpr int32_t kMostBlocks = 10000;

// A token of before wins over an index.
template <typename Input>
Result<uint64_t> read_start(const Call& call, const Input& input, std::string_view snapshots) {
  if (!input.next_token) return static_cast<uint64_t>(input.starting_block_index.value_or(0));
  const Place place{.account = call.context.principal().account.view(), .snapshots = snapshots};
  const auto index = open_token(call.parts.tokens, TokenKind::page, *input.next_token, place, call.context.now);
  if (index.has_value()) return *index;
  const bool is_over = index.error() == TokenFault::expired;
  return errors::invalid("INVALID_PAGE_TOKEN", is_over ? "The page token has expired: it is valid for 60 minutes."
                                                       : "The page token is not valid for this request.");
}

std::string token(const Call& call, TokenKind kind, std::string_view snapshots, uint64_t index) {
  const Place place{.account = call.context.principal().account.view(), .snapshots = snapshots, .index = index};
  return make_token(call.parts.tokens, kind, place, call.context.now);
}

template <typename Input>
size_t most_of(const Input& input) {
  return static_cast<size_t>(input.max_results.value_or(kMostBlocks));
}

// Of any answer with tokens.
template <typename Output>
void put_facts(const Call& call, const ec2::DirectSnapshot& snapshot, Output& output) {
  output.expiry_time = call.context.now + life_of(TokenKind::block);
  output.volume_size = snapshot.size_gib;
  output.block_size = static_cast<int32_t>(blocks::kBlockBytes);
}

}  // namespace

Result<ListSnapshotBlocksOutput> list_snapshot_blocks(Call& call, const ListSnapshotBlocksInput& input) {
  const std::string id = TRY(read_snapshot_id(input.snapshot_id));
  const ec2::DirectSnapshot snapshot = TRY(call.parts.snapshots.find_completed(call.caller(), id));
  const uint64_t start = TRY(read_start(call, input, id));
  const auto manifest = TRY(call.parts.snapshots.manifest(id));
  const Page<uint64_t> page = list_blocks(*manifest, start, most_of(input));
  ListSnapshotBlocksOutput output{.blocks = std::vector<Block>()};
  for (const uint64_t index : page.items) {
    output.blocks->push_back(
        {.block_index = static_cast<int32_t>(index), .block_token = token(call, TokenKind::block, id, index)});
  }
  if (page.next) output.next_token = token(call, TokenKind::page, id, *page.next);
  put_facts(call, snapshot, output);
  return output;
}

Result<ListChangedBlocksOutput> list_changed_blocks(Call& call, const ListChangedBlocksInput& input) {
  const std::string second_id = TRY(read_snapshot_id(input.second_snapshot_id));
  if (!input.first_snapshot_id) {
    return errors::invalid_parameter("SecondSnapshotId must be given with a FirstSnapshotId.");
  }
  const std::string first_id = TRY(read_snapshot_id(input.first_snapshot_id));
  const ec2::DirectSnapshot first = TRY(call.parts.snapshots.find_completed(call.caller(), first_id));
  const ec2::DirectSnapshot second = TRY(call.parts.snapshots.find_completed(call.caller(), second_id));
  if (first.origin != second.origin) {
    return errors::invalid("UNRELATED_SNAPSHOTS",
                           fmt::format("The snapshots '{}' and '{}' are not of the same volume or snapshot lineage.",
                                       first_id, second_id));
  }
  const std::string both = fmt::format("{} {}", first_id, second_id);
  const uint64_t start = TRY(read_start(call, input, both));
  const auto before = TRY(call.parts.snapshots.manifest(first_id));
  const auto after = TRY(call.parts.snapshots.manifest(second_id));
  const Page<Difference> page = list_differences(*before, *after, start, most_of(input));
  ListChangedBlocksOutput output{.changed_blocks = std::vector<ChangedBlock>()};
  for (const Difference& each : page.items) {
    ChangedBlock& block = output.changed_blocks->emplace_back();
    block.block_index = static_cast<int32_t>(each.index);
    if (each.in_first) block.first_block_token = token(call, TokenKind::block, first_id, each.index);
    if (each.in_second) block.second_block_token = token(call, TokenKind::block, second_id, each.index);
  }
  if (page.next) output.next_token = token(call, TokenKind::page, both, *page.next);
  put_facts(call, second, output);
  return output;
}

}  // namespace aerolith::ebs
