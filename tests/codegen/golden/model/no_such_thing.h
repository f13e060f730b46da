#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/schema.h"

#include "small/model/thing.h"

namespace aerolith::small {

struct NoSuchThing {
  std::optional<std::string> message = {};
  std::optional<Thing> thing = {};
};

}  // namespace aerolith::small

