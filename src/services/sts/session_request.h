// What the operations that make sessions have in common: durations, session policies, session tags.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp.html
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "auth/credentials.h"
#include "services/sts/call.h"
#include "services/sts/errors.h"
#include "sts/model.h"

namespace aerolith::sts {

// The plain text of inline and managed session policies together.
inline constexpr size_t kMaxPolicyCharacters = 2048;

// Adds the policies of a request to a session. MalformedPolicyDocument, ValidationError for too many or too long ones.
Result<> add_policies(const std::optional<std::string>& document,
                      const std::optional<std::vector<PolicyDescriptorType>>& arns, auth::Session& session);
// Adds its tags: each once, whatever its case. ValidationError.
Result<> add_tags(const std::optional<std::vector<Tag>>& tags, auth::Session& session);
// How full the packed form of both is, in percent: AWS's own packing isn't known, this is by plain size.
int32_t packed_percent(const auth::Session& session);

Credentials to_credentials(const auth::AccessKey& key);

}  // namespace aerolith::sts
