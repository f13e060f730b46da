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
// Whether its key is a new one among these, whatever its case. InvalidParameterValue.
Result<> check_new_tag(const Tag& tag, const auth::Tags& tags);
// Adds its tags: each once, whatever its case. ValidationError.
Result<> add_tags(const std::optional<std::vector<Tag>>& tags, auth::Session& session);
// Which of its tags go on to sessions made from it: each must be one of them. ValidationError.
Result<> add_transitive_keys(const std::vector<std::string>& keys, auth::Session& session);
// PackedPolicyTooLarge where policies and tags together are too long.
Result<> check_packed_size(const auth::Session& session);
// NotImplemented for what a request may ask for and we don't do: a session token of a certain size, contexts of other
// services.
template <typename Input>
Result<> check_supported(const Input& input) {
  if (input.minimum_session_token_size.value_or(0) > 0) {
    return errors::not_implemented("MinimumSessionTokenSize is not implemented by Aerolith.");
  }
  if constexpr (requires { input.provided_contexts; }) {
    if (input.provided_contexts && !input.provided_contexts->empty()) {
      return errors::not_implemented("ProvidedContexts is not implemented by Aerolith.");
    }
  }
  return {};
}
// How full the packed form of both is, in percent: AWS's own packing isn't known, this is by plain size.
int32_t packed_percent(const auth::Session& session);

Credentials to_credentials(const auth::AccessKey& key);

}  // namespace aerolith::sts
