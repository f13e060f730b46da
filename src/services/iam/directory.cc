#include <fmt/format.h>

#include <chrono>

#include "base/encoding.h"
#include "base/log.h"
#include "services/iam/api.h"
#include "services/iam/aws_policies.h"
#include "services/iam/identity_loader.h"
#include "services/iam/mfa_seed.h"
#include "services/iam/names.h"
#include "services/iam/tables.h"
#include "services/iam/totp.h"

namespace aerolith::iam {
namespace {

constexpr size_t kMostKept = 250'000;
constexpr std::chrono::seconds kWriteUsesEvery{60};
constexpr std::chrono::seconds kUseGrain{1};
// A code of the step before or after serves too, as clocks differ.
constexpr uint64_t kCodeWindow = 1;

// Of a user or a role: "u123456789012/name". In memory of its own, since each call needs it.
class CacheKey {
 public:
  CacheKey(Identity::Kind kind, const AccountId& account, std::string_view name) {
    text_.push_back(kind == Identity::Kind::user ? 'u' : 'r');
    text_.append(account.view());
    text_.push_back('/');
    for (const char c : name) text_.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c);
  }
  std::string_view view() const { return {text_.data(), text_.size()}; }

 private:
  fmt::basic_memory_buffer<char, 100> text_;
};

}  // namespace

Directory::Directory(metadata::Store& store, const auth::SecretBox& secrets)
    : store_(store), secrets_(secrets), service_uses_(store), writer_([this] { write_uses_regularly(); }) {}

