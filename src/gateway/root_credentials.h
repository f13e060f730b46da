// The access key of the account's root, which the installation keeps outside the store of record.
#pragma once

#include <memory>
#include <string>

#include "auth/credentials.h"

namespace aerolith::gateway {

// The key of an account's root.
std::shared_ptr<const auth::AccessKey> make_root_key(const AccountId& account, auth::AccessKeyId key_id,
                                                     std::string secret);

class RootCredentials final : public auth::CredentialSource {
 public:
  RootCredentials(const AccountId& account, auth::AccessKeyId key_id, std::string secret);
  Result<std::shared_ptr<const auth::AccessKey>, auth::CredentialError> find(
      const auth::AccessKeyId& id, std::string_view session_token) const override;

 private:
  const std::shared_ptr<const auth::AccessKey> root_;
};

}  // namespace aerolith::gateway
