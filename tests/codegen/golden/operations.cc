#include "small/operations.h"

#include "small/errors.h"
#include "small/schema.h"

namespace aerolith::small {
namespace {

namespace p = ::aerolith::protocol;

constexpr const p::ErrorShape* kGetThingErrors[] = {&error_shapes::no_such_thing};
constexpr p::Operation kOperations[] = {
    {.name = "DeleteThing", .success_status = 204, .id = 0},
    {.name = "GetThing", .implemented = true, .input = &schema::kGetThingInput, .output = &schema::kGetThingOutput, .errors = kGetThingErrors, .streaming_output = true, .id = 1},
    {.name = "PutThing", .implemented = true, .input = &schema::kPutThingInput, .id = 2},
};

constexpr p::PathSegment kArray0[] = {{p::PathSegment::Kind::literal, "things"}, {p::PathSegment::Kind::label, "Name"}};
constexpr p::RouteQuery kArray1[] = {{"detail", "", true}};
constexpr p::PathSegment kArray2[] = {{p::PathSegment::Kind::literal, "things"}, {p::PathSegment::Kind::greedy, "Name"}};
constexpr p::Route kRoutes[] = {
    {.method = "DELETE", .path = kArray0, .operation = 0},
    {.method = "GET", .path = kArray0, .query = kArray1, .operation = 1},
    {.method = "PUT", .path = kArray2, .operation = 2},
};

constexpr p::Protocol kProtocols[] = {p::Protocol::rest_json};

constexpr p::Service kService{
    .name = "small",
    .service_id = "Small",
    .signing_name = "small",
    .endpoint_prefix = "small",
    .target_prefix = "",
    .xml_namespace = "",
    .protocols = kProtocols,
    .operations = kOperations,
    .routes = kRoutes,
};

}  // namespace

const protocol::Service& service() { return kService; }

}  // namespace aerolith::small
