// From the head to the plan of how the body is read: x-amz-content-sha256 and its companions.
#pragma once

#include <string>
#include <string_view>

#include "auth/authorization.h"
#include "auth/payload.h"
#include "base/result.h"
#include "http/message.h"

namespace aerolith::auth {

// The value that stands in the canonical request's last line, and what it asks of the body (without `signing`).
struct PayloadDeclaration {
  std::string canonical_hash;
  PayloadPlan plan;
};

// `body_sha256`: see AuthRequest. `claim` nullptr: an anonymous request, whose hash is checked where it has one.
Result<PayloadDeclaration, AuthError> declare_payload(const http::RequestHead& head, const SignatureClaim* claim,
                                                      std::string_view body_sha256);

}  // namespace aerolith::auth
