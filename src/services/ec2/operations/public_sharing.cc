// Block public access for snapshots and for images.
// https://docs.aws.amazon.com/ebs/latest/userguide/block-public-access-snapshots.html
#include "services/ec2/public_sharing.h"

#include <string>
#include <utility>

#include "ec2/operations/disable_image_block_public_access.h"
#include "ec2/operations/disable_snapshot_block_public_access.h"
#include "ec2/operations/enable_image_block_public_access.h"
#include "ec2/operations/enable_snapshot_block_public_access.h"
#include "ec2/operations/get_image_block_public_access_state.h"
#include "ec2/operations/get_snapshot_block_public_access_state.h"
#include "services/ec2/operations/operations.h"

namespace aerolith::ec2 {
namespace {

using SharingTable = metadata::Table<PublicSharingRecord, AccountId, RegionName>;

Result<> set_sharing(Call& call, const SharingTable& table, PublicSharing state) {
  return call.write([&](metadata::Transaction& txn) -> Result<> {
    table.put(txn, {call.scope.account, call.scope.region}, {.state = state});
    return {};
  });
}

}  // namespace

std::string_view name_of(PublicSharing state) {
  switch (state) {
    case PublicSharing::unblocked:
      return "unblocked";
    case PublicSharing::block_new_sharing:
      return "block-new-sharing";
    case PublicSharing::block_all_sharing:
      return "block-all-sharing";
  }
  std::unreachable();
}

Result<PublicSharing> public_sharing_of(metadata::ReadTransaction& txn, const Scope& scope) {
  const auto record = TRY(kPublicSharing.get(txn, {scope.account, scope.region}));
  return record ? record->state : PublicSharing::unblocked;
}

Result<PublicSharing> image_sharing_of(metadata::ReadTransaction& txn, const Scope& scope) {
  const auto record = TRY(kImageSharing.get(txn, {scope.account, scope.region}));
  return record ? record->state : PublicSharing::unblocked;
}

Result<EnableSnapshotBlockPublicAccessOutput> enable_snapshot_block_public_access(
    Call& call, const EnableSnapshotBlockPublicAccessInput& input) {
  for (const auto state : {PublicSharing::block_new_sharing, PublicSharing::block_all_sharing}) {
    if (*input.state != name_of(state)) continue;
    TRY(set_sharing(call, kPublicSharing, state));
    return EnableSnapshotBlockPublicAccessOutput{.state = std::string(name_of(state))};
  }
  return errors::invalid_value("State", *input.state, "Valid values are block-all-sharing and block-new-sharing.");
}

Result<DisableSnapshotBlockPublicAccessOutput> disable_snapshot_block_public_access(
    Call& call, const DisableSnapshotBlockPublicAccessInput& /*input*/) {
  TRY(set_sharing(call, kPublicSharing, PublicSharing::unblocked));
  return DisableSnapshotBlockPublicAccessOutput{.state = std::string(name_of(PublicSharing::unblocked))};
}

Result<GetSnapshotBlockPublicAccessStateOutput> get_snapshot_block_public_access_state(
    Call& call, const GetSnapshotBlockPublicAccessStateInput& /*input*/) {
  const auto state = TRY(public_sharing_of(*call.read(), call.scope));
  return GetSnapshotBlockPublicAccessStateOutput{.state = std::string(name_of(state)), .managed_by = "account"};
}

Result<EnableImageBlockPublicAccessOutput> enable_image_block_public_access(
    Call& call, const EnableImageBlockPublicAccessInput& input) {
  const std::string& state = *input.image_block_public_access_state;
  if (state != name_of(PublicSharing::block_new_sharing)) {
    return errors::invalid_value("ImageBlockPublicAccessState", state, "The only valid value is block-new-sharing.");
  }
  TRY(set_sharing(call, kImageSharing, PublicSharing::block_new_sharing));
  return EnableImageBlockPublicAccessOutput{.image_block_public_access_state = state};
}

Result<DisableImageBlockPublicAccessOutput> disable_image_block_public_access(
    Call& call, const DisableImageBlockPublicAccessInput& /*input*/) {
  TRY(set_sharing(call, kImageSharing, PublicSharing::unblocked));
  return DisableImageBlockPublicAccessOutput{.image_block_public_access_state =
                                                 std::string(name_of(PublicSharing::unblocked))};
}

Result<GetImageBlockPublicAccessStateOutput> get_image_block_public_access_state(
    Call& call, const GetImageBlockPublicAccessStateInput& /*input*/) {
  const auto state = TRY(image_sharing_of(*call.read(), call.scope));
  return GetImageBlockPublicAccessStateOutput{.image_block_public_access_state = std::string(name_of(state)),
                                              .managed_by = "account"};
}

}  // namespace aerolith::ec2
