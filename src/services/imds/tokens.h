// Session tokens of version 2. A token says whose it is and until when, sealed: nothing is stored, and a restart of the
// daemon doesn't end it.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-v2-how-it-works.html
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "auth/secret_box.h"
#include "base/time.h"

namespace aerolith::imds {

inline constexpr std::chrono::seconds kLongestToken{21600};

// What X-aws-ec2-metadata-token-ttl-seconds says; nullopt for what is no number from 1 to 21600.
std::optional<std::chrono::seconds> read_token_life(std::string_view text);

std::string make_token(const auth::SecretBox& box, std::string_view instance, Timestamp ends_at);
// How long it is still good, in whole seconds, at least one; nullopt: it isn't ours, or another instance's, or over.
std::optional<std::chrono::seconds> check_token(const auth::SecretBox& box, std::string_view instance,
                                                std::string_view token, Timestamp now);

}  // namespace aerolith::imds
