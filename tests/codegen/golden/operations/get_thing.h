// What GetThing takes and gives.
#pragma once

#include "small/declarations.h"
#include "small/model/get_thing_input.h"
#include "small/model/get_thing_output.h"
