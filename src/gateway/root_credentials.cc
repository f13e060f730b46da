#include "gateway/root_credentials.h"

namespace aerolith::gateway {

std::shared_ptr<const auth::AccessKey> make_root_key(const AccountId& account, auth::AccessKeyId key_id,
                                                     std::string secret) {
  auto key = std::make_shared<auth::AccessKey>();
  key->id = std::move(key_id);
  key->secret = std::move(secret);
  const std::string arn = "arn:aws:iam::" + account.str() + ":root";
  key->principal = {
      .account = account, .arn = arn, .user_id = account.str(), .kind = auth::PrincipalKind::root, .entity_arn = arn};
  return key;
}

RootCredentials::RootCredentials(const AccountId& account, auth::AccessKeyId key_id, std::string secret)
    : root_(make_root_key(account, std::move(key_id), std::move(secret))) {}

Result<std::shared_ptr<const auth::AccessKey>, auth::CredentialError> RootCredentials::find(const auth::AccessKeyId& id,
                                                                                            std::string_view) const {
  return id == root_->id ? root_ : nullptr;
}

}  // namespace aerolith::gateway
