// Where sealed secrets of this service belong, and how a virtual MFA device is found by its serial number.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/iam/tables.h"

namespace aerolith::iam {

// The contexts that secrets are sealed for.
std::string access_key_context(const AccountId& account, std::string_view key_id);
std::string server_certificate_context(const AccountId& account, std::string_view lower_name);
std::string saml_key_context(const AccountId& account, std::string_view key_id);
std::string token_key_context(const AccountId& account, std::string_view key_id);
std::string mfa_context(const AccountId& account, std::string_view lower_device_name);

// arn:aws:iam::123456789012:mfa/name -> name in lower case; nullopt for others' and what is no such ARN.
std::optional<Name> mfa_device_of(const AccountId& account, std::string_view serial_number);

}  // namespace aerolith::iam
