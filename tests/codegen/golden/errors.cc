#include "small/errors.h"

#include <memory>
#include <utility>

#include "small/schema.h"

namespace aerolith::small {
namespace error_shapes {

constinit const protocol::ErrorShape no_such_thing{.name = "NoSuchThing", .code = "NoSuchThing", .http_status = 404, .shape = &schema::kNoSuchThing};
constinit const protocol::ErrorShape old_thing{.name = "OldThing", .code = "OldThing", .http_status = 500};

}  // namespace error_shapes

namespace {
protocol::ApiError make_error(const protocol::ErrorShape& shape, std::string message) {
  return {.code = std::string(shape.code), .http_status = shape.http_status, .message = std::move(message), .fields = {}, .headers = {}, .shape = &shape, .value = nullptr};
}
}  // namespace

protocol::ApiError no_such_thing(std::string message) {
  return make_error(error_shapes::no_such_thing, std::move(message));
}
protocol::ApiError no_such_thing(std::string message, NoSuchThing members) {
  protocol::ApiError error = make_error(error_shapes::no_such_thing, std::move(message));
  error.value = std::make_shared<NoSuchThing>(std::move(members));
  return error;
}
protocol::ApiError old_thing(std::string message) {
  return make_error(error_shapes::old_thing, std::move(message));
}

}  // namespace aerolith::small
