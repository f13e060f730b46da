#include "services/ec2/encryption.h"

#include <fmt/format.h>

#include "base/uuid.h"
#include "services/ec2/snapshot_tables.h"

namespace aerolith::ec2 {
namespace {

std::string arn_of(const Scope& scope, std::string_view what) {
  return fmt::format("arn:aws:kms:{}:{}:{}", scope.region.view(), scope.account.view(), what);
}

}  // namespace

Result<EncryptionRecord> encryption_of(metadata::ReadTransaction& txn, const Scope& scope) {
  return TRY(kEncryption.get(txn, {scope.account, scope.region})).value_or(EncryptionRecord());
}

Result<std::string> managed_key(metadata::Transaction& txn, const Scope& scope) {
  EncryptionRecord record = TRY(encryption_of(txn, scope));
  if (!record.key.empty()) return record.key;
  record.key = arn_of(scope, "key/" + make_uuid());
  kEncryption.put(txn, {scope.account, scope.region}, record);
  return record.key;
}

Result<std::string> find_key(metadata::Transaction& txn, const Scope& scope, const std::string& name) {
  if (name == kManagedKeyAlias || name == arn_of(scope, kManagedKeyAlias)) return managed_key(txn, scope);
  const EncryptionRecord record = TRY(encryption_of(txn, scope));
  if (!record.key.empty() && (name == record.key || name == key_name(record.key))) return record.key;
  return errors::invalid_value("KmsKeyId", name,
                               "Given key ID is not accessible: there are no customer managed keys, only "
                               "alias/aws/ebs.");
}

std::string key_name(std::string_view arn) {
  const size_t slash = arn.rfind('/');
  return std::string(slash == std::string_view::npos ? arn : arn.substr(slash + 1));
}

Result<std::string> choose_key(metadata::Transaction& txn, const Scope& scope, const WantedEncryption& wanted) {
  const bool is_default = TRY(encryption_of(txn, scope)).is_default;
  if (!wanted.encrypted.value_or(false) && !wanted.of_encrypted && !is_default) {
    if (!wanted.kms_key) return std::string();
    return errors::of("InvalidParameterDependency",
                      "The parameter KmsKeyId requires the parameter Encrypted to be set.");
  }
  if (wanted.kms_key) return find_key(txn, scope, *wanted.kms_key);
  return managed_key(txn, scope);
}

Result<bool> is_snapshot_encrypted(metadata::ReadTransaction& txn, const Scope& scope, const std::string& snapshot) {
  if (snapshot.empty()) return false;
  const auto record = TRY(kSnapshots.find(txn, snapshot_scope(scope), snapshot));
  return record && record->encrypted;
}

}  // namespace aerolith::ec2
