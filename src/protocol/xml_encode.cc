#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/encoding.h"
#include "protocol/scalar_text.h"
#include "protocol/walk.h"
#include "protocol/xml_codec.h"
#include "protocol/xml_writer.h"

namespace aerolith::protocol {
namespace {

// Writes values by their tables. The depth is the depth of our own structs: it needs no limit.
class ValueWriter {
 public:
  ValueWriter(XmlWriter& xml, Iso8601Style style) : xml_(xml), style_(style) {}

  // The attributes of a structure whose element is open.
  void attributes(const Shape& shape, const void* structure) {
    for (const Member& member : shape.members) {
      if (!is_in_answer_body(member) || !member.xml_attribute) continue;
      if (const void* value = value_of(member, structure)) xml_.attribute(member.wire_name, scalar(member, value));
    }
  }

  // The elements inside a structure.
  void members(const Shape& shape, const void* structure, const Member* except = nullptr) {
    for (const Member& member : shape.members) {
      if (!is_in_answer_body(member) || member.xml_attribute || &member == except) continue;
      if (const void* value = value_of(member, structure)) member_value(member, value);
    }
  }

  // The same, with the elements of two lists in their common order.
  void mixed_members(const Shape& shape, const void* structure, const MixedLists& mixed) {
    for (const Member& member : shape.members) {
      if (!is_in_answer_body(member) || member.xml_attribute || member.name == mixed.second) continue;
      if (member.name == mixed.first) {
        mix(shape, member, structure, mixed);
      } else if (const void* value = value_of(member, structure)) {
        member_value(member, value);
      }
    }
  }

  // Its text, until the next call.
  std::string_view scalar(const Member& member, const void* value) {
    if (member.shape->kind == Kind::string) return *static_cast<const std::string*>(value);
    scalar_.clear();
    append_scalar(member.shape->kind, timestamp_format_of(member, TimestampFormat::iso8601), style_, value, scalar_);
    return scalar_;
  }

 private:
  void mix(const Shape& shape, const Member& first, const void* structure, const MixedLists& mixed) {
    const auto second = std::find_if(shape.members.begin(), shape.members.end(),
                                     [&](const Member& member) { return member.name == mixed.second; });
    if (second == shape.members.end()) return;
    struct Source {
      const Member& member;
      const void* list;
      size_t at = 0;
    } sources[] = {{first, value_of(first, structure)}, {*second, value_of(*second, structure)}};
    for (const bool is_of_second : mixed.is_of_second) {
      Source& source = sources[is_of_second ? 1 : 0];
      const Shape& list = *source.member.shape;
      if (source.list == nullptr || source.at == list.list_ops->size(source.list)) continue;
      element(item_name(source.member), *list.element, list.list_ops->at(source.list, source.at++));
    }
  }

  // Lists that are flat by their own shape (SimpleDB's) are known by their element's name, others by the member's.
  static std::string_view item_name(const Member& member) {
    const Shape& list = *member.shape;
    const bool by_element = list.flattened && !list.element->wire_name.empty();
    return by_element ? list.element->wire_name : member.wire_name;
  }

  void member_value(const Member& member, const void* value) {
    const Shape& shape = *member.shape;
    if (!member.flattened || (shape.kind != Kind::list && shape.kind != Kind::map)) {
      element(member.wire_name, member, value);
    } else if (shape.kind == Kind::list) {
      items(shape, value, item_name(member));
    } else {
      entries(shape, value, member.wire_name, member.xml_namespace);
    }
  }

  void element(std::string_view name, const Member& member, const void* value) {
    const Shape& shape = *member.shape;
    const bool is_scalar = shape.kind != Kind::structure && shape.kind != Kind::list && shape.kind != Kind::map;
    if (is_scalar && member.xml_namespace.uri.empty()) return xml_.leaf(name, scalar(member, value));
    xml_.open(name);
    xml_.xml_namespace(member.xml_namespace);
    switch (shape.kind) {
      case Kind::structure:
        attributes(shape, value);
        members(shape, value);
        break;
      case Kind::list:
        items(shape, value, shape.element->wire_name.empty() ? "member" : shape.element->wire_name);
        break;
      case Kind::map:
        entries(shape, value, "entry", {});
        break;
      default:
        xml_.text(scalar(member, value));
        break;
    }
    xml_.close(name);
  }

