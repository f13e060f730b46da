#include "services/sts/sessions.h"

#include <map>
#include <optional>
#include <vector>

#include "base/random.h"
#include "metadata/record.h"
#include "services/sts/key_ids.h"

namespace aerolith::sts {
namespace {

constexpr std::string_view kSealContext = "sts session";
constexpr std::string_view kSecretAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr size_t kMostOpened = 4096;

struct TagField {
  std::string name;
  std::string value;
};
template <class Archive>
void fields(Archive& archive, TagField& t) {
  archive(t.name, t.value);
}

struct FederatedKeyField {
  std::string name;
  std::string value;
  bool is_list = false;
};
template <class Archive>
void fields(Archive& archive, FederatedKeyField& k) {
  archive(k.name, k.value, k.is_list);
}

// What a token holds.
struct TokenRecord {
  static constexpr uint32_t kVersion = 3;
  std::string key_id;
  std::string secret;
  std::string account;
  std::string arn;
  std::string user_id;
  auth::PrincipalKind kind = auth::PrincipalKind::user;
  std::string entity_arn;
  std::string entity_name;
  Timestamp issued_at;
  Timestamp expires_at;
  std::optional<Timestamp> mfa_at;
  std::vector<std::string> policies;
  std::vector<std::string> policy_arns;
  std::vector<TagField> tags;
  std::vector<std::string> transitive_tag_keys;
  std::string source_identity;
  std::string federated_provider;
  std::vector<FederatedKeyField> federated_keys;  // since version 2
  std::string entity_id;                          // since version 3

  // That of a federated user isn't known: such a session of a user ends.
  static void upgrade(TokenRecord& r, uint32_t) {
    if (r.kind != auth::PrincipalKind::federated_user) r.entity_id = r.user_id.substr(0, r.user_id.find(':'));
  }
};
template <class Archive>
void fields(Archive& archive, TokenRecord& r) {
  archive(r.key_id, r.secret, r.account, r.arn, r.user_id, r.kind, r.entity_arn, r.entity_name, r.issued_at,
          r.expires_at, r.mfa_at, r.policies, r.policy_arns, r.tags, r.transitive_tag_keys, r.source_identity,
          r.federated_provider, r.federated_keys, r.entity_id);
}

TokenRecord to_record(const auth::AccessKey& key) {
  const auth::Principal& p = key.principal;
  const auth::Session& s = *key.session;
  TokenRecord record{.key_id = key.id.str(),
                     .secret = key.secret,
                     .account = p.account.str(),
                     .arn = p.arn,
                     .user_id = p.user_id,
                     .kind = p.kind,
                     .entity_arn = p.entity_arn,
                     .entity_name = p.entity_name,
                     .issued_at = s.issued_at,
                     .expires_at = s.expires_at,
                     .mfa_at = s.mfa_at,
                     .policies = s.policies,
                     .policy_arns = s.policy_arns,
                     .tags = {},
                     .transitive_tag_keys = s.transitive_tag_keys,
                     .source_identity = s.source_identity,
                     .federated_provider = s.federated_provider,
                     .entity_id = p.entity_id};
  for (const auto& [name, value] : s.tags) record.tags.push_back({name, value});
  for (const auth::FederatedKey& k : s.federated_keys) record.federated_keys.push_back({k.name, k.value, k.is_list});
  return record;
}

auth::AccessKey from_record(TokenRecord record, std::string_view token) {
  auth::AccessKey key;
  key.id = auth::AccessKeyId(std::move(record.key_id));
  key.secret = std::move(record.secret);
  key.principal = {.account = AccountId(std::move(record.account)),
                   .arn = std::move(record.arn),
                   .user_id = std::move(record.user_id),
                   .kind = record.kind,
                   .entity_arn = std::move(record.entity_arn),
                   .entity_name = std::move(record.entity_name),
                   .entity_id = std::move(record.entity_id)};
  key.session = auth::Session{.token = std::string(token),
                              .expires_at = record.expires_at,
                              .issued_at = record.issued_at,
                              .mfa_at = record.mfa_at,
                              .policies = std::move(record.policies),
                              .policy_arns = std::move(record.policy_arns),
                              .tags = {},
                              .transitive_tag_keys = std::move(record.transitive_tag_keys),
                              .source_identity = std::move(record.source_identity),
                              .federated_provider = std::move(record.federated_provider)};
  for (TagField& tag : record.tags) key.session->tags.emplace_back(std::move(tag.name), std::move(tag.value));
  for (FederatedKeyField& k : record.federated_keys) {
    key.session->federated_keys.push_back({std::move(k.name), std::move(k.value), k.is_list});
  }
  return key;
}

}  // namespace

auth::AccessKey Sessions::issue(auth::Principal principal, auth::Session session) const {
  auth::AccessKey key;
  key.id = auth::AccessKeyId(make_session_key_id(principal.account));
  key.secret = random_string(40, kSecretAlphabet);
  key.principal = std::move(principal);
  key.session = std::move(session);
  key.session->token = box_.seal(metadata::encode_record(to_record(key)), kSealContext);
  return key;
}

aerolith::Result<std::shared_ptr<const auth::AccessKey>, auth::CredentialError> Sessions::find(
    const auth::AccessKeyId& id, std::string_view session_token) const {
  if (!id.view().starts_with(kSessionKeyPrefix)) return nullptr;
  // Without its token a temporary key is unknown, as with AWS.
  if (session_token.empty()) return nullptr;
  const auto invalid = [] { return fail(auth::CredentialErrorCode::invalid_token, "not a session token of this key"); };
  std::string token(session_token);
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = opened_.find(token); found != opened_.end()) {
      if (found->second->id != id) return invalid();
      return found->second;
    }
  }
  const std::optional<std::string> bytes = box_.open(session_token, kSealContext);
  if (!bytes) return invalid();
  auto record = metadata::decode_record<TokenRecord>(*bytes);
  if (!record.has_value() || record->key_id != id.view()) return invalid();
  auto key = std::make_shared<const auth::AccessKey>(from_record(*std::move(record), session_token));
  const std::lock_guard lock(mutex_);
  if (opened_.size() >= kMostOpened) opened_.clear();
  return opened_.emplace(std::move(token), std::move(key)).first->second;
}

}  // namespace aerolith::sts
