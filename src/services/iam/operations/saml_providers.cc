// SAML identity providers: whose responses AssumeRoleWithSAML takes.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateSAMLProvider.html
#include <fmt/format.h>

#include <chrono>

#include "base/random.h"
#include "federation/saml_metadata.h"
#include "services/iam/certificates.h"
#include "services/iam/entities.h"
#include "services/iam/mfa_seed.h"
#include "services/iam/operations/operations.h"
#include "services/iam/providers.h"

namespace aerolith::iam {
namespace {

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
constexpr int32_t kMaxSamlProviders = 100;
constexpr std::string_view kRequired = "Required";
constexpr std::string_view kAllowed = "Allowed";
// Of metadata that doesn't say how long it is valid.
constexpr std::chrono::years kUsualLife{100};

std::string make_id() { return random_string(26, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"); }

// "You can add up to two private keys per identity provider": one can follow the other.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml.html
constexpr size_t kMaxPrivateKeys = 2;

Result<> add_private_key(const Call& call, const std::string& pem, SamlProviderRecord& record) {
  TRY(check_rsa_private_key(pem));
  if (record.private_keys.size() >= kMaxPrivateKeys) {
    return errors::quota_exceeded("PrivateKeysPerSAMLProvider", static_cast<int64_t>(kMaxPrivateKeys));
  }
  const std::string id = make_id();
  record.private_keys.push_back({.id = id,
                                 .uploaded_at = call.context.now,
                                 .sealed_pem = call.secrets.seal(pem, saml_key_context(call.account(), id))});
  return {};
}

// What an input says of encryption; both operations have these fields.
template <typename Input>
Result<> change_encryption(const Call& call, const Input& input, SamlProviderRecord& record) {
  if constexpr (requires { input.remove_private_key; }) {
    const auto& id = input.remove_private_key;
    if (id && std::erase_if(record.private_keys, [&](const SamlKeyRecord& key) { return key.id == *id; }) == 0) {
      return errors::no_such(fmt::format("Private key {} cannot be found.", *id));
    }
  }
  if (input.add_private_key) TRY(add_private_key(call, *input.add_private_key, record));
  if (input.assertion_encryption_mode) {
    record.encryption =
        *input.assertion_encryption_mode == kRequired ? AssertionEncryption::required : AssertionEncryption::allowed;
  }
  if (record.encryption == AssertionEncryption::required && record.private_keys.empty()) {
    return errors::invalid_input("A private key is needed where AssertionEncryptionMode is Required.");
  }
  return {};
}

struct Metadata {
  std::string document;
  Timestamp valid_until;
};
Result<Metadata> read_metadata(const Call& call, const std::string& document) {
  const auto parsed = federation::parse_saml_metadata(document);
  if (!parsed) return errors::invalid_input("Could not parse metadata");
  return Metadata{.document = document,
                  .valid_until = parsed->valid_until.value_or(
                      std::chrono::time_point_cast<std::chrono::milliseconds>(call.context.now + kUsualLife))};
}

std::string arn_of(const AccountId& account, const std::string& name) { return saml_provider_arn(account, name); }

}  // namespace

Result<CreateSAMLProviderOutput> create_saml_provider(Call& call, const CreateSAMLProviderInput& input) {
  const AccountId& account = call.account();
  Metadata metadata = TRY(read_metadata(call, *input.saml_metadata_document));
  SamlProviderRecord record{
      .created_at = call.context.now,
      .id = make_id(),
      .metadata = std::move(metadata.document),
      .valid_until = metadata.valid_until,
      .tags = TRY(read_tags(input.tags, SamlKind::kTagQuota)),
  };
  TRY(change_encryption(call, input, record));
  return call.write([&](metadata::Transaction& txn) -> Result<CreateSAMLProviderOutput> {
    if (TRY(kSamlProviders.contains(txn, {account, *input.name}))) {
      return errors::already_exists(fmt::format("Provider with name {} already exists.", *input.name));
    }
    if (TRY(count_rows(txn, kSamlProviders, account)) >= kMaxSamlProviders) {
      return errors::quota_exceeded("SAMLProvidersPerAccount", kMaxSamlProviders);
    }
    kSamlProviders.put(txn, {account, *input.name}, record);
    return CreateSAMLProviderOutput{.saml_provider_arn = arn_of(account, *input.name),
                                    .tags = to_wire_or_none(record.tags)};
  });
}

Result<GetSAMLProviderOutput> get_saml_provider(Call& call, const GetSAMLProviderInput& input) {
  const OwnProvider<SamlKind> provider =
      TRY(find_provider<SamlKind>(*call.metadata.begin_read(), call.account(), *input.saml_provider_arn));
  GetSAMLProviderOutput output;
  output.saml_provider_uuid = provider.record.id;
  output.saml_metadata_document = provider.record.metadata;
  output.create_date = provider.record.created_at;
  output.valid_until = provider.record.valid_until;
  output.tags = to_wire_or_none(provider.record.tags);
  if (provider.record.encryption != AssertionEncryption::unset) {
    output.assertion_encryption_mode =
        std::string(provider.record.encryption == AssertionEncryption::required ? kRequired : kAllowed);
  }
  for (const SamlKeyRecord& key : provider.record.private_keys) {
    if (!output.private_key_list) output.private_key_list.emplace();
    output.private_key_list->push_back({.key_id = key.id, .timestamp = key.uploaded_at});
  }
  return output;
}

Result<ListSAMLProvidersOutput> list_saml_providers(Call& call, const ListSAMLProvidersInput&) {
  ListSAMLProvidersOutput output;
  auto& list = output.saml_provider_list.emplace();
  auto txn = call.metadata.begin_read();
  auto rows = kSamlProviders.scan(*txn, metadata::Direction::forward, call.account());
  while (TRY(rows.next())) {
    const SamlProviderRecord record = TRY(rows.record());
    list.push_back({.arn = arn_of(call.account(), std::get<1>(rows.key())),
                    .valid_until = record.valid_until,
                    .create_date = record.created_at});
  }
  return output;
}

Result<UpdateSAMLProviderOutput> update_saml_provider(Call& call, const UpdateSAMLProviderInput& input) {
  const bool changes_encryption = input.assertion_encryption_mode || input.add_private_key || input.remove_private_key;
  if (!input.saml_metadata_document && !changes_encryption) {
    return errors::invalid_input(
        "Unable to update identity provider. No updates are defined for metadata or encryption assertion.");
  }
  std::optional<Metadata> metadata;
  if (input.saml_metadata_document) metadata = TRY(read_metadata(call, *input.saml_metadata_document));
  TRY(change_provider<SamlKind>(call, *input.saml_provider_arn, [&](SamlProviderRecord& record) -> Result<> {
    if (metadata) {
      record.metadata = metadata->document;
      record.valid_until = metadata->valid_until;
    }
    return change_encryption(call, input, record);
  }));
  return UpdateSAMLProviderOutput{.saml_provider_arn = *input.saml_provider_arn};
}

Result<NoOutput> delete_saml_provider(Call& call, const DeleteSAMLProviderInput& input) {
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    const OwnProvider<SamlKind> provider = TRY(find_provider<SamlKind>(txn, call.account(), *input.saml_provider_arn));
    kSamlProviders.erase(txn, {call.account(), provider.key});
    return NoOutput{};
  });
}

Result<NoOutput> tag_saml_provider(Call& call, const TagSAMLProviderInput& input) {
  return tag_provider<SamlKind>(call, *input.saml_provider_arn, input);
}

Result<NoOutput> untag_saml_provider(Call& call, const UntagSAMLProviderInput& input) {
  return untag_provider<SamlKind>(call, *input.saml_provider_arn, input);
}

Result<ListSAMLProviderTagsOutput> list_saml_provider_tags(Call& call, const ListSAMLProviderTagsInput& input) {
  return list_provider_tags<SamlKind, ListSAMLProviderTagsOutput>(call, *input.saml_provider_arn, input);
}

}  // namespace aerolith::iam
