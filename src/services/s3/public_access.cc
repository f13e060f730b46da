#include "services/s3/public_access.h"

namespace aerolith::s3 {

PublicAccessBlock combine(const PublicAccessBlock& of_bucket, const PublicAccessBlock& of_account) {
  return {.is_set = of_bucket.is_set || of_account.is_set,
          .block_public_acls = of_bucket.block_public_acls || of_account.block_public_acls,
          .ignore_public_acls = of_bucket.ignore_public_acls || of_account.ignore_public_acls,
          .block_public_policy = of_bucket.block_public_policy || of_account.block_public_policy,
          .restrict_public_buckets = of_bucket.restrict_public_buckets || of_account.restrict_public_buckets};
}

metadata::Result<PublicAccessBlock> effective_block(metadata::ReadTransaction& txn, const BucketRecord& bucket) {
  const std::optional<AccountRecord> account = TRY(kAccounts.get(txn, {bucket.owner}));
  return combine(bucket.public_access, account ? account->public_access : kNoBlock);
}

}  // namespace aerolith::s3
