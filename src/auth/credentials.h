// Access keys and who they speak for. This room stores nothing: keys come through CredentialSource.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/strong_string.h"
#include "base/time.h"

namespace aerolith::auth {

using AccessKeyId = StrongString<struct AccessKeyIdTag>;

enum class PrincipalKind : uint8_t {
  root,            // of the account
  user,            // also with the keys of GetSessionToken
  assumed_role,    // a session of any of the AssumeRole operations
  federated_user,  // a session of GetFederationToken
};

// Who a verified request speaks for.
struct Principal {
  AccountId account;
  std::string arn;      // arn:aws:iam::123456789012:root, arn:aws:iam::...:user/x, arn:aws:sts::...:assumed-role/r/s
  std::string user_id;  // AIDA..., AROA...:session, or the account id for the root
  PrincipalKind kind = PrincipalKind::user;
  // Whose policies apply, in IAM: the user, the role, or the user or root behind a federated user. For the root:
  // itself.
  std::string entity_arn{};
  std::string entity_name{};  // without its path; empty for the root
  std::string entity_id{};    // AIDA..., AROA...: a name may be somebody else's later; empty for the root

  bool is_root() const { return kind == PrincipalKind::root; }
};

using Tags = std::vector<std::pair<std::string, std::string>>;

// A context key that the provider of a federated session gave: idp.example.com:sub, saml:aud.
struct FederatedKey {
  std::string name;
  std::string value;
  bool is_list = false;  // one value of a multivalued key
};

// What temporary credentials carry: the request must show this token, before this time.
struct Session {
  std::string token;
  Timestamp expires_at;
  Timestamp issued_at{};
  std::optional<Timestamp> mfa_at{};       // when an MFA device was checked
  std::vector<std::string> policies{};     // session policies: documents
  std::vector<std::string> policy_arns{};  // and managed ones
  Tags tags{};                             // session tags
  std::vector<std::string> transitive_tag_keys{};
  std::string source_identity{};
  std::string federated_provider{};  // of AssumeRoleWithWebIdentity and AssumeRoleWithSAML
  std::vector<FederatedKey> federated_keys{};
};

struct AccessKey {
  AccessKeyId id;
  std::string secret;
  Principal principal;
  bool enabled = true;
  std::optional<Session> session;  // nullopt: a long-lived key, which no token may accompany
};

enum class CredentialErrorCode {
  unavailable,
  invalid_token,  // a session token that isn't ours, or isn't this key's
};
using CredentialError = Failure<CredentialErrorCode>;

// The seam to whatever holds the keys. Safe from any thread. Called once a request, on the hot path: answer
// from memory.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  // nullptr: no such key. A disabled key is returned (with enabled = false), so that the log can tell.
  // `session_token`: what the request shows; empty without one.
  virtual Result<std::shared_ptr<const AccessKey>, CredentialError> find(const AccessKeyId& id,
                                                                         std::string_view session_token) const = 0;
};

}  // namespace aerolith::auth
