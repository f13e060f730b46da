// The ids of temporary access keys. As with AWS's, an id tells the account that it belongs to, so that GetAccessKeyInfo
// needs no lookup of what isn't stored: of its 80 bits after "ASIA", in base32, those from the second on are the
// account's number, 40 of them.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/strong_string.h"

namespace aerolith::sts {

inline constexpr std::string_view kSessionKeyPrefix = "ASIA";

std::string make_session_key_id(const AccountId& account);
// nullopt for what no such id can be. That there is such an account, and was such a key, isn't said.
std::optional<AccountId> account_of_session_key(std::string_view id);

}  // namespace aerolith::sts