  void items(const Shape& list, const void* container, std::string_view name) {
    const size_t size = list.list_ops->size(container);
    for (size_t i = 0; i < size; ++i) {
      if (const void* value = list.list_ops->at(container, i)) element(name, *list.element, value);
    }
  }

  void entries(const Shape& map, const void* container, std::string_view name, const XmlNamespace& entry_namespace) {
    struct Context {
      ValueWriter& writer;
      const Shape& map;
      std::string_view name;
      const XmlNamespace& entry_namespace;
    } context{*this, map, name, entry_namespace};
    map.map_ops->for_each(container, &context, [](void* raw, const std::string& key, const void* value) {
      const Context& c = *static_cast<Context*>(raw);
      if (value != nullptr) c.writer.entry(c.map, c.name, c.entry_namespace, key, value);
    });
  }

  void entry(const Shape& map, std::string_view name, const XmlNamespace& entry_namespace, const std::string& key,
             const void* value) {
    const std::string_view key_name = map.key->wire_name.empty() ? "key" : map.key->wire_name;
    xml_.open(name);
    xml_.xml_namespace(entry_namespace);
    xml_.open(key_name);
    xml_.xml_namespace(map.key->xml_namespace);
    xml_.text(key);
    xml_.close(key_name);
    element(map.element->wire_name.empty() ? "value" : map.element->wire_name, *map.element, value);
    xml_.close(name);
  }

