#include "main/iam_identities.h"

#include <fmt/format.h>

#include <stdexcept>

#include "gateway/admin.h"
#include "services/iam/aws_policies.h"
#include "services/iam/service_names.h"

namespace aerolith::main_program {
namespace {

template <typename T>
T value_or_throw(metadata::Result<T> result) {
  if (!result.has_value()) throw std::runtime_error("IAM's records can't be read: " + result.error().detail);
  return *std::move(result);
}

// "role/path/name" -> "name".
std::string_view name_of(std::string_view arn) { return arn.substr(arn.rfind('/') + 1); }

// Global services are signed for this region wherever they are called.
std::string_view region_of_use(std::string_view service, std::string_view region) {
  return service == "iam" || service == "sts" ? "us-east-1" : region;
}

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

std::optional<sts::SamlProvider> IamIdentities::find_saml_provider(const AccountId& account,
                                                                   std::string_view name) const {
  auto found = value_or_throw(directory_.find_saml_provider(account, name));
  if (!found) return std::nullopt;
  return sts::SamlProvider{
      .metadata = std::move(found->metadata),
      .decryption = {.private_keys = std::move(found->private_keys), .is_required = found->requires_encryption}};
}

std::optional<sts::TokenSigner> IamIdentities::find_token_signer(const AccountId& account,
                                                                 federation::SignatureAlgorithm algorithm) const {
  auto found = value_or_throw(directory_.find_token_signer(account, federation::name_of(algorithm)));
  if (!found) return std::nullopt;
  return sts::TokenSigner{.issuer = std::move(found->issuer),
                          .key_id = std::move(found->key_id),
                          .private_key = std::move(found->private_key)};
}

auth::Tags IamIdentities::principal_tags(const auth::AccessKey& key) const {
  return gateway::principal_tags(key, find(key.principal).get());
}

bool IamIdentities::verify_mfa(const auth::Principal& caller, std::string_view serial_number, std::string_view code) {
  return value_or_throw(
      directory_.check_mfa_code(caller.account, caller.entity_name, serial_number, code, clock_.now()));
}

void IamIdentities::note_use(const auth::AccessKey& key, std::string_view service, std::string_view region,
                             Timestamp now) const {
  const auth::Principal& caller = key.principal;
  const std::string_view used_in = region_of_use(service, region);
  const auto note = [&](const std::string& id) {
    directory_.note_key_use(id, caller.account, {.service = service, .region = used_in, .at = now});
  };
  if (caller.kind == auth::PrincipalKind::assumed_role) {
    note(caller.entity_id);
  } else if (!key.session) {
    static const std::string of_root(iam::kUseOfRoot);
    note(key.id.view().starts_with("AKIA") && !caller.is_root() ? key.id.str() : of_root);
  }
}

void IamIdentities::note_call(const audit::Event& event, std::string_view region) const {
  // Nobody, the root and its sessions: reports are about users and roles.
  if (event.key == nullptr || event.key->principal.entity_id.empty()) return;
  const auth::Principal& caller = event.key->principal;
  const auto note = [&](std::string_view action) {
    directory_.service_uses().note({.account = caller.account,
                                    .entity_id = caller.entity_id,
                                    .entity_name = caller.entity_name,
                                    .is_role = caller.kind == auth::PrincipalKind::assumed_role,
                                    .action = action,
                                    .region = region_of_use(event.service, region),
                                    .at = event.time});
  };
  for (const audit::Ask& ask : event.asks) {
    if (!ask.is_probe) note(ask.action);
  }
  if (!event.asks.empty() || event.service.empty() || event.service == gateway::Admin::kSigningName) return;
  // What needs no permission has an action of its name; what failed before anybody was asked counts for the service.
  const std::string_view name = event.error_code.empty() ? event.operation : "";
  note(fmt::format("{}:{}", iam::namespace_of_model(event.service), name));
}

}  // namespace aerolith::main_program
