// Why a token or an assertion of an identity provider isn't believed.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/result.h"

namespace aerolith::federation {

enum class TokenErrorCode : uint8_t {
  invalid,      // AWS's InvalidIdentityToken
  expired,      // ExpiredTokenException
  unreachable,  // IDPCommunicationError
};
// The detail is the message to the caller; AWS's own where that is known.
using TokenError = Failure<TokenErrorCode>;

// Clocks differ: an OIDC token serves for so long after its end, and either kind may come from so far in the future.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html
inline constexpr std::chrono::minutes kClockSkew{5};

}  // namespace aerolith::federation
