// The keys of OIDC providers: found through their discovery documents, kept for a while.
// https://openid.net/specs/openid-connect-discovery-1_0.html
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "federation/https_url.h"
#include "federation/jwk.h"
#include "http/client.h"

namespace aerolith::federation {

struct OidcProvider {
  std::string url;  // as IAM's ARN has it: the issuer without https://
  std::vector<std::string> client_ids = {};
  std::vector<std::string> thumbprints = {};  // lower case

  std::string issuer() const { return "https://" + url; }
};

enum class OidcKeysErrorCode : uint8_t {
  unreachable,  // no connection, no answer in time, 5xx
  untrusted,    // its certificate is neither an authority's nor one of the thumbprints
  unusable,     // what it answers isn't what a provider answers
  unknown_key,  // it has no key that could have signed the token
};
using OidcKeysError = Failure<OidcKeysErrorCode>;

// Safe from any thread. Blocks while it fetches: at most kFetchDeadline twice, one caller for each provider while
// others wait for its result.
class OidcKeys {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;
  using Fetch = std::function<Result<http::ClientResponse, http::ClientError>(
      const HttpsUrl& url, const std::vector<std::string>& thumbprints)>;

  // AWS gives a provider five seconds: https://repost.aws/knowledge-center/iam-sts-invalididentitytoken
  static constexpr std::chrono::milliseconds kFetchDeadline{5'000};
  static constexpr size_t kMaxDocumentBytes = size_t{1} << 20;
  // A set is used for as long as its answer allows (Cache-Control: max-age), within these.
  static constexpr std::chrono::seconds kShortestUse{60};
  static constexpr std::chrono::seconds kLongestUse{3600};
  // An unknown key id makes it ask again before that: so often in a minute.
  static constexpr size_t kEarlyFetchesPerMinute = 5;
  // A failure is remembered for so long.
  static constexpr std::chrono::seconds kFailureUse{5};

  // Over HTTPS; `ca_file` (may be empty) is trusted beside the system's authorities.
  explicit OidcKeys(std::string ca_file);
  // For tests.
  OidcKeys(Fetch fetch, std::function<SteadyTime()> now);

  // A set that has a key for this token.
  Result<std::shared_ptr<const KeySet>, OidcKeysError> find(const OidcProvider& provider, const Jwt& token);

 private:
  struct Entry {
    bool is_fetching = false;
    std::shared_ptr<const KeySet> keys;
    SteadyTime use_until{};
    std::deque<SteadyTime> early_fetches;
    std::optional<OidcKeysError> failure;
    SteadyTime failed_at{};
  };
  struct Fetched {
    std::shared_ptr<const KeySet> keys;
    std::chrono::seconds use{};
  };

  bool may_fetch_early(Entry& entry) const;
  Result<Fetched, OidcKeysError> fetch_keys(const OidcProvider& provider) const;
  Result<http::ClientResponse, OidcKeysError> get(const std::string& url, const OidcProvider& provider) const;

  const Fetch fetch_;
  const std::function<SteadyTime()> now_;
  std::mutex mutex_;
  std::condition_variable fetched_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
};

}  // namespace aerolith::federation
