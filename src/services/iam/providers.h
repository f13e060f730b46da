// Identity providers of both kinds: looked up by their ARN, changed, tagged.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "services/iam/call.h"
#include "services/iam/paging.h"
#include "services/iam/resources.h"
#include "services/iam/tables.h"
#include "services/iam/tags.h"

namespace aerolith::iam {

// What differs between the kinds.
struct OidcKind {
  using Record = OidcProviderRecord;
  static constexpr std::string_view kType = ":oidc-provider/";
  static constexpr std::string_view kTagQuota = "TagsPerOpenIdConnectProvider";
  static constexpr std::string_view kNotFound = "OpenIDConnect Provider not found for arn {}";
  static const auto& table() { return kOidcProviders; }
  static std::optional<std::string> key_of(const AccountId& account, std::string_view arn) {
    return oidc_provider_of(account, arn);
  }
};
struct SamlKind {
  using Record = SamlProviderRecord;
  static constexpr std::string_view kType = ":saml-provider/";
  static constexpr std::string_view kTagQuota = "TagsPerSAMLProvider";
  static constexpr std::string_view kNotFound = "Manifest not found for arn {}";
  static const auto& table() { return kSamlProviders; }
  static std::optional<std::string> key_of(const AccountId& account, std::string_view arn) {
    return saml_provider_of(account, arn);
  }
};

template <typename Kind>
struct OwnProvider {
  std::string key;
  typename Kind::Record record;
};

// InvalidInput for what isn't the ARN of such a provider; NoSuchEntity for one that isn't the account's.
template <typename Kind>
Result<OwnProvider<Kind>> find_provider(metadata::ReadTransaction& txn, const AccountId& account,
                                        const std::string& arn) {
  if (!arn.starts_with("arn:aws:iam::") || arn.find(Kind::kType) == std::string::npos) {
    return errors::invalid_input(fmt::format("Invalid ARN: {}", arn));
  }
  auto key = Kind::key_of(account, arn);
  auto record = key ? TRY(Kind::table().get(txn, {account, *key})) : std::nullopt;
  if (!record) return errors::no_such(fmt::format(fmt::runtime(Kind::kNotFound), arn));
  return OwnProvider<Kind>{*std::move(key), *std::move(record)};
}

template <typename Kind, typename Change>
Result<NoOutput> change_provider(Call& call, const std::string& arn, Change change) {
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    auto provider = TRY(find_provider<Kind>(txn, call.account(), arn));
    TRY(change(provider.record));
    Kind::table().put(txn, {call.account(), provider.key}, provider.record);
    return NoOutput{};
  });
}

template <typename Kind, typename Input>
Result<NoOutput> tag_provider(Call& call, const std::string& arn, const Input& input) {
  return change_provider<Kind>(
      call, arn, [&](auto& record) -> Result<> { return merge_tags(record.tags, input.tags, Kind::kTagQuota); });
}

template <typename Kind, typename Input>
Result<NoOutput> untag_provider(Call& call, const std::string& arn, const Input& input) {
  return change_provider<Kind>(call, arn, [&](auto& record) -> Result<> {
    remove_tags(record.tags, input.tag_keys);
    return {};
  });
}

template <typename Kind, typename Output, typename Input>
Result<Output> list_provider_tags(const Call& call, const std::string& arn, const Input& input) {
  const auto provider = TRY(find_provider<Kind>(*call.metadata.begin_read(), call.account(), arn));
  Output output;
  output.tags = TRY(list_items(TRY(read_page(input)), output, to_wire(provider.record.tags)));
  return output;
}

}  // namespace aerolith::iam
