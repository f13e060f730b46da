#include "main/open_test_account.h"

#include <optional>

#include "gateway/root_credentials.h"

namespace aerolith::main_program {
namespace {

constexpr const char* kSecret = "test";

std::optional<AccountId> account_of(std::string_view key_id) {
  if (key_id == "test") return AccountId("000000000000");
  const bool is_number = key_id.size() == 12 && key_id.find_first_not_of("0123456789") == std::string_view::npos;
  if (!is_number) return std::nullopt;
  return AccountId(std::string(key_id));
}

}  // namespace

Result<std::shared_ptr<const auth::AccessKey>, auth::CredentialError> OpenTestAccount::find(const auth::AccessKeyId& id,
                                                                                            std::string_view) const {
  const auto account = account_of(id.view());
  if (!account || is_taken_(*account)) return nullptr;
  return gateway::make_root_key(*account, id, kSecret);
}

}  // namespace aerolith::main_program
