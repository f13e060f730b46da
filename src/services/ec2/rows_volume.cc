// Rows of the table: volumes.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
#include "ec2/operations/attach_volume.h"
#include "ec2/operations/copy_volumes.h"
#include "ec2/operations/create_replace_root_volume_task.h"
#include "ec2/operations/create_volume.h"
#include "ec2/operations/delete_volume.h"
#include "ec2/operations/describe_replace_root_volume_tasks.h"
#include "ec2/operations/describe_volume_attribute.h"
#include "ec2/operations/describe_volume_status.h"
#include "ec2/operations/describe_volumes.h"
#include "ec2/operations/describe_volumes_modifications.h"
#include "ec2/operations/detach_volume.h"
#include "ec2/operations/disable_ebs_encryption_by_default.h"
#include "ec2/operations/enable_ebs_encryption_by_default.h"
#include "ec2/operations/enable_volume_io.h"
#include "ec2/operations/get_ebs_default_kms_key_id.h"
#include "ec2/operations/get_ebs_encryption_by_default.h"
#include "ec2/operations/list_volumes_in_recycle_bin.h"
#include "ec2/operations/modify_ebs_default_kms_key_id.h"
#include "ec2/operations/modify_volume.h"
#include "ec2/operations/modify_volume_attribute.h"
#include "ec2/operations/reset_ebs_default_kms_key_id.h"
#include "ec2/operations/restore_volume_from_recycle_bin.h"
#include "services/ec2/encryption.h"
#include "services/ec2/instance_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/rows.h"

namespace aerolith::ec2 {
namespace {

Result<bool> will_be_encrypted(metadata::ReadTransaction& txn, const Scope& scope, const CreateVolumeInput& input) {
  return TRY(encryption_of(txn, scope)).is_default ||
         TRY(is_snapshot_encrypted(txn, scope, input.snapshot_id.value_or("")));
}
Result<bool> will_be_encrypted(metadata::ReadTransaction& txn, const Scope& scope, const CopyVolumesInput& input) {
  const auto source = TRY(kVolumes.find(txn, scope, input.source_volume_id.value_or("")));
  return TRY(encryption_of(txn, scope)).is_default || (source && source->encrypted);
}

// ec2:Encrypted says what the volume will be, also where the account or the source has it so.
template <typename Input>
void tell_encryption(gateway::OperationEntry& entry, metadata::Store& store) {
  entry.conditions = [others = std::move(entry.conditions), &store](const gateway::CallContext& context,
                                                                    const void* input, policy::Context& keys) {
    others(context, input, keys);
    const Input& asked = *static_cast<const Input*>(input);
    const auto found = will_be_encrypted(*store.begin_read(), scope_of(context), asked);
    const bool is_encrypted = asked.encrypted.value_or(false) || (found.has_value() && *found);
    keys.set("ec2:Encrypted", is_encrypted ? "true" : "false");
  };
}

}  // namespace

void add_volume_rows(TableBuilder& table) {
  using enum OperationId;
  table.row<ec2::attach_volume>(attach_volume, "ec2:AttachVolume", existing(Kind::volume), {existing(Kind::instance)});
  tell_encryption<CopyVolumesInput>(
      table.row<ec2::copy_volumes>(copy_volumes, "ec2:CopyVolumes", making(Kind::volume), {existing(Kind::volume)}),
      table.store());
  table.row<ec2::create_replace_root_volume_task>(
      create_replace_root_volume_task, "ec2:CreateReplaceRootVolumeTask", making(Kind::root_replacement),
      {existing(Kind::instance), making(Kind::volume), existing(Kind::volume), existing(Kind::snapshot),
       existing(Kind::image)});
  tell_encryption<CreateVolumeInput>(table.row<ec2::create_volume>(create_volume, "ec2:CreateVolume",
                                                                   making(Kind::volume), {existing(Kind::snapshot)}),
                                     table.store());
  table.row<ec2::delete_volume>(delete_volume, "ec2:DeleteVolume", existing(Kind::volume));
  table.row<ec2::describe_replace_root_volume_tasks>(describe_replace_root_volume_tasks,
                                                     "ec2:DescribeReplaceRootVolumeTasks", kAnything);
  table.row<ec2::describe_volume_attribute>(describe_volume_attribute, "ec2:DescribeVolumeAttribute",
                                            existing(Kind::volume));
  table.row<ec2::describe_volume_status>(describe_volume_status, "ec2:DescribeVolumeStatus", kAnything);
  table.row<ec2::describe_volumes>(describe_volumes, "ec2:DescribeVolumes", kAnything);
  table.row<ec2::describe_volumes_modifications>(describe_volumes_modifications, "ec2:DescribeVolumesModifications",
                                                 kAnything);
  table.row<ec2::detach_volume>(detach_volume, "ec2:DetachVolume", existing(Kind::volume), {existing(Kind::instance)});
  table.row<ec2::disable_ebs_encryption_by_default>(disable_ebs_encryption_by_default,
                                                    "ec2:DisableEbsEncryptionByDefault", kAnything);
  table.row<ec2::enable_ebs_encryption_by_default>(enable_ebs_encryption_by_default, "ec2:EnableEbsEncryptionByDefault",
                                                   kAnything);
  table.row<ec2::get_ebs_default_kms_key_id>(get_ebs_default_kms_key_id, "ec2:GetEbsDefaultKmsKeyId", kAnything);
  table.row<ec2::get_ebs_encryption_by_default>(get_ebs_encryption_by_default, "ec2:GetEbsEncryptionByDefault",
                                                kAnything);
  table.row<ec2::modify_ebs_default_kms_key_id>(modify_ebs_default_kms_key_id, "ec2:ModifyEbsDefaultKmsKeyId",
                                                kAnything);
  table.row<ec2::reset_ebs_default_kms_key_id>(reset_ebs_default_kms_key_id, "ec2:ResetEbsDefaultKmsKeyId", kAnything);
  table.row<ec2::enable_volume_io>(enable_volume_io, "ec2:EnableVolumeIO", existing(Kind::volume));
  table.row<ec2::list_volumes_in_recycle_bin>(list_volumes_in_recycle_bin, "ec2:ListVolumesInRecycleBin",
                                              existing(Kind::volume));
  table.row<ec2::modify_volume>(modify_volume, "ec2:ModifyVolume", existing(Kind::volume));
  table.row<ec2::modify_volume_attribute>(modify_volume_attribute, "ec2:ModifyVolumeAttribute", existing(Kind::volume));
  table.row<ec2::restore_volume_from_recycle_bin>(restore_volume_from_recycle_bin, "ec2:RestoreVolumeFromRecycleBin",
                                                  existing(Kind::volume));
}

}  // namespace aerolith::ec2
