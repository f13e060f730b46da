#include "services/ec2/shown_values.h"

#include <stdexcept>

#include "protocol/scalar_text.h"

namespace aerolith::ec2 {
namespace {

using protocol::Shape;

void collect(const Shape& shape, const void* value, std::string_view path, Strings& out);

void collect_list(const Shape& shape, const void* value, std::string_view path, Strings& out) {
  const size_t count = shape.list_ops->size(value);
  for (size_t i = 0; i < count; ++i) {
    const void* const element = shape.list_ops->at(value, i);
    if (element != nullptr) collect(*shape.element->shape, element, path, out);
  }
}

void collect_member(const Shape& shape, const void* value, std::string_view path, Strings& out) {
  const size_t end = std::min(path.find('.'), path.size());
  const std::string_view name = path.substr(0, end);
  const auto member = std::ranges::find(shape.members, name, &protocol::Member::name);
  if (member == shape.members.end())
    throw std::logic_error("a filter of a member that isn't there: " + std::string(name));
  const void* const found = member->ops->get(static_cast<const std::byte*>(value) + member->offset_bytes);
  if (found == nullptr) return;
  collect(*member->shape, found, path.substr(std::min(end + 1, path.size())), out);
}

void collect(const Shape& shape, const void* value, std::string_view path, Strings& out) {
  switch (shape.kind) {
    case protocol::Kind::list:
      return collect_list(shape, value, path, out);
    case protocol::Kind::structure:
      return collect_member(shape, value, path, out);
    default:
      break;
  }
  std::string text;
  protocol::append_scalar(shape.kind, protocol::TimestampFormat::iso8601, protocol::Iso8601Style::always_millis, value,
                          text);
  if (!text.empty()) out.push_back(std::move(text));
}

}  // namespace

Strings values_at(const Shape& shape, const void* value, std::string_view path) {
  Strings result;
  collect(shape, value, path, result);
  return result;
}

}  // namespace aerolith::ec2
