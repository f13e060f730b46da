// Schema tables of Small: one per shape.
#pragma once

#include "protocol/schema.h"

namespace aerolith::small::schema {

extern const protocol::Shape kGetThingInput;
extern const protocol::Shape kName;
extern const protocol::Shape kFlag;
extern const protocol::Shape kGetThingOutput;
extern const protocol::Shape kTime;
extern const protocol::Shape kNoSuchThing;
extern const protocol::Shape kText;
extern const protocol::Shape kThing;
extern const protocol::Shape kThings;
extern const protocol::Shape kColor;
extern const protocol::Shape kFlags;
extern const protocol::Shape kTags;
extern const protocol::Shape kPutThingInput;

}  // namespace aerolith::small::schema
