// Names of the structs of Small.
#pragma once

namespace aerolith::small {

struct GetThingInput;
struct GetThingOutput;
struct Thing;
struct NoSuchThing;
struct PutThingInput;
struct PutThingOutput {};

}  // namespace aerolith::small
