// Who may make volumes of a snapshot.
// https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ec2/operations/describe_snapshot_attribute.h"
#include "ec2/operations/modify_snapshot_attribute.h"
#include "ec2/operations/reset_snapshot_attribute.h"
#include "services/ec2/filters.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/public_sharing.h"
#include "services/ec2/snapshots.h"

namespace aerolith::ec2 {
namespace {

constexpr std::string_view kPermission = "createVolumePermission";

Result<> check_permission(const CreateVolumePermission& permission) {
  constexpr size_t kAccountDigits = 12;
  if (permission.group && *permission.group != "all") {
    return errors::invalid_value("group", *permission.group, "The only group is 'all'.");
  }
  if (!permission.user_id) return {};
  const std::string& account = *permission.user_id;
  const bool is_account =
      account.size() == kAccountDigits && std::ranges::all_of(account, [](char c) { return c >= '0' && c <= '9'; });
  if (is_account) return {};
  return errors::of("InvalidUserID.Malformed", fmt::format("Invalid user id: \"{}\"", account));
}

// Also as the older way of the call lists them.
Result<CreateVolumePermissionModifications> read_changes(const ModifySnapshotAttributeInput& input) {
  CreateVolumePermissionModifications changes =
      input.create_volume_permission.value_or(CreateVolumePermissionModifications());
  if (!changes.add) changes.add.emplace();
  if (!changes.remove) changes.remove.emplace();
  const Strings users = input.user_ids.value_or(Strings());
  const Strings groups = input.group_names.value_or(Strings());
  if ((!users.empty() || !groups.empty()) && !input.operation_type) return errors::missing_parameter("operationType");
  auto& listed = input.operation_type == "remove" ? *changes.remove : *changes.add;
  for (const std::string& account : users) listed.push_back({.user_id = account});
  for (const std::string& group : groups) listed.push_back({.group = group});
  if (changes.add->empty() && changes.remove->empty()) {
    return errors::invalid_combination("No attributes specified.");
  }
  for (const auto* list : {&*changes.add, &*changes.remove}) {
    for (const CreateVolumePermission& each : *list) TRY(check_permission(each));
  }
  return changes;
}

}  // namespace

Result<DescribeSnapshotAttributeOutput> describe_snapshot_attribute(Call& call,
                                                                    const DescribeSnapshotAttributeInput& input) {
  const auto txn = call.read();
  const SnapshotRecord snapshot = TRY(get_own_snapshot(*txn, call.scope, *input.snapshot_id));
  DescribeSnapshotAttributeOutput output{.snapshot_id = snapshot.id};
  if (*input.attribute == "productCodes") {
    output.product_codes = std::vector<ProductCode>();
  } else if (*input.attribute == kPermission) {
    std::vector<CreateVolumePermission> permissions;
    if (snapshot.is_public) permissions.push_back({.group = "all"});
    for (const std::string& account : snapshot.shared_with) permissions.push_back({.user_id = account});
    output.create_volume_permissions = std::move(permissions);
  } else {
    return errors::invalid_value("attribute", *input.attribute, "Unknown attribute.");
  }
  return output;
}

Result<NoOutput> modify_snapshot_attribute(Call& call, const ModifySnapshotAttributeInput& input) {
  if (input.attribute.value_or(std::string(kPermission)) != kPermission) {
    return errors::invalid_value("attribute", *input.attribute, "Only createVolumePermission can be modified.");
  }
  const CreateVolumePermissionModifications changes = TRY(read_changes(input));
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    SnapshotRecord snapshot = TRY(get_own_snapshot(txn, call.scope, *input.snapshot_id));
    if (snapshot.encrypted && !changes.add->empty()) {
      return errors::not_permitted("Encrypted snapshots with EBS default key cannot be shared");
    }
    const bool makes_public =
        std::ranges::any_of(*changes.add, [](const auto& each) { return each.group.has_value(); });
    if (makes_public && TRY(public_sharing_of(txn, call.scope)) != PublicSharing::unblocked) {
      return errors::not_permitted(
          "You can't publicly share snapshots in this Region because block public access for snapshots is enabled. To "
          "publicly share snapshots, disable block public access.");
    }
    for (const CreateVolumePermission& each : *changes.add) {
      if (each.group) snapshot.is_public = true;
      if (!each.user_id) continue;
      std::erase(snapshot.shared_with, *each.user_id);
      snapshot.shared_with.push_back(*each.user_id);
    }
    for (const CreateVolumePermission& each : *changes.remove) {
      if (each.group) snapshot.is_public = false;
      if (each.user_id) std::erase(snapshot.shared_with, *each.user_id);
    }
    kSnapshots.put(txn, snapshot_scope(call.scope), snapshot);
    return {};
  }));
  return NoOutput{};
}

Result<NoOutput> reset_snapshot_attribute(Call& call, const ResetSnapshotAttributeInput& input) {
  if (*input.attribute != kPermission) {
    return errors::invalid_value("attribute", *input.attribute, "Only createVolumePermission can be reset.");
  }
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    SnapshotRecord snapshot = TRY(get_own_snapshot(txn, call.scope, *input.snapshot_id));
    snapshot.is_public = false;
    snapshot.shared_with.clear();
    kSnapshots.put(txn, snapshot_scope(call.scope), snapshot);
    return {};
  }));
  return NoOutput{};
}

}  // namespace aerolith::ec2
