#include <fmt/core.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/scalar_text.h"
#include "protocol/walk.h"
#include "protocol/xml_codec.h"
#include "protocol/xml_reader.h"

namespace aerolith::protocol {
namespace {

std::unexpected<DecodeError> malformed(std::string detail) { return malformed_at({}, std::move(detail)); }

std::string_view name_or(const Member& member, std::string_view fallback) {
  return member.wire_name.empty() ? fallback : member.wire_name;
}

// The value of a member that repeats (flattened), made when its first element comes.
void* repeated_value(const Member& member, void* structure) {
  void* field = field_of(member, structure);
  const void* present = member.ops->get(field);
  return present != nullptr ? const_cast<void*>(present) : member.ops->emplace(field);
}

bool is_flattened(const Member& member) {
  return member.flattened && (member.shape->kind == Kind::list || member.shape->kind == Kind::map);
}

// Decoding never recurses deeper than the document, which the reader limits.
DecodeResult decode_value(const Member& member, XmlElement element, void* value);

DecodeResult decode_scalar(const Member& member, std::string_view text, void* value) {
  const Kind kind = member.shape->kind;
  if (!parse_scalar(kind, timestamp_format_of(member, TimestampFormat::iso8601), text, value)) {
    return malformed(conversion_failure(kind, text));
  }
  return {};
}

DecodeResult decode_list_item(const Shape& list, XmlElement element, void* container) {
  std::string part = fmt::format("[{}]", list.list_ops->size(container));
  return within(part, decode_value(*list.element, element, list.list_ops->append(container)));
}

DecodeResult decode_list(const Shape& list, XmlElement element, void* container) {
  std::string_view name = name_or(*list.element, "member");
  for (XmlElement item = element.first_child(); item; item = item.next_sibling()) {
    if (item.name() == name) TRY(decode_list_item(list, item, container));
  }
  return {};
}

DecodeResult decode_map_entry(const Shape& map, XmlElement entry, void* container) {
  std::string_view key_name = name_or(*map.key, "key");
  std::string_view value_name = name_or(*map.element, "value");
  XmlElement key = entry.first_child();
  while (key && key.name() != key_name) key = key.next_sibling();
  XmlElement value = entry.first_child();
  while (value && value.name() != value_name) value = value.next_sibling();
  if (!key || !value) return malformed(fmt::format("an entry without its {}", !key ? key_name : value_name));
  std::string key_text = key.text();
  std::string part = fmt::format("[{}]", key_text);
  return within(part, decode_value(*map.element, value, map.map_ops->insert(container, std::move(key_text))));
}

DecodeResult decode_map(const Shape& map, XmlElement element, void* container) {
  for (XmlElement entry = element.first_child(); entry; entry = entry.next_sibling()) {
    if (entry.name() == "entry") TRY(decode_map_entry(map, entry, container));
  }
  return {};
}

bool is_body_element(const Member& member) { return member.location == Location::body && !member.xml_attribute; }

// Which member an element stands for. The other names serve clients that read the model differently: botocore names
// every flattened list by its element, and Smithy's don't take a target shape's locationName for the member's.
const Member* find_member(const Shape& structure, std::string_view name) {
  for (const Member& member : structure.members) {
    if (is_body_element(member) && member.wire_name == name) return &member;
  }
  for (const Member& member : structure.members) {
    if (!is_body_element(member)) continue;
    const bool is_flat_list = is_flattened(member) && member.shape->kind == Kind::list;
    if (member.name == name || (is_flat_list && member.shape->element->wire_name == name)) return &member;
  }
  return nullptr;
}

DecodeResult decode_member(const Member& member, XmlElement element, void* structure) {
  if (!is_flattened(member)) return decode_value(member, element, member.ops->emplace(field_of(member, structure)));
  void* container = repeated_value(member, structure);
  if (member.shape->kind == Kind::map) return decode_map_entry(*member.shape, element, container);
  return decode_list_item(*member.shape, element, container);
}

DecodeResult decode_structure(const Shape& shape, XmlElement element, void* structure) {
  for (const Member& member : shape.members) {
    if (!member.xml_attribute || member.location != Location::body) continue;
    std::optional<std::string_view> text = element.attribute(member.wire_name);
    if (!text) continue;
    TRY(within(member.name, decode_scalar(member, *text, member.ops->emplace(field_of(member, structure)))));
  }
  for (XmlElement child = element.first_child(); child; child = child.next_sibling()) {
    const Member* member = find_member(shape, child.name());
    if (member == nullptr) continue;
    if (!is_flattened(*member) && value_of(*member, structure) != nullptr) {
      return within(member->name, malformed("given more than once"));
    }
    TRY(within(member->name, decode_member(*member, child, structure)));
  }
  return {};
}

DecodeResult decode_value(const Member& member, XmlElement element, void* value) {
  switch (member.shape->kind) {
    case Kind::structure:
      return decode_structure(*member.shape, element, value);
    case Kind::list:
      return decode_list(*member.shape, element, value);
    case Kind::map:
      return decode_map(*member.shape, element, value);
    default:
      break;
  }
  if (element.first_child()) return malformed("elements where text is expected");
  return decode_scalar(member, element.text(), value);
}

}  // namespace

Result<void, DecodeError> decode_xml_body(const Shape& shape, std::string_view body, std::string_view expected_root,
                                          void* out) {
  if (body.empty()) return {};
  Result<XmlDocument, XmlError> document = XmlDocument::parse(body);
  if (!document.has_value()) return malformed(std::move(document).error().detail);
  XmlElement root = document->root();
  const std::string_view name = root.name();
  if (!expected_root.empty() && name != expected_root && name != shape.name && name != shape.wire_name) {
    return malformed(fmt::format("the root element is {}, not {}", name, expected_root));
  }
  return decode_structure(shape, root, out);
}

}  // namespace aerolith::protocol
