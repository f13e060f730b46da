// Rows of the table: snapshots.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
#include "ec2/operations/copy_snapshot.h"
#include "ec2/operations/create_snapshot.h"
#include "ec2/operations/create_snapshots.h"
#include "ec2/operations/delete_snapshot.h"
#include "ec2/operations/describe_fast_snapshot_restores.h"
#include "ec2/operations/describe_locked_snapshots.h"
#include "ec2/operations/describe_snapshot_attribute.h"
#include "ec2/operations/describe_snapshot_tier_status.h"
#include "ec2/operations/describe_snapshots.h"
#include "ec2/operations/disable_fast_snapshot_restores.h"
#include "ec2/operations/disable_snapshot_block_public_access.h"
#include "ec2/operations/enable_fast_snapshot_restores.h"
#include "ec2/operations/enable_snapshot_block_public_access.h"
#include "ec2/operations/get_snapshot_block_public_access_state.h"
#include "ec2/operations/list_snapshots_in_recycle_bin.h"
#include "ec2/operations/lock_snapshot.h"
#include "ec2/operations/modify_snapshot_attribute.h"
#include "ec2/operations/modify_snapshot_tier.h"
#include "ec2/operations/reset_snapshot_attribute.h"
#include "ec2/operations/restore_snapshot_from_recycle_bin.h"
#include "ec2/operations/restore_snapshot_tier.h"
#include "ec2/operations/unlock_snapshot.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/rows.h"

namespace aerolith::ec2 {

void add_snapshot_rows(TableBuilder& table) {
  using enum OperationId;
  table.row<ec2::copy_snapshot>(copy_snapshot, "ec2:CopySnapshot", making(Kind::snapshot), {existing(Kind::snapshot)});
  table.row<ec2::create_snapshot>(create_snapshot, "ec2:CreateSnapshot", making(Kind::snapshot),
                                  {existing(Kind::volume)});
  table.row<ec2::create_snapshots>(create_snapshots, "ec2:CreateSnapshots", making(Kind::snapshot),
                                   {existing(Kind::instance)});
  table.row<ec2::delete_snapshot>(delete_snapshot, "ec2:DeleteSnapshot", existing(Kind::snapshot));
  table.row<ec2::describe_locked_snapshots>(describe_locked_snapshots, "ec2:DescribeLockedSnapshots", kAnything);
  table.row<ec2::describe_snapshot_attribute>(describe_snapshot_attribute, "ec2:DescribeSnapshotAttribute",
                                              existing(Kind::snapshot));
  table.row<ec2::describe_snapshots>(describe_snapshots, "ec2:DescribeSnapshots", kAnything);
  table.row<ec2::list_snapshots_in_recycle_bin>(list_snapshots_in_recycle_bin, "ec2:ListSnapshotsInRecycleBin",
                                                existing(Kind::snapshot));
  table.row<ec2::lock_snapshot>(lock_snapshot, "ec2:LockSnapshot", existing(Kind::snapshot));
  table.row<ec2::modify_snapshot_attribute>(modify_snapshot_attribute, "ec2:ModifySnapshotAttribute",
                                            existing(Kind::snapshot));
  table.row<ec2::reset_snapshot_attribute>(reset_snapshot_attribute, "ec2:ResetSnapshotAttribute",
                                           existing(Kind::snapshot));
  table.row<ec2::restore_snapshot_from_recycle_bin>(restore_snapshot_from_recycle_bin,
                                                    "ec2:RestoreSnapshotFromRecycleBin", existing(Kind::snapshot));
  table.row<ec2::describe_fast_snapshot_restores>(describe_fast_snapshot_restores, "ec2:DescribeFastSnapshotRestores",
                                                  kAnything);
  table.row<ec2::describe_snapshot_tier_status>(describe_snapshot_tier_status, "ec2:DescribeSnapshotTierStatus",
                                                kAnything);
  table.row<ec2::disable_fast_snapshot_restores>(disable_fast_snapshot_restores, "ec2:DisableFastSnapshotRestores",
                                                 existing(Kind::snapshot));
  table.row<ec2::enable_fast_snapshot_restores>(enable_fast_snapshot_restores, "ec2:EnableFastSnapshotRestores",
                                                existing(Kind::snapshot));
  table.row<ec2::disable_snapshot_block_public_access>(disable_snapshot_block_public_access,
                                                       "ec2:DisableSnapshotBlockPublicAccess", kAnything);
  table.row<ec2::enable_snapshot_block_public_access>(enable_snapshot_block_public_access,
                                                      "ec2:EnableSnapshotBlockPublicAccess", kAnything);
  table.row<ec2::get_snapshot_block_public_access_state>(get_snapshot_block_public_access_state,
                                                         "ec2:GetSnapshotBlockPublicAccessState", kAnything);
  table.row<ec2::modify_snapshot_tier>(modify_snapshot_tier, "ec2:ModifySnapshotTier", existing(Kind::snapshot));
  table.row<ec2::restore_snapshot_tier>(restore_snapshot_tier, "ec2:RestoreSnapshotTier", existing(Kind::snapshot));
  table.row<ec2::unlock_snapshot>(unlock_snapshot, "ec2:UnlockSnapshot", existing(Kind::snapshot));
}

}  // namespace aerolith::ec2
