// SAML identity providers: whose responses AssumeRoleWithSAML takes.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateSAMLProvider.html
#include <fmt/format.h>

#include <chrono>

#include "base/random.h"
#include "federation/saml_metadata.h"
#include "services/iam/entities.h"
#include "services/iam/operations/operations.h"
#include "services/iam/paging.h"
#include "services/iam/resources.h"
#include "services/iam/tags.h"

namespace aerolith::iam {
namespace {

constexpr std::string_view kTagQuota = "TagsPerSAMLProvider";
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
constexpr int32_t kMaxProviders = 100;
// Of metadata that doesn't say how long it is valid.
constexpr std::chrono::years kUsualLife{100};

// Encrypted assertions: a private key of the provider would have to be kept.
template <typename Input>
Result<> check_supported(const Input& input) {
  bool wants_encryption = input.assertion_encryption_mode || input.add_private_key;
  if constexpr (requires { input.remove_private_key; }) wants_encryption |= input.remove_private_key.has_value();
  if (!wants_encryption) return {};
  return errors::of({.code = "NotImplemented",
                     .http_status = 501,
                     .message = "Encrypted SAML assertions (AssertionEncryptionMode, private keys) are not implemented "
                                "by Aerolith."});
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

struct OwnProvider {
  std::string key;
  SamlProviderRecord record;
};
Result<OwnProvider> find_provider(metadata::ReadTransaction& txn, const AccountId& account, const std::string& arn) {
  if (!arn.starts_with("arn:aws:iam::") || arn.find(":saml-provider/") == std::string::npos) {
    return errors::invalid_input(fmt::format("Invalid ARN: {}", arn));
  }
  auto key = saml_provider_of(account, arn);
  auto record = key ? TRY(kSamlProviders.get(txn, {account, *key})) : std::nullopt;
  if (!record) return errors::no_such(fmt::format("Manifest not found for arn {}", arn));
  return OwnProvider{*std::move(key), *std::move(record)};
}

template <typename Change>
Result<NoOutput> change_provider(Call& call, const std::string& arn, Change change) {
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    OwnProvider provider = TRY(find_provider(txn, call.account(), arn));
    TRY(change(provider.record));
    kSamlProviders.put(txn, {call.account(), provider.key}, provider.record);
    return NoOutput{};
  });
}

}  // namespace

Result<CreateSAMLProviderOutput> create_saml_provider(Call& call, const CreateSAMLProviderInput& input) {
  TRY(check_supported(input));
  const AccountId& account = call.account();
  Metadata metadata = TRY(read_metadata(call, *input.saml_metadata_document));
  const SamlProviderRecord record{
      .created_at = call.context.now,
      .id = random_string(26, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
      .metadata = std::move(metadata.document),
      .valid_until = metadata.valid_until,
      .tags = TRY(read_tags(input.tags, kTagQuota)),
  };
  return call.write([&](metadata::Transaction& txn) -> Result<CreateSAMLProviderOutput> {
    if (TRY(kSamlProviders.contains(txn, {account, *input.name}))) {
      return errors::already_exists(fmt::format("Provider with name {} already exists.", *input.name));
    }
    if (TRY(count_rows(txn, kSamlProviders, account)) >= kMaxProviders) {
      return errors::quota_exceeded("SAMLProvidersPerAccount", kMaxProviders);
    }
    kSamlProviders.put(txn, {account, *input.name}, record);
    return CreateSAMLProviderOutput{.saml_provider_arn = arn_of(account, *input.name),
                                    .tags = to_wire_or_none(record.tags)};
  });
}

Result<GetSAMLProviderOutput> get_saml_provider(Call& call, const GetSAMLProviderInput& input) {
  const OwnProvider provider =
      TRY(find_provider(*call.metadata.begin_read(), call.account(), *input.saml_provider_arn));
  GetSAMLProviderOutput output;
  output.saml_provider_uuid = provider.record.id;
  output.saml_metadata_document = provider.record.metadata;
  output.create_date = provider.record.created_at;
  output.valid_until = provider.record.valid_until;
  output.tags = to_wire_or_none(provider.record.tags);
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
  TRY(check_supported(input));
  if (!input.saml_metadata_document) {
    return errors::invalid_input(
        "Unable to update identity provider. No updates are defined for metadata or encryption assertion.");
  }
  const Metadata metadata = TRY(read_metadata(call, *input.saml_metadata_document));
  TRY(change_provider(call, *input.saml_provider_arn, [&](SamlProviderRecord& record) -> Result<> {
    record.metadata = metadata.document;
    record.valid_until = metadata.valid_until;
    return {};
  }));
  return UpdateSAMLProviderOutput{.saml_provider_arn = *input.saml_provider_arn};
}

Result<NoOutput> delete_saml_provider(Call& call, const DeleteSAMLProviderInput& input) {
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    const OwnProvider provider = TRY(find_provider(txn, call.account(), *input.saml_provider_arn));
    kSamlProviders.erase(txn, {call.account(), provider.key});
    return NoOutput{};
  });
}

Result<NoOutput> tag_saml_provider(Call& call, const TagSAMLProviderInput& input) {
  return change_provider(call, *input.saml_provider_arn,
                         [&](SamlProviderRecord& record) { return merge_tags(record.tags, input.tags, kTagQuota); });
}

Result<NoOutput> untag_saml_provider(Call& call, const UntagSAMLProviderInput& input) {
  return change_provider(call, *input.saml_provider_arn, [&](SamlProviderRecord& record) -> Result<> {
    remove_tags(record.tags, input.tag_keys);
    return {};
  });
}

Result<ListSAMLProviderTagsOutput> list_saml_provider_tags(Call& call, const ListSAMLProviderTagsInput& input) {
  const OwnProvider provider =
      TRY(find_provider(*call.metadata.begin_read(), call.account(), *input.saml_provider_arn));
  ListSAMLProviderTagsOutput output;
  output.tags = TRY(list_items(TRY(read_page(input)), output, to_wire(provider.record.tags)));
  return output;
}

}  // namespace aerolith::iam
