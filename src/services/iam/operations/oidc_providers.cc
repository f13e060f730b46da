// OpenID Connect identity providers: whose tokens AssumeRoleWithWebIdentity takes.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/log.h"
#include "federation/https_url.h"
#include "http/client.h"
#include "iam/errors.h"
#include "services/iam/entities.h"
#include "services/iam/operations/operations.h"
#include "services/iam/providers.h"

namespace aerolith::iam {
namespace {

constexpr std::string_view kHttps = "https://";
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
constexpr int32_t kMaxOidcProviders = 100;
constexpr size_t kMaxClientIds = 100;
constexpr size_t kMaxThumbprints = 5;

// What rows are keyed by: the URL without its scheme. AWS advises against ports; here they are taken, since providers
// on one's own machine have them.
Result<std::string> read_url(const std::string& url) {
  if (!federation::parse_https_url(url) || url.find('?') != std::string::npos) {
    return errors::validation_error("Invalid Open ID Connect Provider URL");
  }
  return url.substr(kHttps.size());
}

Result<std::vector<std::string>> read_client_ids(const std::optional<std::vector<std::string>>& ids) {
  std::vector<std::string> read;
  for (const std::string& id : ids.value_or(std::vector<std::string>())) {
    if (std::ranges::find(read, id) == read.end()) read.push_back(id);
  }
  if (read.size() > kMaxClientIds) return errors::quota_exceeded("ClientIdsPerOpenIdConnectProvider", kMaxClientIds);
  return read;
}

Result<std::vector<std::string>> read_thumbprints(const std::vector<std::string>& thumbprints) {
  if (thumbprints.size() > kMaxThumbprints) {
    return errors::invalid_input("Thumbprint list must contain fewer than 5 entries.");
  }
  std::vector<std::string> read;
  for (const std::string& thumbprint : thumbprints) {
    if (!hex_decode(thumbprint)) {
      return errors::invalid_input("A thumbprint must be the SHA-1 of a certificate in hexadecimal digits.");
    }
    read.push_back(to_lower(thumbprint));
  }
  return read;
}

// "If it is not included, IAM will retrieve and use the top intermediate certificate authority (CA) thumbprint".
Result<std::vector<std::string>> fetch_thumbprint(const std::string& url) {
  const auto thumbprint = http::fetch_top_thumbprint(federation::parse_https_url(url)->address,
                                                     {.total_deadline = std::chrono::milliseconds(5'000)});
  if (thumbprint.has_value()) return std::vector<std::string>{*thumbprint};
  log_warning("the certificate of an OIDC provider can't be had", {{"url", url}, {"what", thumbprint.error().detail}});
  return errors::of(open_id_idp_communication_error_exception("Unable to retrieve the thumbprint of " + url));
}

std::string arn_prefix(const AccountId& account) { return oidc_provider_arn(account, ""); }

}  // namespace

Result<CreateOpenIDConnectProviderOutput> create_open_id_connect_provider(
    Call& call, const CreateOpenIDConnectProviderInput& input) {
  const AccountId& account = call.account();
  const std::string key = TRY(read_url(*input.url));
  OidcProviderRecord record{.created_at = call.context.now,
                            .client_ids = TRY(read_client_ids(input.client_id_list)),
                            .thumbprints = {},
                            .tags = TRY(read_tags(input.tags, OidcKind::kTagQuota))};
  const bool is_given = input.thumbprint_list && !input.thumbprint_list->empty();
  record.thumbprints = TRY(is_given ? read_thumbprints(*input.thumbprint_list) : fetch_thumbprint(*input.url));
  return call.write([&](metadata::Transaction& txn) -> Result<CreateOpenIDConnectProviderOutput> {
    if (TRY(kOidcProviders.contains(txn, {account, key}))) {
      return errors::already_exists(fmt::format("Provider with url {} already exists.", *input.url));
    }
    if (TRY(count_rows(txn, kOidcProviders, account)) >= kMaxOidcProviders) {
      return errors::quota_exceeded("OpenIdConnectProvidersPerAccount", kMaxOidcProviders);
    }
    kOidcProviders.put(txn, {account, key}, record);
    return CreateOpenIDConnectProviderOutput{.open_id_connect_provider_arn = arn_prefix(account) + key,
                                             .tags = to_wire_or_none(record.tags)};
  });
}

Result<GetOpenIDConnectProviderOutput> get_open_id_connect_provider(Call& call,
                                                                    const GetOpenIDConnectProviderInput& input) {
  const OwnProvider<OidcKind> provider =
      TRY(find_provider<OidcKind>(*call.metadata.begin_read(), call.account(), *input.open_id_connect_provider_arn));
  return GetOpenIDConnectProviderOutput{.url = provider.key,
                                        .client_id_list = provider.record.client_ids,
                                        .thumbprint_list = provider.record.thumbprints,
                                        .create_date = provider.record.created_at,
                                        .tags = to_wire_or_none(provider.record.tags)};
}

Result<ListOpenIDConnectProvidersOutput> list_open_id_connect_providers(Call& call,
                                                                        const ListOpenIDConnectProvidersInput&) {
  ListOpenIDConnectProvidersOutput output;
  auto& list = output.open_id_connect_provider_list.emplace();
  auto txn = call.metadata.begin_read();
  auto rows = kOidcProviders.scan(*txn, metadata::Direction::forward, call.account());
  while (TRY(rows.next())) list.push_back({.arn = arn_prefix(call.account()) + std::get<1>(rows.key())});
  return output;
}

// Deleting one that isn't there is no error.
Result<NoOutput> delete_open_id_connect_provider(Call& call, const DeleteOpenIDConnectProviderInput& input) {
  const std::string& arn = *input.open_id_connect_provider_arn;
  const std::string prefix = arn_prefix(call.account());
  if (!arn.starts_with(prefix)) return errors::invalid_input(fmt::format("Invalid ARN: {}", arn));
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    kOidcProviders.erase(txn, {call.account(), arn.substr(prefix.size())});
    return NoOutput{};
  });
}

Result<NoOutput> add_client_id_to_open_id_connect_provider(Call& call,
                                                           const AddClientIDToOpenIDConnectProviderInput& input) {
  return change_provider<OidcKind>(call, *input.open_id_connect_provider_arn,
                                   [&](OidcProviderRecord& record) -> Result<> {
                                     record.client_ids.push_back(*input.client_id);
                                     record.client_ids = TRY(read_client_ids(record.client_ids));
                                     return {};
                                   });
}

Result<NoOutput> remove_client_id_from_open_id_connect_provider(
    Call& call, const RemoveClientIDFromOpenIDConnectProviderInput& input) {
  return change_provider<OidcKind>(call, *input.open_id_connect_provider_arn,
                                   [&](OidcProviderRecord& record) -> Result<> {
                                     std::erase(record.client_ids, *input.client_id);
                                     return {};
                                   });
}

Result<NoOutput> update_open_id_connect_provider_thumbprint(Call& call,
                                                            const UpdateOpenIDConnectProviderThumbprintInput& input) {
  std::vector<std::string> thumbprints = TRY(read_thumbprints(*input.thumbprint_list));
  return change_provider<OidcKind>(call, *input.open_id_connect_provider_arn,
                                   [&](OidcProviderRecord& record) -> Result<> {
                                     record.thumbprints = thumbprints;
                                     return {};
                                   });
}

Result<NoOutput> tag_open_id_connect_provider(Call& call, const TagOpenIDConnectProviderInput& input) {
  return tag_provider<OidcKind>(call, *input.open_id_connect_provider_arn, input);
}

Result<NoOutput> untag_open_id_connect_provider(Call& call, const UntagOpenIDConnectProviderInput& input) {
  return untag_provider<OidcKind>(call, *input.open_id_connect_provider_arn, input);
}

Result<ListOpenIDConnectProviderTagsOutput> list_open_id_connect_provider_tags(
    Call& call, const ListOpenIDConnectProviderTagsInput& input) {
  return list_provider_tags<OidcKind, ListOpenIDConnectProviderTagsOutput>(call, *input.open_id_connect_provider_arn,
                                                                           input);
}

}  // namespace aerolith::iam
