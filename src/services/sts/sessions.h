// Temporary credentials. A session's token carries all there is to know of it, sealed; nothing is stored, and no lookup
// stands between a request and its key. docs/formats/sts.md is the page about the token.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "auth/credentials.h"
#include "auth/secret_box.h"

namespace aerolith::sts {

// Safe from any thread. The box must outlive it.
class Sessions final : public auth::CredentialSource {
 public:
  explicit Sessions(const auth::SecretBox& box) : box_(box) {}

  // A new key for `principal`. `session` without its token; it says when it was issued and when it ends.
  auth::AccessKey issue(auth::Principal principal, auth::Session session) const;

  // The keys of this source start with ASIA. `invalid_token` for a token that isn't ours, or isn't that key's.
  Result<std::shared_ptr<const auth::AccessKey>, auth::CredentialError> find(
      const auth::AccessKeyId& id, std::string_view session_token) const override;

 private:
  const auth::SecretBox& box_;
  // Opened lately, by token.
  mutable std::mutex mutex_;
  mutable std::unordered_map<std::string, std::shared_ptr<const auth::AccessKey>> opened_;
};

}  // namespace aerolith::sts
