// Encryption of volumes and snapshots: whether, and with which key of the account.
// https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html
//
// There is no KMS here. Each account has one key in a region, which AWS calls "alias/aws/ebs", made when it is first
// needed; any other is none. What a key is called stands in the records, as an ARN; the bytes of it are blocks/'s.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "metadata/table.h"
#include "services/ec2/resources.h"

namespace aerolith::ec2 {

// Of an account in a region.
struct EncryptionRecord {
  static constexpr uint32_t kVersion = 1;
  bool is_default = false;  // all that is new is encrypted
  std::string key;          // the account's one: an ARN; empty: none was needed yet
  bool was_named = false;   // by ModifyEbsDefaultKmsKeyId: then it is told by its ARN
};
template <class Archive>
void fields(Archive& archive, EncryptionRecord& r) {
  archive(r.is_default, r.key, r.was_named);
}
inline const metadata::Table<EncryptionRecord, AccountId, RegionName> kEncryption{"ec2.ebs_encryption"};

inline constexpr std::string_view kManagedKeyAlias = "alias/aws/ebs";

Result<EncryptionRecord> encryption_of(metadata::ReadTransaction& txn, const Scope& scope);
// Made where there is none: an ARN.
Result<std::string> managed_key(metadata::Transaction& txn, const Scope& scope);
// Named by its id, its ARN, its alias or that one's ARN. InvalidParameterValue for any other.
Result<std::string> find_key(metadata::Transaction& txn, const Scope& scope, const std::string& name);
// What blocks/ calls it: the id in the ARN; empty for an empty one.
std::string key_name(std::string_view arn);

struct WantedEncryption {
  std::optional<bool> encrypted;
  std::optional<std::string> kms_key;
  bool of_encrypted = false;  // the source is: then so is what is made of it
};
// ARN of what something new is encrypted with; empty: it isn't. InvalidParameterDependency for a key without
// encryption.
Result<std::string> choose_key(metadata::Transaction& txn, const Scope& scope, const WantedEncryption& wanted);

// Those of images that come with the installation have no record, and aren't.
Result<bool> is_snapshot_encrypted(metadata::ReadTransaction& txn, const Scope& scope, const std::string& snapshot);

}  // namespace aerolith::ec2
