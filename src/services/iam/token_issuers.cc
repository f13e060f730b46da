// Directory's answers about who signs the accounts' own tokens.
#include "federation/token_issuer.h"
#include "services/iam/api.h"
#include "services/iam/mfa_seed.h"
#include "services/iam/tables.h"

namespace aerolith::iam {

metadata::Result<std::optional<TokenSigner>> Directory::find_token_signer(const AccountId& account,
                                                                          std::string_view algorithm) const {
  const auto issuer = TRY(kTokenIssuers.get(*store_.begin_read(), {account}));
  if (!issuer || !issuer->is_enabled) return std::optional<TokenSigner>();
  for (const TokenKeyRecord& key : issuer->keys) {
    if (key.algorithm != algorithm) continue;
    auto pem = secrets_.open(key.sealed_pem, token_key_context(account, key.id));
    if (!pem) return fail(metadata::ErrorCode::corrupt, "the token key " + key.id + " can't be opened");
    return std::optional(
        TokenSigner{.issuer = federation::issuer_url(issuer->id), .key_id = key.id, .private_key = *std::move(pem)});
  }
  return fail(metadata::ErrorCode::corrupt, "the account has no token key for " + std::string(algorithm));
}

metadata::Result<std::optional<std::string>> Directory::find_token_keys(const std::string& issuer_id) const {
  const auto txn = store_.begin_read();
  const auto owner = TRY(kTokenIssuerOwners.get(*txn, {issuer_id}));
  if (!owner) return std::optional<std::string>();
  auto issuer = TRY(kTokenIssuers.get(*txn, {owner->account}));
  if (!issuer) return std::optional<std::string>();
  return std::optional(std::move(issuer->key_set));
}

}  // namespace aerolith::iam
