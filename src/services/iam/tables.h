// The records of this service and their tables; docs/formats/iam.md is the page about them.
//
// Names are unique without case, so rows are keyed by the name in lower case (Name); the record has it as it was given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/strong_string.h"
#include "base/time.h"
#include "metadata/table.h"
#include "services/iam/principals.h"

namespace aerolith::iam {

// In lower case, and compared so.
using Name = std::string;
using AccessKeyId = std::string;
using PolicyArn = std::string;

// What policies are attached to. Values are in keys: they never change.
enum class EntityKind : uint8_t { user = 0, group = 1, role = 2 };

struct TagRecord {
  std::string key;
  std::string value;
};
template <class Archive>
void fields(Archive& archive, TagRecord& r) {
  archive(r.key, r.value);
}
// Sorted by key, without case.
using Tags = std::vector<TagRecord>;

struct PasswordPolicyRecord {
  int32_t minimum_length = 6;
  bool require_symbols = false;
  bool require_numbers = false;
  bool require_uppercase = false;
  bool require_lowercase = false;
  bool users_may_change = false;
  int32_t max_age_days = 0;      // 0: for ever
  int32_t reuse_prevention = 0;  // 0: any password may come again
  bool hard_expiry = false;
};
template <class Archive>
void fields(Archive& archive, PasswordPolicyRecord& r) {
  archive(r.minimum_length, r.require_symbols, r.require_numbers, r.require_uppercase, r.require_lowercase,
          r.users_may_change, r.max_age_days, r.reuse_prevention, r.hard_expiry);
}

struct AccountRecord {
  static constexpr uint32_t kVersion = 1;
  Timestamp created_at;
  std::string name;
  std::optional<std::string> alias;
  std::optional<PasswordPolicyRecord> password_policy;
};
template <class Archive>
void fields(Archive& archive, AccountRecord& r) {
  archive(r.created_at, r.name, r.alias, r.password_policy);
}

struct UserRecord {
  static constexpr uint32_t kVersion = 1;
  std::string name;
  std::string path;
  std::string id;
  Timestamp created_at;
  std::optional<PolicyArn> boundary;
  Tags tags;
};
template <class Archive>
void fields(Archive& archive, UserRecord& r) {
  archive(r.name, r.path, r.id, r.created_at, r.boundary, r.tags);
}

struct GroupRecord {
  static constexpr uint32_t kVersion = 1;
  std::string name;
  std::string path;
  std::string id;
  Timestamp created_at;
};
template <class Archive>
void fields(Archive& archive, GroupRecord& r) {
  archive(r.name, r.path, r.id, r.created_at);
}

struct RoleRecord {
  static constexpr uint32_t kVersion = 1;
  std::string name;
  std::string path;
  std::string id;
  Timestamp created_at;
  std::optional<PolicyArn> boundary;
  Tags tags;
  std::string trust_policy;
  std::optional<std::string> description;
  int32_t max_session_seconds = 3600;
  std::string linked_service;  // a service-linked role's: "autoscaling.amazonaws.com"
  BoundPrincipals trusted;
};
template <class Archive>
void fields(Archive& archive, RoleRecord& r) {
  archive(r.name, r.path, r.id, r.created_at, r.boundary, r.tags, r.trust_policy, r.description, r.max_session_seconds,
          r.linked_service, r.trusted);
}

struct InstanceProfileRecord {
  static constexpr uint32_t kVersion = 1;
  std::string name;
  std::string path;
  std::string id;
  Timestamp created_at;
  Tags tags;
  std::optional<Name> role;
};
template <class Archive>
void fields(Archive& archive, InstanceProfileRecord& r) {
  archive(r.name, r.path, r.id, r.created_at, r.tags, r.role);
}

struct PolicyRecord {
  static constexpr uint32_t kVersion = 1;
  std::string name;
  std::string path;
  std::string id;
  Timestamp created_at;
  Timestamp updated_at;
  std::optional<std::string> description;
  Tags tags;
  uint32_t default_version = 1;
  uint32_t last_version = 1;  // ever made
};
template <class Archive>
void fields(Archive& archive, PolicyRecord& r) {
  archive(r.name, r.path, r.id, r.created_at, r.updated_at, r.description, r.tags, r.default_version, r.last_version);
}

struct PolicyVersionRecord {
  static constexpr uint32_t kVersion = 1;
  Timestamp created_at;
  std::string document;
};
template <class Archive>
void fields(Archive& archive, PolicyVersionRecord& r) {
  archive(r.created_at, r.document);
}

struct InlinePolicyRecord {
  static constexpr uint32_t kVersion = 1;
  std::string document;
};
template <class Archive>
void fields(Archive& archive, InlinePolicyRecord& r) {
  archive(r.document);
}

// A row that says by its key alone all there is to say.
struct LinkRecord {
  static constexpr uint32_t kVersion = 1;
};
template <class Archive>
void fields(Archive&, LinkRecord&) {}

struct AccessKeyRecord {
  static constexpr uint32_t kVersion = 1;
  Timestamp created_at;
  bool active = true;
  std::string sealed_secret;
};
template <class Archive>
void fields(Archive& archive, AccessKeyRecord& r) {
  archive(r.created_at, r.active, r.sealed_secret);
}

struct AccessKeyOwnerRecord {
  static constexpr uint32_t kVersion = 1;
  AccountId account;
  Name user;  // empty: the account's root
};
template <class Archive>
void fields(Archive& archive, AccessKeyOwnerRecord& r) {
  archive(r.account, r.user);
}

struct KeyUseRecord {
  static constexpr uint32_t kVersion = 1;
  Timestamp at;
  std::string service;
  std::string region;
};
template <class Archive>
void fields(Archive& archive, KeyUseRecord& r) {
  archive(r.at, r.service, r.region);
}

struct ServiceUseRecord {
  static constexpr uint32_t kVersion = 1;
  Timestamp at;
  std::string region;
};
template <class Archive>
void fields(Archive& archive, ServiceUseRecord& r) {
  archive(r.at, r.region);
}

struct LoginProfileRecord {
  static constexpr uint32_t kVersion = 1;
  Timestamp created_at;
  Timestamp changed_at;
  bool reset_required = false;
  std::string hash;               // passwords.h
  std::vector<std::string> past;  // hashes, newest first
};
template <class Archive>
void fields(Archive& archive, LoginProfileRecord& r) {
  archive(r.created_at, r.changed_at, r.reset_required, r.hash, r.past);
}

struct MfaDeviceRecord {
  static constexpr uint32_t kVersion = 1;
  std::string name;
  std::string path;
  std::string sealed_seed;
  Tags tags;
  std::optional<Name> user;  // empty: the root's; none: not assigned
  Timestamp enabled_at;
  int64_t drift_steps = 0;      // of the device's clock
  uint64_t last_used_step = 0;  // no code serves twice
};
template <class Archive>
void fields(Archive& archive, MfaDeviceRecord& r) {
  archive(r.name, r.path, r.sealed_seed, r.tags, r.user, r.enabled_at, r.drift_steps, r.last_used_step);
}

struct OidcProviderRecord {
  static constexpr uint32_t kVersion = 1;
  Timestamp created_at;
  std::vector<std::string> client_ids;
  std::vector<std::string> thumbprints;
  Tags tags;
};
template <class Archive>
void fields(Archive& archive, OidcProviderRecord& r) {
  archive(r.created_at, r.client_ids, r.thumbprints, r.tags);
}

struct AliasRecord {
  static constexpr uint32_t kVersion = 1;
  AccountId account;
};
template <class Archive>
void fields(Archive& archive, AliasRecord& r) {
  archive(r.account);
}

struct ServerCertificateRecord {
  static constexpr uint32_t kVersion = 1;
  std::string name;
  std::string path;
  std::string id;
  Timestamp uploaded_at;
  Timestamp expires_at;
  std::string body;
  std::optional<std::string> chain;
  std::string sealed_key;
  Tags tags;
};
template <class Archive>
void fields(Archive& archive, ServerCertificateRecord& r) {
  archive(r.name, r.path, r.id, r.uploaded_at, r.expires_at, r.body, r.chain, r.sealed_key, r.tags);
}

struct SigningCertificateRecord {
  static constexpr uint32_t kVersion = 1;
  std::string body;
  std::string sha256;  // of its DER form
  bool active = true;
  Timestamp uploaded_at;
};
template <class Archive>
void fields(Archive& archive, SigningCertificateRecord& r) {
  archive(r.body, r.sha256, r.active, r.uploaded_at);
}

struct SshKeyRecord {
  static constexpr uint32_t kVersion = 1;
  std::string body;
  std::string fingerprint;
  bool active = true;
  Timestamp uploaded_at;
};
template <class Archive>
void fields(Archive& archive, SshKeyRecord& r) {
  archive(r.body, r.fingerprint, r.active, r.uploaded_at);
}

struct SamlKeyRecord {
  std::string id;
  Timestamp uploaded_at;
  std::string sealed_pem;
};
template <class Archive>
void fields(Archive& archive, SamlKeyRecord& r) {
  archive(r.id, r.uploaded_at, r.sealed_pem);
}

// Of a SAML provider's assertions. Values are in records: they never change.
enum class AssertionEncryption : uint8_t { unset = 0, allowed = 1, required = 2 };

struct SamlProviderRecord {
  static constexpr uint32_t kVersion = 2;
  Timestamp created_at;
  std::string id;
  std::string metadata;  // the document, parsed before it is stored
  Timestamp valid_until;
  Tags tags;
  // Since version 2.
  AssertionEncryption encryption = AssertionEncryption::unset;
  std::vector<SamlKeyRecord> private_keys;
};
template <class Archive>
void fields(Archive& archive, SamlProviderRecord& r) {
  archive(r.created_at, r.id, r.metadata, r.valid_until, r.tags, r.encryption, r.private_keys);
}

struct TokenKeyRecord {
  std::string id;         // the kid of its tokens
  std::string algorithm;  // "RS256"
  std::string sealed_pem;
};
template <class Archive>
void fields(Archive& archive, TokenKeyRecord& r) {
  archive(r.id, r.algorithm, r.sealed_pem);
}

// Who signs the account's own tokens. It stays when the account issues none any more: those that are there already are
// to be verified.
struct TokenIssuerRecord {
  static constexpr uint32_t kVersion = 1;
  std::string id;  // a UUID, the first label of its host's name
  bool is_enabled = true;
  Timestamp created_at;
  std::vector<TokenKeyRecord> keys;
  std::string key_set;  // the public halves: the JWKS document as it is published
};
template <class Archive>
void fields(Archive& archive, TokenIssuerRecord& r) {
  archive(r.id, r.is_enabled, r.created_at, r.keys, r.key_set);
}

struct TokenIssuerOwnerRecord {
  static constexpr uint32_t kVersion = 1;
  AccountId account;
};
template <class Archive>
void fields(Archive& archive, TokenIssuerOwnerRecord& r) {
  archive(r.account);
}

struct DeletionTaskRecord {
  static constexpr uint32_t kVersion = 1;
  Timestamp at;
};
template <class Archive>
void fields(Archive& archive, DeletionTaskRecord& r) {
  archive(r.at);
}

struct CredentialReportRecord {
  static constexpr uint32_t kVersion = 1;
  Timestamp made_at;
  std::string content;
};
template <class Archive>
void fields(Archive& archive, CredentialReportRecord& r) {
  archive(r.made_at, r.content);
}

struct ActionUseRecord {
  std::string action;
  Timestamp at;
  std::string region;
};
template <class Archive>
void fields(Archive& archive, ActionUseRecord& r) {
  archive(r.action, r.at, r.region);
}

// A user or role in an access report, as it was then.
struct ReportedEntityRecord {
  EntityKind kind = EntityKind::user;
  std::string name;
  std::string path;
  std::string id;
  std::vector<ActionUseRecord> uses;
};
template <class Archive>
void fields(Archive& archive, ReportedEntityRecord& r) {
  archive(r.kind, r.name, r.path, r.id, r.uses);
}

struct AccessReportRecord {
  static constexpr uint32_t kVersion = 1;
  Timestamp created_at;
  Timestamp completed_at;
  std::string requester;              // the ARN of the user, role or root that may read it
  bool has_actions = false;           // ACTION_LEVEL
  std::vector<std::string> services;  // that the policies allow, by namespace, sorted
  std::vector<std::string> actions;   // the same; those that this server has
  std::vector<ReportedEntityRecord> entities;
};
template <class Archive>
void fields(Archive& archive, AccessReportRecord& r) {
  archive(r.created_at, r.completed_at, r.requester, r.has_actions, r.services, r.actions, r.entities);
}

template <typename Record, typename... Parts>
using AccountTable = metadata::Table<Record, AccountId, Parts...>;

inline const AccountTable<AccountRecord> kAccounts{"iam.account"};
inline const AccountTable<UserRecord, Name> kUsers{"iam.user"};
inline const AccountTable<GroupRecord, Name> kGroups{"iam.group"};
inline const AccountTable<RoleRecord, Name> kRoles{"iam.role"};
inline const AccountTable<InstanceProfileRecord, Name> kInstanceProfiles{"iam.instance_profile"};
inline const AccountTable<PolicyRecord, Name> kPolicies{"iam.policy"};
inline const AccountTable<PolicyVersionRecord, Name, uint32_t> kPolicyVersions{"iam.policy_version"};
inline const AccountTable<InlinePolicyRecord, EntityKind, Name, std::string> kInlinePolicies{"iam.inline_policy"};
inline const AccountTable<LinkRecord, EntityKind, Name, PolicyArn> kAttachments{"iam.attachment"};
inline const AccountTable<LinkRecord, PolicyArn, EntityKind, Name> kAttachedTo{"iam.attached_to"};
inline const AccountTable<LinkRecord, PolicyArn, EntityKind, Name> kBoundaryOf{"iam.boundary_of"};
inline const AccountTable<LinkRecord, Name, Name> kMembers{"iam.member"};          // group, user
inline const AccountTable<LinkRecord, Name, Name> kMemberships{"iam.membership"};  // user, group
inline const AccountTable<LinkRecord, Name, Name> kRoleProfiles{"iam.role_profile"};
inline const AccountTable<AccessKeyRecord, Name, AccessKeyId> kAccessKeys{"iam.access_key"};
// Three tables' keys don't begin with the account: it is what they are asked for.
inline const metadata::Table<AccessKeyOwnerRecord, AccessKeyId> kAccessKeyOwners{"iam.access_key_owner"};
inline const metadata::Table<AliasRecord, std::string> kAliases{"iam.alias"};
inline const metadata::Table<TokenIssuerOwnerRecord, std::string> kTokenIssuerOwners{"iam.token_issuer_owner"};  // id
inline const AccountTable<KeyUseRecord, AccessKeyId> kKeyUses{"iam.key_use"};
inline const AccountTable<ServiceUseRecord, std::string, std::string> kServiceUses{"iam.service_use"};  // id, action
inline const AccountTable<AccessReportRecord, std::string> kAccessReports{"iam.access_report"};         // job id
inline const AccountTable<LoginProfileRecord, Name> kLoginProfiles{"iam.login_profile"};
inline const AccountTable<MfaDeviceRecord, Name> kMfaDevices{"iam.mfa_device"};
inline const AccountTable<LinkRecord, Name, Name> kUserMfaDevices{"iam.user_mfa_device"};        // user, device
inline const AccountTable<OidcProviderRecord, std::string> kOidcProviders{"iam.oidc_provider"};  // URL without https://
inline const AccountTable<ServerCertificateRecord, Name> kServerCertificates{"iam.server_certificate"};
inline const AccountTable<SigningCertificateRecord, Name, std::string> kSigningCertificates{"iam.signing_certificate"};
inline const AccountTable<SshKeyRecord, Name, std::string> kSshKeys{"iam.ssh_key"};
inline const AccountTable<SamlProviderRecord, std::string> kSamlProviders{"iam.saml_provider"};  // name
inline const AccountTable<TokenIssuerRecord> kTokenIssuers{"iam.token_issuer"};
inline const AccountTable<DeletionTaskRecord, std::string> kDeletionTasks{"iam.deletion_task"};
inline const AccountTable<CredentialReportRecord> kCredentialReports{"iam.credential_report"};

}  // namespace aerolith::iam
