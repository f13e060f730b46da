// Client tokens: the same request again is answered with what it made, and makes nothing.
// https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
#pragma once

#include <optional>
#include <string>

#include "services/ec2/call.h"

namespace aerolith::ec2 {

// The id that the token's first request made; nullopt: it is the first. IdempotentParameterMismatch where the
// parameters are others.
Result<std::optional<std::string>> find_made(metadata::ReadTransaction& txn, const Call& call,
                                             const std::optional<std::string>& token);
void remember_made(metadata::Transaction& txn, const Call& call, const std::optional<std::string>& token,
                   const std::string& id);
// What it made was taken back.
void forget_made(metadata::Transaction& txn, const Call& call, const std::optional<std::string>& token);

}  // namespace aerolith::ec2
