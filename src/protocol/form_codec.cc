#include "protocol/form_codec.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "http/query.h"
#include "protocol/scalar_text.h"
#include "protocol/walk.h"

namespace aerolith::protocol {
namespace {

struct FormParameter {
  std::string name;
  std::string value;
};

// The parameters sorted by name: everything under a prefix is one range of them.
class FormParameters {
 public:
  static Result<FormParameters, DecodeError> parse(std::string_view form);

  const std::string* find(std::string_view name) const {
    auto found = lower_bound(name);
    return found != sorted_.end() && found->name == name ? &found->value : nullptr;
  }

  // All that start with `prefix`, which ends in a dot.
  std::span<const FormParameter> under(std::string_view prefix) const {
    auto begin = lower_bound(prefix);
    auto end = std::partition_point(
        begin, sorted_.end(), [&](const FormParameter& p) { return std::string_view(p.name).starts_with(prefix); });
    return {begin, end};
  }

 private:
  std::vector<FormParameter>::const_iterator lower_bound(std::string_view name) const {
    return std::lower_bound(sorted_.begin(), sorted_.end(), name,
                            [](const FormParameter& p, std::string_view n) { return p.name < n; });
  }

  std::vector<FormParameter> sorted_;
};

Result<FormParameters, DecodeError> FormParameters::parse(std::string_view form) {
  FormParameters parameters;
  while (const std::optional<http::RawParameter> raw = http::next_parameter(form)) {
    if (parameters.sorted_.size() == kMaxFormParameters) return malformed_at({}, "too many parameters");
    std::optional<std::string> name = form_decode(raw->name);
    std::optional<std::string> value = form_decode(raw->value_text());
    if (!name || !value || !is_valid_utf8(*name) || !is_valid_utf8(*value)) {
      return malformed_at({}, "a parameter is not percent-encoded UTF-8");
    }
    if (static_cast<size_t>(std::count(name->begin(), name->end(), '.')) >= kMaxFormDepth) {
      return malformed_at({}, "a parameter's name is nested too deep");
    }
    parameters.sorted_.push_back({std::move(*name), std::move(*value)});
  }
  auto by_name = [](const FormParameter& a, const FormParameter& b) { return a.name < b.name; };
  std::sort(parameters.sorted_.begin(), parameters.sorted_.end(), by_name);
  auto twice = std::adjacent_find(parameters.sorted_.begin(), parameters.sorted_.end(),
                                  [](const FormParameter& a, const FormParameter& b) { return a.name == b.name; });
  if (twice != parameters.sorted_.end()) return malformed_at(twice->name, "given more than once");
  return parameters;
}

class FormDecoder {
 public:
  FormDecoder(const FormParameters& parameters, bool is_ec2) : parameters_(parameters), is_ec2_(is_ec2) {}

  // `prefix` is empty or ends in a dot. Recursion follows names that are there, whose depth is limited.
  DecodeResult structure(const Shape& shape, const std::string& prefix, void* value) const {
    for (const Member& member : shape.members) {
      std::optional<std::string> name = present_name(member, prefix);
      if (!name) continue;
      TRY(member_value(member, *name, member.ops->emplace(field_of(member, value))));
    }
    return {};
  }

 private:
  bool is_present(const std::string& name) const {
    return parameters_.find(name) != nullptr || !parameters_.under(name + ".").empty();
  }

  // The name under which a member was sent, if it was. The first is the protocol's; the others serve clients that read
  // the model differently: botocore names a flattened list by its element, and doesn't capitalise every ec2 name.
  std::optional<std::string> present_name(const Member& member, const std::string& prefix) const {
    std::string name = prefix;
    name += is_ec2_ ? member.query_name : member.wire_name;
    if (is_present(name)) return name;
    std::string_view other;
    if (is_ec2_) {
      other = member.name;
    } else if (member.flattened && member.shape->kind == Kind::list) {
      other = member.shape->element->wire_name;
    }
    if (other.empty()) return std::nullopt;
    name.replace(prefix.size(), std::string::npos, other);
    return is_present(name) ? std::optional(name) : std::nullopt;
  }

