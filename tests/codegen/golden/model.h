// Structs of Small 2024-01-01: what the implemented operations take and give.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/schema.h"

namespace aerolith::small {

struct GetThingInput;
struct GetThingOutput;
struct Thing;
struct NoSuchThing;
struct PutThingInput;

struct GetThingInput {
  std::optional<std::string> name = {};  // required
  std::optional<bool> delete_ = {};
};

struct GetThingOutput {
  std::optional<std::string> etag = {};
  std::optional<::aerolith::Timestamp> last_modified = {};
};

struct Thing {
  ::aerolith::protocol::Box<Thing> parent = {};
  std::optional<std::vector<Thing>> children;
  std::optional<std::string> color = {};
  std::optional<std::vector<::aerolith::protocol::Boolean>> flags = {};
  std::optional<std::map<std::string, std::optional<std::string>>> tags = {};
  std::optional<std::string> kms_key_ids = {};
};

struct NoSuchThing {
  std::optional<std::string> message = {};
  std::optional<Thing> thing = {};
};

struct PutThingInput {
  std::optional<std::string> name = {};  // required
  std::optional<Thing> thing = {};  // required
};

struct PutThingOutput {};

}  // namespace aerolith::small
