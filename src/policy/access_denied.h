// The sentence with which AWS refuses: who, what, where to, and which kind of policy says so.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
#pragma once

#include <string>
#include <string_view>

#include "policy/evaluate.h"

namespace aerolith::policy {

// S3 puts the resource in quotation marks.
enum class ResourceQuotes : uint8_t { none, marks };

// "identity-based policy", "role trust policy".
std::string_view kind_of_policy(PolicySource source);

// Of a decision that isn't an allow:
// User: ARN is not authorized to perform: ACTION on resource: RESOURCE because no identity-based policy allows the
// ACTION action. An empty resource is left out. A caller without a name is "anonymous".
std::string access_denied_message(const Request& request, const Decision& decision,
                                  ResourceQuotes quotes = ResourceQuotes::none);

}  // namespace aerolith::policy