  DecodeResult member_value(const Member& member, const std::string& name, void* value) const {
    const Shape& shape = *member.shape;
    const std::string* text = parameters_.find(name);
    switch (shape.kind) {
      case Kind::structure:
      case Kind::list:
      case Kind::map:
        break;
      default:
        return scalar(member, name, text, value);
    }
    // "Foo=" is how an empty list is sent.
    if (text != nullptr && !text->empty()) return malformed_at(name, "a value where names below it are expected");
    if (shape.kind == Kind::structure) return structure(shape, name + ".", value);
    const bool is_flat = is_ec2_ || member.flattened;
    if (shape.kind == Kind::list) return list(shape, list_prefix(shape, name, is_flat), value);
    return map(shape, is_flat ? name + "." : name + ".entry.", value);
  }

  DecodeResult scalar(const Member& member, const std::string& name, const std::string* text, void* value) const {
    const Kind kind = member.shape->kind;
    if (text == nullptr) return malformed_at(name, "names below a plain value");
    if (!parse_scalar(kind, timestamp_format_of(member, TimestampFormat::iso8601), *text, value)) {
      return malformed_at(name, conversion_failure(kind, *text));
    }
    return {};
  }

  std::string list_prefix(const Shape& shape, const std::string& name, bool is_flat) const {
    if (is_flat) return name + ".";
    const std::string_view element = shape.element->wire_name;
    return fmt::format("{}.{}.", name, element.empty() ? "member" : element);
  }

  DecodeResult list(const Shape& shape, const std::string& prefix, void* container) const {
    for (const std::string& name : TRY(numbered(prefix))) {
      TRY(member_value(*shape.element, name, shape.list_ops->append(container)));
    }
    return {};
  }

  DecodeResult map(const Shape& shape, const std::string& prefix, void* container) const {
    const std::string_view key_name = shape.key->wire_name.empty() ? "key" : shape.key->wire_name;
    const std::string_view value_name = shape.element->wire_name.empty() ? "value" : shape.element->wire_name;
    for (const std::string& entry : TRY(numbered(prefix))) {
      const std::string* key = parameters_.find(fmt::format("{}.{}", entry, key_name));
      const std::string value = fmt::format("{}.{}", entry, value_name);
      if (key == nullptr || !is_present(value)) return malformed_at(entry, "an entry without its key or value");
      TRY(member_value(*shape.element, value, shape.map_ops->insert(container, *key)));
    }
    return {};
  }

  // "Prefix.1", "Prefix.2", "Prefix.10": what is numbered directly under `prefix`, in order of the numbers.
  Result<std::vector<std::string>, DecodeError> numbered(const std::string& prefix) const {
    std::vector<std::pair<uint32_t, std::string_view>> found;
    for (const FormParameter& parameter : parameters_.under(prefix)) {
      std::string_view rest = std::string_view(parameter.name).substr(prefix.size());
      std::string_view digits = rest.substr(0, rest.find('.'));
      // "1" and "1.x" stand next to each other unless a stranger such as "1-" comes between, which is refused here.
      if (!found.empty() && found.back().second == digits) continue;
      uint32_t number = 0;
      auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
      const bool is_padded = digits.size() > 1 && digits.front() == '0';
      if (error != std::errc{} || end != digits.data() + digits.size() || is_padded) {
        return malformed_at(parameter.name, "not a number of a list");
      }
      found.emplace_back(number, digits);
    }
    std::sort(found.begin(), found.end());
    std::vector<std::string> names;
    names.reserve(found.size());
    for (const auto& [number, digits] : found) names.push_back(prefix + std::string(digits));
    return names;
  }

  const FormParameters& parameters_;
  bool is_ec2_;
};

}  // namespace

Result<void, DecodeError> decode_form(Protocol protocol, const Shape& shape, std::string_view form, void* input) {
  FormParameters parameters = TRY(FormParameters::parse(form));
  return FormDecoder(parameters, protocol == Protocol::ec2).structure(shape, {}, input);
}

}  // namespace aerolith::protocol
