// What other rooms need of IAM: who a key speaks for, which policies apply to him, and whom a policy names
// (principals.h). What Directory answers comes from memory; the next call after a change of anything in the account
// sees the change.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "auth/credentials.h"
#include "auth/secret_box.h"
#include "base/strong_string.h"
#include "base/time.h"
#include "gateway/authorize.h"
#include "metadata/store.h"
#include "policy/document.h"
#include "services/iam/mfa_attempts.h"
#include "services/iam/principals.h"
#include "services/iam/service_uses.h"

namespace aerolith::iam {

using AppliedPolicy = gateway::StoredPolicy;  // a managed policy's ARN, an inline policy's name

// A user or a role with all that decides about it: beside what the gateway asks for, what it is. Its policies are the
// attached ones (by their default version), the inline ones, and those of the user's groups. Immutable.
struct Identity : gateway::Identity {
  enum class Kind : uint8_t { user, role };
  Kind kind = Kind::user;
  AccountId account;
  std::string name;
  std::string path;
  std::string arn;
  Timestamp created_at;
  // Roles only.
  std::optional<AppliedPolicy> trust;
  std::chrono::seconds max_session{3600};
  std::string linked_service;  // of a service-linked role, else empty
  // Users only.
  std::vector<std::string> groups;  // names
  std::vector<std::string> mfa_serials;
};

struct OidcProvider {
  std::vector<std::string> client_ids;
  std::vector<std::string> thumbprints;  // lower case
};

// What hands a role to an instance.
struct InstanceProfileFacts {
  std::string arn;
  std::string id;        // AIPA...
  std::string role_arn;  // empty: it has none now
  std::map<std::string, std::string> role_tags{};
};

struct SamlProvider {
  std::string metadata;                   // the document
  std::vector<std::string> private_keys;  // PEM, to decrypt assertions with
  bool requires_encryption = false;
};

// What signs tokens of an account.
struct TokenSigner {
  std::string issuer;  // its URL
  std::string key_id;
  std::string private_key;  // PEM
};

struct AccessKeyInfo {
  auth::AccessKey key;                   // secret, principal, enabled
  std::shared_ptr<const Identity> user;  // null: a key of the account's root
};

struct KeyUse {
  Timestamp at;
  std::string service;  // "s3"
  std::string region;
};

// As it comes with a request: views.
struct SeenUse {
  std::string_view service;
  std::string_view region;
  Timestamp at;
};

// In place of a key's id: the root's own key, which no record stands for.
inline constexpr std::string_view kUseOfRoot = "root";

// All members are safe from any thread.
class Directory {
 public:
  Directory(metadata::Store& store, const auth::SecretBox& secrets);
  // Writes out what it noted of the use of keys.
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  // Null: there is no such key, user, role. An error: the store can't be read.
  metadata::Result<std::shared_ptr<const AccessKeyInfo>> find_access_key(const std::string& id) const;
  // Names compare without case.
  metadata::Result<std::shared_ptr<const Identity>> find_user(const AccountId& account, std::string_view name) const;
  metadata::Result<std::shared_ptr<const Identity>> find_role(const AccountId& account, std::string_view name) const;
  // A managed policy of the account or of AWS; nullopt where there is none. Read anew each time.
  metadata::Result<std::optional<AppliedPolicy>> find_policy(const AccountId& account, std::string_view arn) const;
  metadata::Result<bool> has_account(const AccountId& account) const;
  // By its URL without https://; nullopt where there is none. Read anew each time.
  metadata::Result<std::optional<OidcProvider>> find_oidc_provider(const AccountId& account,
                                                                   std::string_view url) const;
  // The same for SAML providers, by name. `corrupt` for a key that can't be opened.
  metadata::Result<std::optional<SamlProvider>> find_saml_provider(const AccountId& account,
                                                                   std::string_view name) const;
  // By its name; nullopt where there is none. Read anew each time: its role may be another by now.
  metadata::Result<std::optional<InstanceProfileFacts>> find_instance_profile(const AccountId& account,
                                                                              std::string_view name) const;
  // Of the account's tokens with that algorithm, "RS256"; nullopt where it issues none at present. Read anew each time.
  // `corrupt` for a key that can't be opened.
  metadata::Result<std::optional<TokenSigner>> find_token_signer(const AccountId& account,
                                                                 std::string_view algorithm) const;
  // The JWKS document of the issuer of that id, also of one that issues no more; nullopt where there is none.
  metadata::Result<std::optional<std::string>> find_token_keys(const std::string& issuer_id) const;

  // Makes the account where it isn't there yet. Durable on return.
  metadata::Result<> ensure_account(const AccountId& account, std::string_view name, Timestamp now);
  // Something in the account's IAM records has changed and is committed.
  void changed(const AccountId& account);

  // Remembers it in memory, to the second; within a minute a thread of its own writes it to the store. `id`: of a
  // long-lived key, of a role (its sessions), or kUseOfRoot.
  void note_key_use(const std::string& id, const AccountId& account, const SeenUse& seen);
  // What was noted lately.
  std::optional<KeyUse> noted_key_use(const AccountId& account, const std::string& id) const;
  // What users and roles tried.
  ServiceUses& service_uses() { return service_uses_; }
  // Tries a code of six digits against the user's device (its ARN); a code serves once, and after many wrong ones none
  // serves for a while. For STS.
  metadata::Result<bool> check_mfa_code(const AccountId& account, std::string_view user_name, std::string_view serial,
                                        std::string_view code, Timestamp now);

 private:
  using Generation = std::atomic<uint64_t>;
  template <typename Value>
  struct Kept {
    std::shared_ptr<const Value> value;
    std::shared_ptr<const Generation> generation;
    uint64_t as_of = 0;
    bool is_fresh() const { return generation->load(std::memory_order_acquire) == as_of; }
  };
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  template <typename Value>
  using Cache = std::unordered_map<std::string, Kept<Value>, TextHash, std::equal_to<>>;

  std::shared_ptr<Generation> generation_of(const AccountId& account) const;
  template <typename Value>
  std::shared_ptr<const Value> find_kept(const Cache<Value>& cache, std::string_view key) const;
  template <typename Value>
  void keep(Cache<Value>& cache, std::string key, Kept<Value> kept) const;
  metadata::Result<std::shared_ptr<const Identity>> find_identity(Identity::Kind kind, const AccountId& account,
                                                                  std::string_view name) const;
  void write_uses_regularly();
  void write_noted_uses();

  metadata::Store& store_;
  const auth::SecretBox& secrets_;
  mutable std::shared_mutex mutex_;
  mutable std::unordered_map<AccountId, std::shared_ptr<Generation>> generations_;
  mutable Cache<Identity> identities_;
  mutable Cache<AccessKeyInfo> keys_;

  MfaAttempts mfa_attempts_;
  ServiceUses service_uses_;

  using UseKey = std::pair<AccountId, std::string>;
  mutable std::shared_mutex uses_mutex_;
  std::map<UseKey, KeyUse> noted_uses_;
  std::condition_variable_any wake_;
  bool stopping_ = false;
  std::thread writer_;
};

}  // namespace aerolith::iam
