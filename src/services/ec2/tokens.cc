#include "services/ec2/tokens.h"

#include <algorithm>
#include <vector>

#include "base/digest.h"
#include "services/ec2/network_tables.h"

namespace aerolith::ec2 {
namespace {

constexpr size_t kMaxTokenLength = 64;

// Of all parameters, in whatever order they came.
std::string digest_parameters(std::string_view form) {
  std::vector<std::string_view> parameters;
  while (!form.empty()) {
    const size_t end = std::min(form.find('&'), form.size());
    parameters.push_back(form.substr(0, end));
    form.remove_prefix(std::min(form.size(), end + 1));
  }
  std::ranges::sort(parameters);
  std::string all;
  for (const std::string_view parameter : parameters) all.append(parameter).push_back('&');
  return sha256_hex(all);
}

metadata::Table<TokenRecord, AccountId, RegionName, std::string, std::string>::Key key_of(const Call& call,
                                                                                          const std::string& token) {
  return {call.scope.account, call.scope.region, std::string(call.context.resolved.operation->name), token};
}

}  // namespace

Result<std::optional<std::string>> find_made(metadata::ReadTransaction& txn, const Call& call,
                                             const std::optional<std::string>& token) {
  if (!token || token->empty()) return std::optional<std::string>();
  if (token->size() > kMaxTokenLength) {
    return errors::invalid_parameter("Client token must be no longer than 64 characters.");
  }
  auto record = TRY(kTokens.get(txn, key_of(call, *token)));
  if (!record) return std::optional<std::string>();
  if (record->parameters != digest_parameters(call.context.whole_body)) {
    return errors::of("IdempotentParameterMismatch",
                      "The client token has already been used with different parameters.");
  }
  return std::optional(std::move(record->id));
}

void remember_made(metadata::Transaction& txn, const Call& call, const std::optional<std::string>& token,
                   const std::string& id) {
  if (!token || token->empty()) return;
  kTokens.put(txn, key_of(call, *token),
              {.parameters = digest_parameters(call.context.whole_body), .id = id, .at = call.context.now});
}

void forget_made(metadata::Transaction& txn, const Call& call, const std::optional<std::string>& token) {
  if (token && !token->empty()) kTokens.erase(txn, key_of(call, *token));
}

}  // namespace aerolith::ec2
