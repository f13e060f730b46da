// The open test account of [security]: fixed keys that everybody knows, as emulators have them.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "auth/credentials.h"
#include "base/strong_string.h"

namespace aerolith::main_program {

// Safe from any thread. Each request must still be signed, with the secret "test".
class OpenTestAccount final : public auth::CredentialSource {
 public:
  // `is_taken`: an account that is there otherwise, which nobody gets into with a known secret.
  explicit OpenTestAccount(std::function<bool(const AccountId&)> is_taken) : is_taken_(std::move(is_taken)) {}

  // "test" is the root of account 000000000000, twelve digits that of the account of this number.
  Result<std::shared_ptr<const auth::AccessKey>, auth::CredentialError> find(
      const auth::AccessKeyId& id, std::string_view session_token) const override;

 private:
  const std::function<bool(const AccountId&)> is_taken_;
};

}  // namespace aerolith::main_program
