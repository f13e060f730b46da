// User data of instances.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/ec2/errors.h"

namespace aerolith::ec2 {

// The bytes of what is Base64, also in lines; nothing and "" are none. InvalidUserData.Malformed,
// InvalidParameterValue.
Result<std::string> read_user_data(const std::optional<std::string>& text);
// InvalidParameterValue where there are too many bytes.
Result<> check_user_data(std::string_view bytes);

}  // namespace aerolith::ec2
