#include "federation/oidc_keys.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <utility>

#include "base/encoding.h"

namespace aerolith::federation {
namespace {

namespace json = boost::json;
using Code = OidcKeysErrorCode;

constexpr size_t kMostProviders = 1000;

// The same provider with other thumbprints is asked anew: what was fetched under the old ones may not be trusted now.
std::string entry_name(const OidcProvider& provider) {
  std::string name = provider.url;
  for (const std::string& thumbprint : provider.thumbprints) name += "\n" + thumbprint;
  return name;
}

OidcKeysError to_error(const http::ClientError& error) {
  switch (error.code) {
    case http::ClientErrorCode::bad_address:
    case http::ClientErrorCode::connect_failed:
    case http::ClientErrorCode::timed_out:
    case http::ClientErrorCode::disconnected:
      return {Code::unreachable, error.detail};
    case http::ClientErrorCode::untrusted:
      return {Code::untrusted, error.detail};
    case http::ClientErrorCode::malformed:
    case http::ClientErrorCode::too_large:
      break;
  }
  return {Code::unusable, error.detail};
}

std::chrono::seconds use_of(const http::ClientResponse& response) {
  const std::string control = to_lower(response.headers.find("cache-control").value_or(""));
  constexpr std::string_view kMaxAge = "max-age=";
  const size_t at = control.find(kMaxAge);
  int64_t seconds = OidcKeys::kLongestUse.count();
  if (at != std::string::npos) {
    const char* const begin = control.data() + at + kMaxAge.size();
    const auto [end, error] = std::from_chars(begin, control.data() + control.size(), seconds);
    if (error != std::errc()) seconds = 0;
  }
  return std::clamp(std::chrono::seconds(seconds), OidcKeys::kShortestUse, OidcKeys::kLongestUse);
}

OidcKeys::Fetch over_https(std::string ca_file) {
  return [ca_file = std::move(ca_file)](
             const HttpsUrl& url,
             const std::vector<std::string>& thumbprints) -> Result<http::ClientResponse, http::ClientError> {
    http::ClientRequest request{.target = url.target};
    request.headers.add("Host", url.host);
    request.headers.add("Accept", "application/json");
    request.headers.add("User-Agent", "aerolith");
    return http::fetch_tls(url.address, {.ca_file = ca_file, .thumbprints = thumbprints}, request,
                           {.connect_deadline = OidcKeys::kFetchDeadline,
                            .total_deadline = OidcKeys::kFetchDeadline,
                            .body_limit_bytes = OidcKeys::kMaxDocumentBytes});
  };
}

// The jwks_uri of a discovery document that is this issuer's.
std::optional<std::string> read_discovery(std::string_view document, const std::string& issuer) {
  json::parse_options options;
  options.max_depth = 16;
  boost::system::error_code error;
  const json::value value = json::parse(document, error, {}, options);
  if (error || !value.is_object()) return std::nullopt;
  const auto text = [&](std::string_view name) -> std::string {
    const json::value* found = value.get_object().if_contains(name);
    if (found == nullptr || !found->is_string()) return {};
    return {found->get_string().data(), found->get_string().size()};
  };
  if (text("issuer") != issuer) return std::nullopt;
  return text("jwks_uri");
}

}  // namespace

OidcKeys::OidcKeys(std::string ca_file)
    : OidcKeys(over_https(std::move(ca_file)), [] { return std::chrono::steady_clock::now(); }) {}

OidcKeys::OidcKeys(Fetch fetch, std::function<SteadyTime()> now) : fetch_(std::move(fetch)), now_(std::move(now)) {}

Result<http::ClientResponse, OidcKeysError> OidcKeys::get(const std::string& url, const OidcProvider& provider) const {
  const auto parsed = parse_https_url(url);
  if (!parsed) return fail(Code::unusable, url + " is no https:// URL");
  auto response = fetch_(*parsed, provider.thumbprints);
  if (!response.has_value()) return std::unexpected(to_error(response.error()));
  if (response->status >= 500) return fail(Code::unreachable, url + " answers " + std::to_string(response->status));
  if (response->status != 200) return fail(Code::unusable, url + " answers " + std::to_string(response->status));
  return *std::move(response);
}

Result<OidcKeys::Fetched, OidcKeysError> OidcKeys::fetch_keys(const OidcProvider& provider) const {
  std::string base = provider.issuer();
  if (base.ends_with('/')) base.pop_back();
  const std::string discovery = base + "/.well-known/openid-configuration";
  const auto document = TRY(get(discovery, provider));
  const auto keys_url = read_discovery(document.body, provider.issuer());
  if (!keys_url) return fail(Code::unusable, discovery + " isn't the discovery document of " + provider.issuer());
  const auto answer = TRY(get(*keys_url, provider));
  auto keys = KeySet::parse(answer.body);
  if (!keys || keys->empty()) return fail(Code::unusable, *keys_url + " has no key for signatures");
  return Fetched{.keys = std::make_shared<const KeySet>(*std::move(keys)), .use = use_of(answer)};
}

bool OidcKeys::may_fetch_early(Entry& entry) const {
  const SteadyTime now = now_();
  while (!entry.early_fetches.empty() && now - entry.early_fetches.front() >= std::chrono::minutes(1)) {
    entry.early_fetches.pop_front();
  }
  if (entry.early_fetches.size() >= kEarlyFetchesPerMinute) return false;
  entry.early_fetches.push_back(now);
  return true;
}

Result<std::shared_ptr<const KeySet>, OidcKeysError> OidcKeys::find(const OidcProvider& provider, const Jwt& token) {
  std::unique_lock lock(mutex_);
  if (entries_.size() >= kMostProviders) {
    std::erase_if(entries_, [](const auto& entry) { return !entry.second->is_fetching; });
  }
  auto& slot = entries_[entry_name(provider)];
  if (slot == nullptr) slot = std::make_shared<Entry>();
  const std::shared_ptr<Entry> entry = slot;
  fetched_.wait(lock, [&] { return !entry->is_fetching; });
  const bool is_fresh = entry->keys != nullptr && now_() < entry->use_until;
  if (is_fresh && entry->keys->has_key_for(token)) return entry->keys;
  if (entry->failure && now_() - entry->failed_at < kFailureUse) return std::unexpected(*entry->failure);
  if (is_fresh && !may_fetch_early(*entry)) return fail(Code::unknown_key, token.key_id);

  entry->is_fetching = true;
  lock.unlock();
  auto result = fetch_keys(provider);
  lock.lock();
  entry->is_fetching = false;
  fetched_.notify_all();
  if (!result.has_value()) {
    entry->failure = result.error();
    entry->failed_at = now_();
    return std::unexpected(std::move(result).error());
  }
  entry->failure.reset();
  entry->keys = result->keys;
  entry->use_until = now_() + result->use;
  if (!entry->keys->has_key_for(token)) return fail(Code::unknown_key, token.key_id);
  return entry->keys;
}

}  // namespace aerolith::federation
