// Structs of Small 2024-01-01: what the implemented operations take and give.
#pragma once

#include "small/declarations.h"
#include "small/model/get_thing_input.h"
#include "small/model/get_thing_output.h"
#include "small/model/thing.h"
#include "small/model/no_such_thing.h"
#include "small/model/put_thing_input.h"