  XmlWriter& xml_;
  Iso8601Style style_;
  std::string scalar_;
};

Iso8601Style style_of(const Service& service, Protocol protocol) {
  return service.s3_xml_dialect || protocol == Protocol::ec2 ? Iso8601Style::always_millis : Iso8601Style::shortest;
}

std::string_view root_name(const Operation& operation, const Member* payload) {
  if (!operation.output_wire_name.empty()) return operation.output_wire_name;
  if (payload != nullptr) {
    // A locationName of the reference that says more than the member's name goes before the shape's own.
    if (payload->wire_name != payload->name || payload->shape->wire_name.empty()) return payload->wire_name;
    return payload->shape->wire_name;
  }
  return operation.output->wire_name.empty() ? operation.output->name : operation.output->wire_name;
}

XmlNamespace root_namespace(const Service& service, const XmlNamespace& own) {
  return own.uri.empty() ? XmlNamespace{{}, service.xml_namespace} : own;
}

void write_document(XmlWriter& xml, ValueWriter& values, std::string_view name, const XmlNamespace& name_space,
                    const Shape& shape, const void* structure, const MixedLists* mixed = nullptr) {
  xml.open(name);
  xml.xml_namespace(name_space);
  values.attributes(shape, structure);
  if (mixed != nullptr) {
    values.mixed_members(shape, structure, *mixed);
  } else {
    values.members(shape, structure);
  }
  xml.close(name);
}

// GetBucketLocation: the one body member is the text of the root. S3 sends an empty element for us-east-1, which is an
// absent member here.
void write_unwrapped(XmlWriter& xml, ValueWriter& values, const Service& service, const Shape& shape,
                     const void* structure) {
  for (const Member& member : shape.members) {
    if (!is_in_answer_body(member)) continue;
    xml.open(member.wire_name);
    xml.xml_namespace(root_namespace(service, member.xml_namespace));
    const void* value = value_of(member, structure);
    if (value != nullptr) xml.text(values.scalar(member, value));
    xml.close(member.wire_name);
    return;
  }
}

// The members of a modelled exception; its message is written already.
void write_exception(ValueWriter& values, const ApiError& error) {
  if (error.shape == nullptr || error.shape->shape == nullptr || error.value == nullptr) return;
  const Shape& shape = *error.shape->shape;
  auto message = std::find_if(shape.members.begin(), shape.members.end(),
                              [](const Member& m) { return m.wire_name == "Message" || m.wire_name == "message"; });
  values.members(shape, error.value.get(), message == shape.members.end() ? nullptr : &*message);
}

void write_error_content(XmlWriter& xml, ValueWriter& values, const ApiError& error) {
  xml.leaf("Code", error.code);
  xml.leaf("Message", error.message);
  for (const auto& [name, value] : error.fields) xml.leaf(name, value);
  write_exception(values, error);
}

}  // namespace

std::string encode_xml_body(const Service& service, const Operation& operation, const void* output,
                            const MixedLists* mixed) {
  std::string out;
  if (operation.output == nullptr || output == nullptr) return out;
  const Shape& shape = *operation.output;
  XmlWriter xml(out);
  ValueWriter values(xml, style_of(service, Protocol::rest_xml));
  if (const Member* payload = payload_member(shape)) {
    const void* value = value_of(*payload, output);
    if (value == nullptr) return out;
    xml.declaration();
    write_document(xml, values, root_name(operation, payload), root_namespace(service, payload->xml_namespace),
                   *payload->shape, value);
    return out;
  }
  if (std::none_of(shape.members.begin(), shape.members.end(), is_in_answer_body)) return out;
  xml.declaration();
  if (operation.unwrapped_output) {
    write_unwrapped(xml, values, service, shape, output);
  } else {
    write_document(xml, values, root_name(operation, nullptr), root_namespace(service, shape.xml_namespace), shape,
                   output, mixed);
  }
  return out;
}

std::string encode_query_response(const Service& service, const Operation& operation, const void* output,
                                  const RequestId& request_id) {
  std::string out;
  XmlWriter xml(out);
  ValueWriter values(xml, style_of(service, Protocol::query));
  const std::string response = fmt::format("{}Response", operation.name);
  xml.open(response);
  xml.xml_namespace({{}, service.xml_namespace});
  if (!operation.output_wrapper.empty()) xml.open(operation.output_wrapper);
  if (operation.output != nullptr && output != nullptr) values.members(*operation.output, output);
  if (!operation.output_wrapper.empty()) xml.close(operation.output_wrapper);
  xml.open("ResponseMetadata");
  xml.leaf("RequestId", request_id.view());
  xml.close("ResponseMetadata");
  xml.close(response);
  return out;
}

std::string encode_ec2_response(const Service& service, const Operation& operation, const void* output,
                                const RequestId& request_id) {
  std::string out;
  XmlWriter xml(out);
  ValueWriter values(xml, style_of(service, Protocol::ec2));
  const std::string response = fmt::format("{}Response", operation.name);
  xml.declaration();
  xml.open(response);
  xml.xml_namespace({{}, service.xml_namespace});
  xml.leaf("requestId", request_id.view());
  if (operation.output == nullptr) {
    xml.leaf("return", "true");
  } else if (output != nullptr) {
    values.members(*operation.output, output);
  }
  xml.close(response);
  return out;
}

std::string encode_xml_error(Protocol protocol, const Service& service, const ApiError& error,
                             const RequestId& request_id) {
  std::string out;
  XmlWriter xml(out);
  ValueWriter values(xml, style_of(service, protocol));
  xml.declaration();
  if (protocol == Protocol::ec2) {
    xml.open("Response");
    xml.open("Errors");
    xml.open("Error");
    write_error_content(xml, values, error);
    xml.close("Error");
    xml.close("Errors");
    xml.leaf("RequestID", request_id.view());
    xml.close("Response");
  } else if (service.s3_xml_dialect) {
    xml.open("Error");
    write_error_content(xml, values, error);
    xml.leaf("RequestId", request_id.view());
    xml.leaf("HostId", make_host_id(request_id));
    xml.close("Error");
  } else {
    xml.open("ErrorResponse");
    xml.xml_namespace({{}, service.xml_namespace});
    xml.open("Error");
    xml.leaf("Type", error.sender_fault() ? "Sender" : "Receiver");
    write_error_content(xml, values, error);
    xml.close("Error");
    xml.leaf("RequestId", request_id.view());
    xml.close("ErrorResponse");
  }
  return out;
}

std::string make_host_id(const RequestId& request_id) {
  // 48 bytes give the 64 characters that S3's ids have.
  return base64_encode(digest(DigestKind::sha512, request_id.view()).substr(0, 48));
}

}  // namespace aerolith::protocol
