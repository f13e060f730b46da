// What policies reach, whatever the resource: services and actions that they let somebody try.
//
// Allows count with any resource and condition; a denial takes away only what it denies whole: on every resource,
// without a condition.
#pragma once

#include <span>
#include <string_view>

#include "policy/document.h"

namespace aerolith::iam {

// `name_space`: "s3", in lower case.
bool reaches_service(std::span<const policy::Policy* const> policies, std::string_view name_space);
// `action`: "s3:GetObject", in any case.
bool reaches_action(std::span<const policy::Policy* const> policies, std::string_view action);

}  // namespace aerolith::iam