Directory::~Directory() {
  {
    const std::unique_lock lock(uses_mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  writer_.join();
  write_noted_uses();
}

std::shared_ptr<Directory::Generation> Directory::generation_of(const AccountId& account) const {
  {
    const std::shared_lock lock(mutex_);
    const auto found = generations_.find(account);
    if (found != generations_.end()) return found->second;
  }
  const std::unique_lock lock(mutex_);
  auto& generation = generations_[account];
  if (generation == nullptr) generation = std::make_shared<Generation>(0);
  return generation;
}

void Directory::changed(const AccountId& account) { generation_of(account)->fetch_add(1, std::memory_order_acq_rel); }

template <typename Value>
std::shared_ptr<const Value> Directory::find_kept(const Cache<Value>& cache, std::string_view key) const {
  const std::shared_lock lock(mutex_);
  const auto found = cache.find(key);
  if (found == cache.end() || !found->second.is_fresh()) return nullptr;
  return found->second.value;
}

template <typename Value>
void Directory::keep(Cache<Value>& cache, std::string key, Kept<Value> kept) const {
  const std::unique_lock lock(mutex_);
  if (cache.size() >= kMostKept) cache.clear();
  cache.insert_or_assign(std::move(key), std::move(kept));
}

metadata::Result<std::shared_ptr<const Identity>> Directory::find_identity(Identity::Kind kind,
                                                                           const AccountId& account,
                                                                           std::string_view name) const {
  const CacheKey cache_key(kind, account, name);
  if (auto kept = find_kept(identities_, cache_key.view())) return kept;
  // The generation first: a change that commits while this reads makes the result stale at once.
  Kept<Identity> fresh;
  fresh.generation = generation_of(account);
  fresh.as_of = fresh.generation->load(std::memory_order_acquire);
  auto txn = store_.begin_read();
  fresh.value = TRY(load_identity(*txn, kind, account, lower_name(name)));
  if (fresh.value == nullptr) return std::shared_ptr<const Identity>();
  auto value = fresh.value;
  keep(identities_, std::string(cache_key.view()), std::move(fresh));
  return value;
}

metadata::Result<std::shared_ptr<const Identity>> Directory::find_user(const AccountId& account,
                                                                       std::string_view name) const {
  return find_identity(Identity::Kind::user, account, name);
}

metadata::Result<std::shared_ptr<const Identity>> Directory::find_role(const AccountId& account,
                                                                       std::string_view name) const {
  return find_identity(Identity::Kind::role, account, name);
}

metadata::Result<std::shared_ptr<const AccessKeyInfo>> Directory::find_access_key(const std::string& id) const {
  if (auto kept = find_kept(keys_, id)) return kept;
  auto none = std::shared_ptr<const AccessKeyInfo>();
  auto txn = store_.begin_read();
  const auto owner = TRY(kAccessKeyOwners.get(*txn, {id}));
  if (!owner) return none;
  Kept<AccessKeyInfo> fresh;
  fresh.generation = generation_of(owner->account);
  fresh.as_of = fresh.generation->load(std::memory_order_acquire);
  txn = store_.begin_read();
  const auto record = TRY(kAccessKeys.get(*txn, {owner->account, owner->user, id}));
  if (!record) return none;
  auto secret = secrets_.open(record->sealed_secret, access_key_context(owner->account, id));
  if (!secret) return fail(metadata::ErrorCode::corrupt, "the secret of access key " + id + " can't be opened");
  auto info = std::make_shared<AccessKeyInfo>();
  info->key.id = auth::AccessKeyId(id);
  info->key.secret = *std::move(secret);
  info->key.enabled = record->active;
  auth::Principal& principal = info->key.principal;
  principal.account = owner->account;
  if (owner->user.empty()) {
    principal.arn = root_arn(owner->account);
    principal.user_id = owner->account.str();
    principal.kind = auth::PrincipalKind::root;
    principal.entity_arn = principal.arn;
  } else {
    info->user = TRY(load_identity(*txn, Identity::Kind::user, owner->account, owner->user));
    if (info->user == nullptr) return none;
    principal.arn = info->user->arn;
    principal.user_id = info->user->unique_id;
    principal.entity_id = principal.user_id;
    principal.entity_arn = principal.arn;
    principal.entity_name = info->user->name;
  }
  fresh.value = info;
  keep(keys_, id, std::move(fresh));
  return std::shared_ptr<const AccessKeyInfo>(std::move(info));
}

metadata::Result<std::optional<AppliedPolicy>> Directory::find_policy(const AccountId& account,
                                                                      std::string_view arn) const {
  return load_policy(*store_.begin_read(), account, arn);
}

metadata::Result<bool> Directory::has_account(const AccountId& account) const {
  return kAccounts.contains(*store_.begin_read(), {account});
}

metadata::Result<std::optional<OidcProvider>> Directory::find_oidc_provider(const AccountId& account,
                                                                            std::string_view url) const {
  auto record = TRY(kOidcProviders.get(*store_.begin_read(), {account, std::string(url)}));
  if (!record) return std::optional<OidcProvider>();
  return std::optional(OidcProvider{std::move(record->client_ids), std::move(record->thumbprints)});
}

metadata::Result<std::optional<SamlProvider>> Directory::find_saml_provider(const AccountId& account,
                                                                            std::string_view name) const {
  auto record = TRY(kSamlProviders.get(*store_.begin_read(), {account, std::string(name)}));
  if (!record) return std::optional<SamlProvider>();
  SamlProvider provider{.metadata = std::move(record->metadata),
                        .private_keys = {},
                        .requires_encryption = record->encryption == AssertionEncryption::required};
  for (const SamlKeyRecord& key : record->private_keys) {
    auto pem = secrets_.open(key.sealed_pem, saml_key_context(account, key.id));
    if (!pem) return fail(metadata::ErrorCode::corrupt, "the private key " + key.id + " can't be opened");
    provider.private_keys.push_back(*std::move(pem));
  }
  return std::optional(std::move(provider));
}

metadata::Result<std::optional<InstanceProfileFacts>> Directory::find_instance_profile(const AccountId& account,
                                                                                       std::string_view name) const {
  const auto txn = store_.begin_read();
  const auto profile = TRY(kInstanceProfiles.get(*txn, {account, lower_name(name)}));
  if (!profile) return std::optional<InstanceProfileFacts>();
  InstanceProfileFacts facts{
      .arn = make_arn(account, "instance-profile", profile->path, profile->name), .id = profile->id, .role_arn = {}};
  if (!profile->role) return std::optional(std::move(facts));
  const auto role = TRY(kRoles.get(*txn, {account, *profile->role}));
  if (!role) return std::optional(std::move(facts));
  facts.role_arn = make_arn(account, "role", role->path, role->name);
  for (const TagRecord& tag : role->tags) facts.role_tags[tag.key] = tag.value;
  return std::optional(std::move(facts));
}

metadata::Result<> Directory::ensure_account(const AccountId& account, std::string_view name, Timestamp now) {
  return metadata::run_transaction(store_, [&](metadata::Transaction& txn) -> metadata::Result<> {
    if (TRY(kAccounts.contains(txn, {account}))) return {};
    kAccounts.put(txn, {account}, {.created_at = now, .name = std::string(name)});
    return {};
  });
}

void Directory::note_key_use(const std::string& id, const AccountId& account, const SeenUse& seen) {
  const UseKey key(account, id);
  {
    const std::shared_lock lock(uses_mutex_);
    const auto found = noted_uses_.find(key);
    const bool is_known = found != noted_uses_.end() && found->second.service == seen.service &&
                          found->second.region == seen.region && seen.at - found->second.at < kUseGrain;
    if (is_known) return;
  }
  const std::unique_lock lock(uses_mutex_);
  noted_uses_.insert_or_assign(
      key, KeyUse{.at = seen.at, .service = std::string(seen.service), .region = std::string(seen.region)});
}

std::optional<KeyUse> Directory::noted_key_use(const AccountId& account, const std::string& id) const {
  const std::shared_lock lock(uses_mutex_);
  const auto found = noted_uses_.find({account, id});
  if (found == noted_uses_.end()) return std::nullopt;
  return found->second;
}

void Directory::write_uses_regularly() {
  std::unique_lock lock(uses_mutex_);
  while (!stopping_) {
    wake_.wait_for(lock, kWriteUsesEvery, [this] { return stopping_; });
    if (stopping_) return;
    lock.unlock();
    write_noted_uses();
    lock.lock();
  }
}

void Directory::write_noted_uses() {
  std::map<UseKey, KeyUse> uses;
  {
    const std::shared_lock lock(uses_mutex_);
    uses = noted_uses_;
  }
  if (uses.empty()) return;
  const auto written = metadata::run_transaction(store_, [&](metadata::Transaction& txn) -> metadata::Result<> {
    for (const auto& [key, use] : uses) {
      const auto& [account, id] = key;
      // A deleted key leaves nothing behind.
      if (id.starts_with("AKIA") && !TRY(kAccessKeyOwners.contains(txn, {id}))) continue;
      kKeyUses.put(txn, {account, id}, {.at = use.at, .service = use.service, .region = use.region});
    }
    return {};
  });
  if (!written.has_value()) {
    log_warning("iam: can't write when keys were last used", {{"detail", written.error().detail}});
    return;
  }
  // What was noted meanwhile stays for the next time.
  const std::unique_lock lock(uses_mutex_);
  for (const auto& [key, use] : uses) {
    const auto found = noted_uses_.find(key);
    if (found != noted_uses_.end() && found->second.at == use.at) noted_uses_.erase(found);
  }
}

metadata::Result<bool> Directory::check_mfa_code(const AccountId& account, std::string_view user_name,
                                                 std::string_view serial, std::string_view code, Timestamp now) {
  const std::optional<Name> device = mfa_device_of(account, serial);
  if (!device) return false;
  const std::string attempt = fmt::format("{}/{}", account.view(), *device);
  if (!mfa_attempts_.may_try(attempt, now)) return false;
  const auto checked = metadata::run_transaction(store_, [&](metadata::Transaction& txn) -> metadata::Result<bool> {
    auto record = TRY(kMfaDevices.get(txn, {account, *device}));
    if (!record || record->user != lower_name(user_name)) return false;
    const auto seed = secrets_.open(record->sealed_seed, mfa_context(account, *device));
    if (!seed) return fail(metadata::ErrorCode::corrupt, "the seed of an MFA device can't be opened");
    const auto around = static_cast<uint64_t>(static_cast<int64_t>(totp_step(now)) + record->drift_steps);
    for (uint64_t step = around - kCodeWindow; step <= around + kCodeWindow; ++step) {
      if (step <= record->last_used_step || !equals_constant_time(totp_code(*seed, step), code)) continue;
      record->last_used_step = step;
      kMfaDevices.put(txn, {account, *device}, *record);
      return true;
    }
    return false;
  });
  if (checked.has_value()) mfa_attempts_.note(attempt, *checked, now);
  return checked;
}

}  // namespace aerolith::iam
