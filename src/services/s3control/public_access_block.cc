#include "services/s3control/public_access_block.h"

#include "base/log.h"
#include "gateway/errors.h"
#include "services/s3/api.h"

namespace aerolith::s3control {
namespace {

constexpr auto kStyle = auth::ServiceErrorStyle::s3;

// What the machine did wrong stays in the log.
std::unexpected<protocol::ApiError> failed(const metadata::Error& error) {
  if (error.code == metadata::ErrorCode::conflict) return std::unexpected(gateway::slow_down(kStyle));
  log_error("the metadata store failed", {{"what", error.detail}});
  return std::unexpected(gateway::internal_error(kStyle));
}

Result<AccountId> own_account(const Call& call, const std::optional<std::string>& wanted) {
  const AccountId& account = call.context.principal().account;
  if (wanted == account.str()) return account;
  return std::unexpected(gateway::access_denied(call.context.key == nullptr, "Access Denied", kStyle));
}

}  // namespace

Result<PutPublicAccessBlockOutput> put_public_access_block(Call& call, const PutPublicAccessBlockInput& input) {
  const AccountId account = TRY(own_account(call, input.account_id));
  if (!input.public_access_block_configuration) {
    return std::unexpected(protocol::ApiError{
        .code = "MalformedXML",
        .http_status = 400,
        .message = "The XML you provided was not well-formed or did not validate against our published schema"});
  }
  const PublicAccessBlockConfiguration& wanted = *input.public_access_block_configuration;
  const auto written = s3::set_public_access_block(
      call.metadata, account,
      s3::AccountPublicAccessBlock{.block_public_acls = wanted.block_public_acls.value_or(false),
                                   .ignore_public_acls = wanted.ignore_public_acls.value_or(false),
                                   .block_public_policy = wanted.block_public_policy.value_or(false),
                                   .restrict_public_buckets = wanted.restrict_public_buckets.value_or(false)});
  if (!written.has_value()) return failed(written.error());
  return PutPublicAccessBlockOutput{};
}

Result<GetPublicAccessBlockOutput> get_public_access_block(Call& call, const GetPublicAccessBlockInput& input) {
  const AccountId account = TRY(own_account(call, input.account_id));
  const auto found = s3::find_public_access_block(call.metadata, account);
  if (!found.has_value()) return failed(found.error());
  if (!*found) {
    return std::unexpected(protocol::ApiError{.code = "NoSuchPublicAccessBlockConfiguration",
                                              .http_status = 404,
                                              .message = "The public access block configuration was not found",
                                              .fields = {{"AccountId", account.str()}}});
  }
  const s3::AccountPublicAccessBlock& block = **found;
  GetPublicAccessBlockOutput output;
  output.public_access_block_configuration =
      PublicAccessBlockConfiguration{.block_public_acls = block.block_public_acls,
                                     .ignore_public_acls = block.ignore_public_acls,
                                     .block_public_policy = block.block_public_policy,
                                     .restrict_public_buckets = block.restrict_public_buckets};
  return output;
}

Result<DeletePublicAccessBlockOutput> delete_public_access_block(Call& call,
                                                                 const DeletePublicAccessBlockInput& input) {
  const AccountId account = TRY(own_account(call, input.account_id));
  const auto written = s3::set_public_access_block(call.metadata, account, std::nullopt);
  if (!written.has_value()) return failed(written.error());
  return DeletePublicAccessBlockOutput{};
}

}  // namespace aerolith::s3control
