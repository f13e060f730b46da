#include "services/iam/key_uses.h"

namespace aerolith::iam {

Result<std::optional<KeyUse>> last_use(const Call& call, metadata::ReadTransaction& txn, const AccountId& account,
                                       const AccessKeyId& key_id) {
  if (auto noted = call.directory.noted_key_use(account, key_id)) return noted;
  const auto written = TRY(kKeyUses.get(txn, {account, key_id}));
  if (!written) return std::optional<KeyUse>();
  return std::optional(KeyUse{.at = written->at, .service = written->service, .region = written->region});
}

}  // namespace aerolith::iam
