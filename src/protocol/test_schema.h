// A small schema written by hand: what the generator would write for a service with these shapes. For the unit tests
// and fuzz targets of the codecs, which so don't depend on the generator.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/schema.h"
#include "protocol/service_model.h"

namespace aerolith::protocol::test {

struct Node {
  std::optional<std::string> kind;  // attribute xsi:type
  std::optional<std::string> text;
  std::optional<bool> flag;
  std::optional<int32_t> count;
  std::optional<int64_t> big;
  std::optional<float> ratio;
  std::optional<double> weight;
  std::optional<std::string> data;  // blob
  std::optional<Timestamp> time;
  std::optional<Timestamp> date;  // rfc822
  std::optional<std::vector<std::string>> names;
  std::optional<std::vector<std::string>> tags;        // flattened by its member, wire name "Tag", element "item"
  std::optional<std::vector<std::string>> attributes;  // flattened by its shape, element "Attribute"
  std::optional<std::vector<Boolean>> flags;
  std::optional<std::map<std::string, std::string>> labels;
  std::optional<std::map<std::string, int32_t>> counts;  // flattened, "K" and "V"
  Box<Node> child;
  std::optional<std::vector<Node>> children;  // wire name "Nodes", element "item"
};

// S3's GetBucketLocationOutput, and an output whose payload is a structure beside a header.
struct LocationOutput {
  std::optional<std::string> location;
};
struct PayloadOutput {
  std::optional<std::string> header;
  std::optional<Node> node;
};

template <typename T>
inline constexpr const FieldOps* kFieldOps = &FieldAccess<T>::ops;

inline constexpr Shape kString{.name = "String", .kind = Kind::string};
inline constexpr Shape kBoolean{.name = "Boolean", .kind = Kind::boolean};
inline constexpr Shape kInteger{.name = "Integer", .kind = Kind::integer};
inline constexpr Shape kLong{.name = "Long", .kind = Kind::long_integer};
inline constexpr Shape kFloat{.name = "Float", .kind = Kind::float_number};
inline constexpr Shape kDouble{.name = "Double", .kind = Kind::double_number};
inline constexpr Shape kBlob{.name = "Blob", .kind = Kind::blob};
inline constexpr Shape kTime{.name = "Time", .kind = Kind::timestamp};

extern const Shape kNode;

inline constexpr Member kStringElement{.shape = &kString};
inline constexpr Member kItemElement{.wire_name = "item", .shape = &kString};
inline constexpr Member kAttributeElement{.wire_name = "Attribute", .shape = &kString};
inline constexpr Member kBooleanElement{.shape = &kBoolean};
inline constexpr Member kIntegerElement{.wire_name = "V", .shape = &kInteger};
inline constexpr Member kShortKey{.wire_name = "K", .shape = &kString};
inline constexpr Member kNodeElement{.wire_name = "item", .shape = &kNode};

inline constexpr Shape kNames{
    .name = "Names", .kind = Kind::list, .element = &kStringElement, .list_ops = &ListAccess<std::string>::ops};
inline constexpr Shape kTags{
    .name = "Tags", .kind = Kind::list, .element = &kItemElement, .list_ops = &ListAccess<std::string>::ops};
inline constexpr Shape kAttributes{.name = "Attributes",
                                   .kind = Kind::list,
                                   .flattened = true,
                                   .element = &kAttributeElement,
                                   .list_ops = &ListAccess<std::string>::ops};
inline constexpr Shape kFlags{
    .name = "Flags", .kind = Kind::list, .element = &kBooleanElement, .list_ops = &ListAccess<Boolean>::ops};
inline constexpr Shape kNodes{
    .name = "Nodes", .kind = Kind::list, .element = &kNodeElement, .list_ops = &ListAccess<Node>::ops};
inline constexpr Shape kLabels{.name = "Labels",
                               .kind = Kind::map,
                               .element = &kStringElement,
                               .key = &kStringElement,
                               .map_ops = &MapAccess<std::string>::ops};
inline constexpr Shape kCounts{.name = "Counts",
                               .kind = Kind::map,
                               .element = &kIntegerElement,
                               .key = &kShortKey,
                               .map_ops = &MapAccess<int32_t>::ops};

// offsetof is only conditionally supported on structs that have non-trivial members; both our compilers support it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
#define NODE_FIELD(field) .ops = kFieldOps<decltype(Node::field)>, .offset_bytes = offsetof(Node, field)

inline constexpr Member kNodeMembers[] = {
    {.name = "Kind",
     .wire_name = "xsi:type",
     .query_name = "Kind",
     .shape = &kString,
     NODE_FIELD(kind),
     .xml_attribute = true},
    {.name = "Text", .wire_name = "Text", .query_name = "Text", .shape = &kString, NODE_FIELD(text)},
    {.name = "flag", .wire_name = "flag", .query_name = "Flag", .shape = &kBoolean, NODE_FIELD(flag)},
    {.name = "Count", .wire_name = "Count", .query_name = "Count", .shape = &kInteger, NODE_FIELD(count)},
    {.name = "Big", .wire_name = "Big", .query_name = "Big", .shape = &kLong, NODE_FIELD(big)},
    {.name = "Ratio", .wire_name = "Ratio", .query_name = "Ratio", .shape = &kFloat, NODE_FIELD(ratio)},
    {.name = "Weight", .wire_name = "Weight", .query_name = "Weight", .shape = &kDouble, NODE_FIELD(weight)},
    {.name = "Data", .wire_name = "Data", .query_name = "Data", .shape = &kBlob, NODE_FIELD(data)},
    {.name = "Time", .wire_name = "Time", .query_name = "Time", .shape = &kTime, NODE_FIELD(time)},
    {.name = "Date",
     .wire_name = "Date",
     .query_name = "Date",
     .shape = &kTime,
     NODE_FIELD(date),
     .timestamp_format = TimestampFormat::rfc822},
    {.name = "Names", .wire_name = "Names", .query_name = "Names", .shape = &kNames, NODE_FIELD(names)},
    {.name = "Tags", .wire_name = "Tag", .query_name = "Tag", .shape = &kTags, NODE_FIELD(tags), .flattened = true},
    {.name = "Attributes",
     .wire_name = "Attributes",
     .query_name = "Attributes",
     .shape = &kAttributes,
     NODE_FIELD(attributes),
     .flattened = true},
    {.name = "Flags", .wire_name = "Flags", .query_name = "Flags", .shape = &kFlags, NODE_FIELD(flags)},
    {.name = "Labels", .wire_name = "Labels", .query_name = "Labels", .shape = &kLabels, NODE_FIELD(labels)},
    {.name = "Counts",
     .wire_name = "Counts",
     .query_name = "Counts",
     .shape = &kCounts,
     NODE_FIELD(counts),
     .flattened = true},
    {.name = "Child",
     .wire_name = "Child",
     .query_name = "Child",
     .shape = &kNode,
     NODE_FIELD(child),
     .xml_namespace = {"xsi", "http://www.w3.org/2001/XMLSchema-instance"}},
    {.name = "Children", .wire_name = "Nodes", .query_name = "Node", .shape = &kNodes, NODE_FIELD(children)},
};
#undef NODE_FIELD

inline constexpr Shape kNode{.name = "Node", .kind = Kind::structure, .members = kNodeMembers};

inline constexpr Member kLocationMembers[] = {
    {.name = "LocationConstraint",
     .wire_name = "LocationConstraint",
     .shape = &kString,
     .ops = kFieldOps<std::optional<std::string>>},
};
inline constexpr Shape kLocationOutput{
    .name = "GetBucketLocationOutput", .kind = Kind::structure, .members = kLocationMembers};

inline constexpr Member kPayloadMembers[] = {
    {.name = "Header",
     .wire_name = "x-header",
     .shape = &kString,
     .ops = kFieldOps<std::optional<std::string>>,
     .offset_bytes = offsetof(PayloadOutput, header),
     .location = Location::header},
    {.name = "Node",
     .wire_name = "Node",
     .shape = &kNode,
     .ops = kFieldOps<std::optional<Node>>,
     .offset_bytes = offsetof(PayloadOutput, node),
     .payload = true},
};
inline constexpr Shape kPayloadOutput{.name = "PayloadOutput", .kind = Kind::structure, .members = kPayloadMembers};

#pragma GCC diagnostic pop

}  // namespace aerolith::protocol::test
