#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/schema.h"

namespace aerolith::small {

struct Thing {
  ::aerolith::protocol::Box<Thing> parent = {};
  std::optional<std::vector<Thing>> children;
  std::optional<std::string> color = {};
  std::optional<std::vector<::aerolith::protocol::Boolean>> flags = {};
  std::optional<std::map<std::string, std::optional<std::string>>> tags = {};
  std::optional<std::string> kms_key_ids = {};
};

}  // namespace aerolith::small

