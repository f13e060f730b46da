// Rows of the table: volumes.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
#include "ec2/operations/attach_volume.h"
#include "ec2/operations/copy_volumes.h"
#include "ec2/operations/create_volume.h"
#include "ec2/operations/delete_volume.h"
#include "ec2/operations/describe_volume_attribute.h"
#include "ec2/operations/describe_volume_status.h"
#include "ec2/operations/describe_volumes.h"
#include "ec2/operations/describe_volumes_modifications.h"
#include "ec2/operations/detach_volume.h"
#include "ec2/operations/enable_volume_io.h"
#include "ec2/operations/list_volumes_in_recycle_bin.h"
#include "ec2/operations/modify_volume.h"
#include "ec2/operations/modify_volume_attribute.h"
#include "ec2/operations/restore_volume_from_recycle_bin.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/rows.h"

namespace aerolith::ec2 {

void add_volume_rows(TableBuilder& table) {
  using enum OperationId;
  table.row<ec2::attach_volume>(attach_volume, "ec2:AttachVolume", existing(Kind::volume), {existing(Kind::instance)});
  table.row<ec2::copy_volumes>(copy_volumes, "ec2:CopyVolumes", making(Kind::volume), {existing(Kind::volume)});
  table.row<ec2::create_volume>(create_volume, "ec2:CreateVolume", making(Kind::volume), {existing(Kind::snapshot)});
  table.row<ec2::delete_volume>(delete_volume, "ec2:DeleteVolume", existing(Kind::volume));
  table.row<ec2::describe_volume_attribute>(describe_volume_attribute, "ec2:DescribeVolumeAttribute",
                                            existing(Kind::volume));
  table.row<ec2::describe_volume_status>(describe_volume_status, "ec2:DescribeVolumeStatus", kAnything);
  table.row<ec2::describe_volumes>(describe_volumes, "ec2:DescribeVolumes", kAnything);
  table.row<ec2::describe_volumes_modifications>(describe_volumes_modifications, "ec2:DescribeVolumesModifications",
                                                 kAnything);
  table.row<ec2::detach_volume>(detach_volume, "ec2:DetachVolume", existing(Kind::volume), {existing(Kind::instance)});
  table.row<ec2::enable_volume_io>(enable_volume_io, "ec2:EnableVolumeIO", existing(Kind::volume));
  table.row<ec2::list_volumes_in_recycle_bin>(list_volumes_in_recycle_bin, "ec2:ListVolumesInRecycleBin",
                                              existing(Kind::volume));
  table.row<ec2::modify_volume>(modify_volume, "ec2:ModifyVolume", existing(Kind::volume));
  table.row<ec2::modify_volume_attribute>(modify_volume_attribute, "ec2:ModifyVolumeAttribute", existing(Kind::volume));
  table.row<ec2::restore_volume_from_recycle_bin>(restore_volume_from_recycle_bin, "ec2:RestoreVolumeFromRecycleBin",
                                                  existing(Kind::volume));
}

}  // namespace aerolith::ec2
