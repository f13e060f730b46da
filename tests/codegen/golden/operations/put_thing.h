// What PutThing takes and gives.
#pragma once

#include "small/declarations.h"
#include "small/model/put_thing_input.h"
