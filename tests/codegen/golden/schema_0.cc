#include "small/schema.h"

#include <cstddef>

#include "protocol/schema.h"
#include "small/model/get_thing_input.h"
#include "small/model/get_thing_output.h"
#include "small/model/no_such_thing.h"
#include "small/model/put_thing_input.h"
#include "small/model/thing.h"

// offsetof on structs with library members is conditionally supported: both compilers do.
#pragma GCC diagnostic ignored "-Winvalid-offsetof"

namespace aerolith::small::schema {

using ::aerolith::protocol::Shape;
namespace p = ::aerolith::protocol;

static constexpr p::Member kGetThingInput_members[] = {
    {.name = "Name", .wire_name = "Name", .query_name = "Name", .shape = &kName, .ops = &p::FieldAccess<std::optional<std::string>>::ops, .offset_bytes = offsetof(GetThingInput, name), .location = p::Location::uri, .required = true},
    {.name = "delete", .wire_name = "delete", .query_name = "Delete", .shape = &kFlag, .ops = &p::FieldAccess<std::optional<bool>>::ops, .offset_bytes = offsetof(GetThingInput, delete_), .location = p::Location::query_string},
};
constinit const Shape kGetThingInput{.name = "GetThingRequest", .kind = p::Kind::structure, .members = kGetThingInput_members, .make = &p::make_struct<GetThingInput>};
static constexpr p::Constraints kName_constraints{.min = 1.0, .max = 64.0, .pattern = "[\\w\"]+"};
constinit const Shape kName{.name = "Name", .kind = p::Kind::string, .constraints = &kName_constraints};
constinit const Shape kFlag{.name = "Flag", .kind = p::Kind::boolean};
static constexpr p::Member kGetThingOutput_members[] = {
    {.name = "ETag", .wire_name = "ETag", .query_name = "ETag", .shape = &kName, .ops = &p::FieldAccess<std::optional<std::string>>::ops, .offset_bytes = offsetof(GetThingOutput, etag), .location = p::Location::header},
    {.name = "LastModified", .wire_name = "Last-Modified", .query_name = "Last-Modified", .shape = &kTime, .ops = &p::FieldAccess<std::optional<::aerolith::Timestamp>>::ops, .offset_bytes = offsetof(GetThingOutput, last_modified), .location = p::Location::header, .timestamp_format = p::TimestampFormat::rfc822},
};
constinit const Shape kGetThingOutput{.name = "GetThingResponse", .kind = p::Kind::structure, .members = kGetThingOutput_members, .make = &p::make_struct<GetThingOutput>};
constinit const Shape kTime{.name = "Time", .kind = p::Kind::timestamp, .timestamp_format = p::TimestampFormat::rfc822};
static constexpr p::Member kNoSuchThing_members[] = {
    {.name = "message", .wire_name = "message", .query_name = "Message", .shape = &kText, .ops = &p::FieldAccess<std::optional<std::string>>::ops, .offset_bytes = offsetof(NoSuchThing, message)},
    {.name = "Thing", .wire_name = "Thing", .query_name = "Thing", .shape = &kThing, .ops = &p::FieldAccess<std::optional<Thing>>::ops, .offset_bytes = offsetof(NoSuchThing, thing)},
};
constinit const Shape kNoSuchThing{.name = "NoSuchThing", .kind = p::Kind::structure, .members = kNoSuchThing_members, .make = &p::make_struct<NoSuchThing>};
constinit const Shape kText{.name = "Text", .kind = p::Kind::string};
static constexpr p::Member kThing_members[] = {
    {.name = "Parent", .wire_name = "Parent", .query_name = "Parent", .shape = &kThing, .ops = &p::FieldAccess<::aerolith::protocol::Box<Thing>>::ops, .offset_bytes = offsetof(Thing, parent)},
    {.name = "Children", .wire_name = "Children", .query_name = "Children", .shape = &kThings, .ops = &p::FieldAccess<std::optional<std::vector<Thing>>>::ops, .offset_bytes = offsetof(Thing, children), .flattened = true},
    {.name = "Color", .wire_name = "Color", .query_name = "Color", .shape = &kColor, .ops = &p::FieldAccess<std::optional<std::string>>::ops, .offset_bytes = offsetof(Thing, color)},
    {.name = "Flags", .wire_name = "Flags", .query_name = "Flags", .shape = &kFlags, .ops = &p::FieldAccess<std::optional<std::vector<::aerolith::protocol::Boolean>>>::ops, .offset_bytes = offsetof(Thing, flags)},
    {.name = "Tags", .wire_name = "Tags", .query_name = "Tags", .shape = &kTags, .ops = &p::FieldAccess<std::optional<std::map<std::string, std::optional<std::string>>>>::ops, .offset_bytes = offsetof(Thing, tags)},
    {.name = "KMSKeyIDs", .wire_name = "KMSKeyIDs", .query_name = "KMSKeyIDs", .shape = &kText, .ops = &p::FieldAccess<std::optional<std::string>>::ops, .offset_bytes = offsetof(Thing, kms_key_ids)},
};
constinit const Shape kThing{.name = "Thing", .kind = p::Kind::structure, .members = kThing_members};
static constexpr p::Member kThings_element{.name = "member", .wire_name = "item", .shape = &kThing};
constinit const Shape kThings{.name = "Things", .kind = p::Kind::list, .flattened = true, .element = &kThings_element, .list_ops = &p::ListAccess<Thing>::ops};
static constexpr std::string_view kColor_values[] = {"RED", "BLUE"};
static constexpr p::Constraints kColor_constraints{.enum_values = kColor_values};
constinit const Shape kColor{.name = "Color", .kind = p::Kind::string, .constraints = &kColor_constraints};
static constexpr p::Constraints kFlags_constraints{.max = 3.0};
static constexpr p::Member kFlags_element{.name = "member", .shape = &kFlag};
constinit const Shape kFlags{.name = "Flags", .kind = p::Kind::list, .constraints = &kFlags_constraints, .element = &kFlags_element, .list_ops = &p::ListAccess<::aerolith::protocol::Boolean>::ops};
static constexpr p::Member kTags_element{.name = "value", .shape = &kText};
static constexpr p::Member kTags_key{.name = "key", .shape = &kName};
constinit const Shape kTags{.name = "Tags", .kind = p::Kind::map, .element = &kTags_element, .key = &kTags_key, .map_ops = &p::MapAccess<std::optional<std::string>>::ops};
static constexpr p::Member kPutThingInput_members[] = {
    {.name = "Name", .wire_name = "Name", .query_name = "Name", .shape = &kName, .ops = &p::FieldAccess<std::optional<std::string>>::ops, .offset_bytes = offsetof(PutThingInput, name), .location = p::Location::uri, .required = true},
    {.name = "Thing", .wire_name = "Thing", .query_name = "Thing", .shape = &kThing, .ops = &p::FieldAccess<std::optional<Thing>>::ops, .offset_bytes = offsetof(PutThingInput, thing), .required = true, .payload = true},
};
constinit const Shape kPutThingInput{.name = "PutThingRequest", .kind = p::Kind::structure, .members = kPutThingInput_members, .make = &p::make_struct<PutThingInput>};

}  // namespace aerolith::small::schema
