#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/schema.h"

#include "small/model/thing.h"

namespace aerolith::small {

struct PutThingInput {
  std::optional<std::string> name = {};  // required
  std::optional<Thing> thing = {};  // required
};

}  // namespace aerolith::small

