// Passwords of login profiles: how they are kept, and what the account asks of them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/iam/errors.h"
#include "services/iam/tables.h"

namespace aerolith::iam {

// scrypt with a salt of its own: "scrypt$<N>$<r>$<p>$<salt>$<hash>", both in base64. Takes some 0.1 s.
std::string hash_password(std::string_view password);
// False also for a hash of another form.
bool is_password_of(std::string_view password, std::string_view hash);

// PasswordPolicyViolation where it is too weak for the account's policy (nullopt: AWS's default one).
Result<> check_password(std::string_view password, const std::optional<PasswordPolicyRecord>& rules,
                        std::string_view account_name);
// PasswordPolicyViolation for one of the passwords before. `hashes`: the one in use first.
Result<> check_not_used_before(std::string_view password, const std::vector<std::string>& hashes, int32_t kept);

}  // namespace aerolith::iam
