// Codes of virtual MFA devices: RFC 6238 with HMAC-SHA-1, 6 digits, 30 seconds, as AWS's apps make them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace aerolith::iam {

std::string base32_encode(std::string_view bytes);  // without padding
uint64_t totp_step(Timestamp at);
std::string totp_code(std::string_view seed, uint64_t step);

// The step of `code1` where `code2` is the code of the step after it, within `window` steps of `around`.
std::optional<uint64_t> find_consecutive(std::string_view seed, uint64_t around, uint64_t window,
                                         std::string_view code1, std::string_view code2);

}  // namespace aerolith::iam
