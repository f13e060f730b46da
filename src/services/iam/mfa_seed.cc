#include "services/iam/mfa_seed.h"

#include <fmt/format.h>

#include "services/iam/names.h"

namespace aerolith::iam {

std::string access_key_context(const AccountId& account, std::string_view key_id) {
  return fmt::format("iam-access-key/1/{}/{}", account.view(), key_id);
}

std::string server_certificate_context(const AccountId& account, std::string_view lower_name) {
  return fmt::format("iam-server-certificate/1/{}/{}", account.view(), lower_name);
}

std::string saml_key_context(const AccountId& account, std::string_view key_id) {
  return fmt::format("iam-saml-key/1/{}/{}", account.view(), key_id);
}

std::string token_key_context(const AccountId& account, std::string_view key_id) {
  return fmt::format("iam-token-key/1/{}/{}", account.view(), key_id);
}

std::string mfa_context(const AccountId& account, std::string_view lower_device_name) {
  return fmt::format("iam-mfa-seed/1/{}/{}", account.view(), lower_device_name);
}

std::optional<Name> mfa_device_of(const AccountId& account, std::string_view serial_number) {
  const auto parts = split_arn(serial_number);
  if (!parts || parts->account != account.view() || parts->type != "mfa" || parts->name.empty()) return std::nullopt;
  return lower_name(parts->name);
}

}  // namespace aerolith::iam
