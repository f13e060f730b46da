// Whether an account's new volumes and snapshots are encrypted, and with which key.
// https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html
#include "ec2/operations/disable_ebs_encryption_by_default.h"
#include "ec2/operations/enable_ebs_encryption_by_default.h"
#include "ec2/operations/get_ebs_default_kms_key_id.h"
#include "ec2/operations/get_ebs_encryption_by_default.h"
#include "ec2/operations/modify_ebs_default_kms_key_id.h"
#include "ec2/operations/reset_ebs_default_kms_key_id.h"
#include "services/ec2/encryption.h"
#include "services/ec2/operations/operations.h"

namespace aerolith::ec2 {
namespace {

Result<> set_default(Call& call, bool encrypts) {
  return call.write([&](metadata::Transaction& txn) -> Result<> {
    EncryptionRecord record = TRY(encryption_of(txn, call.scope));
    record.is_default = encrypts;
    kEncryption.put(txn, {call.scope.account, call.scope.region}, record);
    return {};
  });
}

}  // namespace

// What there is stays as it is.
Result<EnableEbsEncryptionByDefaultOutput> enable_ebs_encryption_by_default(
    Call& call, const EnableEbsEncryptionByDefaultInput& /*input*/) {
  TRY(set_default(call, true));
  return EnableEbsEncryptionByDefaultOutput{.ebs_encryption_by_default = true};
}

Result<DisableEbsEncryptionByDefaultOutput> disable_ebs_encryption_by_default(
    Call& call, const DisableEbsEncryptionByDefaultInput& /*input*/) {
  TRY(set_default(call, false));
  return DisableEbsEncryptionByDefaultOutput{.ebs_encryption_by_default = false};
}

Result<GetEbsEncryptionByDefaultOutput> get_ebs_encryption_by_default(Call& call,
                                                                      const GetEbsEncryptionByDefaultInput& /*input*/) {
  const auto txn = call.read();
  return GetEbsEncryptionByDefaultOutput{.ebs_encryption_by_default = TRY(encryption_of(*txn, call.scope)).is_default};
}

// By its alias, until a key was named.
Result<GetEbsDefaultKmsKeyIdOutput> get_ebs_default_kms_key_id(Call& call,
                                                               const GetEbsDefaultKmsKeyIdInput& /*input*/) {
  const auto txn = call.read();
  const EncryptionRecord record = TRY(encryption_of(*txn, call.scope));
  return GetEbsDefaultKmsKeyIdOutput{.kms_key_id = record.was_named ? record.key : std::string(kManagedKeyAlias)};
}

Result<ModifyEbsDefaultKmsKeyIdOutput> modify_ebs_default_kms_key_id(Call& call,
                                                                     const ModifyEbsDefaultKmsKeyIdInput& input) {
  ModifyEbsDefaultKmsKeyIdOutput output;
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    output.kms_key_id = TRY(find_key(txn, call.scope, *input.kms_key_id));
    EncryptionRecord record = TRY(encryption_of(txn, call.scope));
    record.was_named = true;
    kEncryption.put(txn, {call.scope.account, call.scope.region}, record);
    return {};
  }));
  return output;
}

Result<ResetEbsDefaultKmsKeyIdOutput> reset_ebs_default_kms_key_id(Call& call,
                                                                   const ResetEbsDefaultKmsKeyIdInput& /*input*/) {
  ResetEbsDefaultKmsKeyIdOutput output;
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    output.kms_key_id = TRY(managed_key(txn, call.scope));
    EncryptionRecord record = TRY(encryption_of(txn, call.scope));
    record.was_named = false;
    kEncryption.put(txn, {call.scope.account, call.scope.region}, record);
    return {};
  }));
  return output;
}

}  // namespace aerolith::ec2
