// Errors of Small as its model names them, and their factories.
#pragma once

#include <string>

#include "small/model.h"
#include "protocol/service_model.h"

namespace aerolith::small {

namespace error_shapes {

extern const protocol::ErrorShape no_such_thing;
extern const protocol::ErrorShape old_thing;

}  // namespace error_shapes

protocol::ApiError no_such_thing(std::string message);  // NoSuchThing, 404
protocol::ApiError no_such_thing(std::string message, NoSuchThing members);
protocol::ApiError old_thing(std::string message);  // OldThing, 500

}  // namespace aerolith::small
