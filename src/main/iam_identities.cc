#include "main/iam_identities.h"

#include <stdexcept>

#include "services/iam/aws_policies.h"

namespace aerolith::main_program {
namespace {

template <typename T>
T value_or_throw(metadata::Result<T> result) {
  if (!result.has_value()) throw std::runtime_error("IAM's records can't be read: " + result.error().detail);
  return *std::move(result);
}

// "role/path/name" -> "name".
std::string_view name_of(std::string_view arn) { return arn.substr(arn.rfind('/') + 1); }

}  // namespace

Result<std::shared_ptr<const auth::AccessKey>, auth::CredentialError> IamIdentities::find(const auth::AccessKeyId& id,
                                                                                          std::string_view) const {
  const auto found = directory_.find_access_key(id.str());
  if (!found.has_value()) return fail(auth::CredentialErrorCode::unavailable, found.error().detail);
  if (*found == nullptr) return nullptr;
  return std::shared_ptr<const auth::AccessKey>(*found, &(*found)->key);
}

std::shared_ptr<const gateway::Identity> IamIdentities::find(const auth::Principal& principal) const {
  const bool is_role = principal.kind == auth::PrincipalKind::assumed_role;
  const auto found = value_or_throw(is_role ? directory_.find_role(principal.account, principal.entity_name)
                                            : directory_.find_user(principal.account, principal.entity_name));
  if (found == nullptr || found->arn != principal.entity_arn) return nullptr;
  // A session of one that was deleted and made again under its name is not the new one's.
  if (principal.entity_id != found->unique_id) return nullptr;
  return found;
}

std::optional<gateway::StoredPolicy> IamIdentities::managed_policy(const AccountId& account,
                                                                   std::string_view arn) const {
  if (const iam::AwsPolicy* const aws = iam::find_aws_policy(arn)) return gateway::StoredPolicy{aws->arn, aws->parsed};
  return value_or_throw(directory_.find_policy(account, arn));
}

std::optional<sts::Role> IamIdentities::find_role(const AccountId& account, std::string_view arn) const {
  const auto found = value_or_throw(directory_.find_role(account, name_of(arn)));
  if (found == nullptr || found->arn != arn || !found->trust) return std::nullopt;
  return sts::Role{.unique_id = found->unique_id,
                   .arn = found->arn,
                   .name = found->name,
                   .trust = found->trust->policy,
                   .longest_session = found->max_session,
                   .tags = found->tags};
}

std::optional<federation::OidcProvider> IamIdentities::find_oidc_provider(const AccountId& account,
                                                                          std::string_view url) const {
  auto found = value_or_throw(directory_.find_oidc_provider(account, url));
  if (!found) return std::nullopt;
  return federation::OidcProvider{.url = std::string(url),
                                  .client_ids = std::move(found->client_ids),
                                  .thumbprints = std::move(found->thumbprints)};
}

std::optional<std::string> IamIdentities::find_saml_metadata(const AccountId& account, std::string_view name) const {
  return value_or_throw(directory_.find_saml_metadata(account, name));
}

bool IamIdentities::verify_mfa(const auth::Principal& caller, std::string_view serial_number, std::string_view code) {
  return value_or_throw(
      directory_.check_mfa_code(caller.account, caller.entity_name, serial_number, code, clock_.now()));
}

void IamIdentities::note_use(const auth::AccessKey& key, std::string_view service, std::string_view region,
                             Timestamp now) const {
  const auth::Principal& caller = key.principal;
  // Global services are signed for this region wherever they are called.
  const std::string_view used_in = service == "iam" || service == "sts" ? "us-east-1" : region;
  const auto note = [&](const std::string& id) {
    directory_.note_key_use(id, caller.account, {.service = service, .region = used_in, .at = now});
  };
  if (caller.kind == auth::PrincipalKind::assumed_role) {
    note(caller.entity_id);
  } else if (!key.session) {
    note(key.id.str().starts_with("AKIA") && !caller.is_root() ? key.id.str() : std::string(iam::kUseOfRoot));
  }
}

}  // namespace aerolith::main_program
