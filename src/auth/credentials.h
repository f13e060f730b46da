// Access keys and who they speak for. This room stores nothing: keys come through CredentialSource.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/strong_string.h"
#include "base/time.h"

namespace aerolith::auth {

using AccessKeyId = StrongString<struct AccessKeyIdTag>;

// Who a verified request speaks for.
struct Principal {
  AccountId account;
  std::string arn;      // arn:aws:iam::123456789012:root, arn:aws:iam::...:user/x, arn:aws:sts::...:assumed-role/r/s
  std::string user_id;  // AIDA..., AROA...:session, or the account id for the root
  bool is_root = false;
};

// Temporary credentials: the request must carry this token, before this time.
struct SessionToken {
  std::string token;
  Timestamp expires_at;
};

struct AccessKey {
  AccessKeyId id;
  std::string secret;
  Principal principal;
  bool enabled = true;
  std::optional<SessionToken> session;  // nullopt: a long-lived key, which no token may accompany
};

enum class CredentialErrorCode { unavailable };
using CredentialError = Failure<CredentialErrorCode>;

// The seam to whatever holds the keys. Safe from any thread. Called once a request, on the hot path: answer
// from memory.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  // nullptr: no such key. A disabled key is returned (with enabled = false), so that the log can tell.
  virtual Result<std::shared_ptr<const AccessKey>, CredentialError> find(const AccessKeyId& id) const = 0;
};

}  // namespace aerolith::auth
