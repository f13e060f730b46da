#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/schema.h"

namespace aerolith::small {

struct GetThingInput {
  std::optional<std::string> name = {};  // required
  std::optional<bool> delete_ = {};
};

}  // namespace aerolith::small

