#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/schema.h"

namespace aerolith::small {

struct GetThingOutput {
  std::optional<std::string> etag = {};
  std::optional<::aerolith::Timestamp> last_modified = {};
};

}  // namespace aerolith::small

