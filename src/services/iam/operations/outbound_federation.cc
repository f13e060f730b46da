// Whether principals of the account get tokens by which others believe who they are (STS's GetWebIdentityToken), and
// the issuer that these name. AWS's sentences are what its endpoints answer.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableOutboundWebIdentityFederation.html
#include <fmt/format.h>

#include <array>

#include "base/uuid.h"
#include "federation/signing_key.h"
#include "federation/token_issuer.h"
#include "iam/errors.h"
#include "services/iam/entities.h"
#include "services/iam/mfa_seed.h"
#include "services/iam/operations/operations.h"

namespace aerolith::iam {
namespace {

using federation::SignatureAlgorithm;

struct KeyKind {
  SignatureAlgorithm algorithm;
  std::string_view id;  // as AWS names each account's first keys
};
constexpr std::array<KeyKind, 2> kKeys = {
    {{SignatureAlgorithm::rs256, "RSA_0"}, {SignatureAlgorithm::es384, "EC384_0"}}};

std::unexpected<CallError> disabled(const AccountId& account, std::string_view already = "") {
  return errors::of(feature_disabled_exception(
      fmt::format("Outbound identity federation is {}disabled for account {}", already, account.view())));
}

// Takes some tenths of a second.
Result<TokenIssuerRecord> make_issuer(const Call& call) {
  TokenIssuerRecord record{
      .id = make_uuid(), .is_enabled = true, .created_at = call.context.now, .keys = {}, .key_set = {}};
  std::vector<boost::json::object> published;
  for (const auto& [algorithm, id] : kKeys) {
    const auto key = federation::SigningKey::make(algorithm, std::string(id));
    const std::string pem = key ? key->pem() : "";
    if (pem.empty()) return errors::internal_error("OpenSSL makes no key for tokens");
    published.push_back(key->public_jwk());
    record.keys.push_back({.id = std::string(id),
                           .algorithm = std::string(federation::name_of(algorithm)),
                           .sealed_pem = call.secrets.seal(pem, token_key_context(call.account(), id))});
  }
  record.key_set = federation::key_set_document(published);
  return record;
}

}  // namespace

// Issuer and keys are those of before where there were any: a relying party's trust outlives a pause.
Result<EnableOutboundWebIdentityFederationOutput> enable_outbound_web_identity_federation(Call& call, const NoInput&) {
  const AccountId& account = call.account();
  std::optional<TokenIssuerRecord> made;  // before the transaction: a key takes tenths of a second
  if (!TRY(kTokenIssuers.contains(*call.metadata.begin_read(), {account}))) made = TRY(make_issuer(call));
  return call.write([&](metadata::Transaction& txn) -> Result<EnableOutboundWebIdentityFederationOutput> {
    auto record = TRY(kTokenIssuers.get(txn, {account}));
    if (record && record->is_enabled) {
      return errors::of(feature_enabled_exception(
          fmt::format("Outbound identity federation is already enabled for account {}", account.view())));
    }
    if (!record && !made) made = TRY(make_issuer(call));
    if (!record) record = made;
    record->is_enabled = true;
    kTokenIssuers.put(txn, {account}, *record);
    kTokenIssuerOwners.put(txn, {record->id}, {.account = account});
    return EnableOutboundWebIdentityFederationOutput{.issuer_identifier = federation::issuer_url(record->id)};
  });
}

Result<NoOutput> disable_outbound_web_identity_federation(Call& call, const NoInput&) {
  const AccountId& account = call.account();
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    auto record = TRY(kTokenIssuers.get(txn, {account}));
    if (!record || !record->is_enabled) return disabled(account, "already ");
    record->is_enabled = false;
    kTokenIssuers.put(txn, {account}, *record);
    return NoOutput{};
  });
}

Result<GetOutboundWebIdentityFederationInfoOutput> get_outbound_web_identity_federation_info(Call& call,
                                                                                             const NoInput&) {
  const auto record = TRY(kTokenIssuers.get(*call.metadata.begin_read(), {call.account()}));
  if (!record || !record->is_enabled) return disabled(call.account());
  return GetOutboundWebIdentityFederationInfoOutput{.issuer_identifier = federation::issuer_url(record->id),
                                                    .jwt_vending_enabled = true};
}

}  // namespace aerolith::iam
