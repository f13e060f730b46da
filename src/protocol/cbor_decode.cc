#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "base/encoding.h"
#include "base/time.h"
#include "protocol/cbor_codec.h"
#include "protocol/cbor_reader.h"
#include "protocol/walk.h"

namespace aerolith::protocol {
namespace {

using Type = CborToken::Type;

std::unexpected<DecodeError> broken() { return malformed_at({}, "not CBOR, or cut short, or nested too deep"); }
std::unexpected<DecodeError> wrong_type(std::string_view wanted) {
  return malformed_at({}, "the value can not be converted to " + std::string(wanted));
}

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : reader_(bytes) {}

  DecodeResult document(const Shape& shape, void* out) {
    std::optional<CborToken> token = reader_.next();
    if (!token) return broken();
    TRY(structure(shape, *token, kMaxCborDepth, out));
    if (!reader_.at_end()) return malformed_at({}, "bytes after the end");
    return {};
  }

 private:
  DecodeResult structure(const Shape& shape, const CborToken& token, size_t depth, void* out) {
    return entries(
        token, depth, "a structure", [&](const std::string& key, const CborToken& value_token) -> DecodeResult {
          for (const Member& member : shape.members) {
            if (member.wire_name != key) continue;
            if (value_token.type == Type::null) return {};
            return within(member.name,
                          value(*member.shape, value_token, depth - 1, member.ops->emplace(field_of(member, out))));
          }
          return reader_.skip(value_token, depth - 1) ? DecodeResult() : broken();
        });
  }

  // Reads a map, calling entry(key, first token of the value) for each.
  template <typename Entry>
  DecodeResult entries(const CborToken& token, size_t depth, std::string_view wanted, Entry entry) {
    if (token.type != Type::map) return wrong_type(wanted);
    if (depth == 0) return broken();
    for (uint64_t i = 0; token.indefinite || i < token.number; ++i) {
      std::optional<CborToken> key = reader_.next();
      if (!key) return broken();
      if (key->type == Type::end_of_items && token.indefinite) return {};
      if (key->type != Type::text) return malformed_at({}, "a key that is not text");
      std::optional<std::string> name = reader_.string(*key);
      std::optional<CborToken> value_token = name ? reader_.next() : std::nullopt;
      if (!value_token || !is_valid_utf8(*name)) return broken();
      TRY(entry(std::move(*name), *value_token));
    }
    return {};
  }

  DecodeResult list(const Shape& shape, const CborToken& token, size_t depth, void* out) {
    if (token.type != Type::array) return wrong_type("a list");
    if (depth == 0) return broken();
    for (uint64_t i = 0; token.indefinite || i < token.number; ++i) {
      std::optional<CborToken> item = reader_.next();
      if (!item) return broken();
      if (item->type == Type::end_of_items && token.indefinite) return {};
      if (item->type == Type::null) {
        if (shape.list_ops->append_null != nullptr) shape.list_ops->append_null(out);
        continue;
      }
      TRY(within("[" + std::to_string(i) + "]",
                 value(*shape.element->shape, *item, depth - 1, shape.list_ops->append(out))));
    }
    return {};
  }

  DecodeResult map(const Shape& shape, const CborToken& token, size_t depth, void* out) {
    return entries(token, depth, "a map", [&](std::string key, const CborToken& item) -> DecodeResult {
      if (item.type == Type::null) {
        if (shape.map_ops->insert_null != nullptr) shape.map_ops->insert_null(out, std::move(key));
        return {};
      }
      return within(key, value(*shape.element->shape, item, depth - 1, shape.map_ops->insert(out, key)));
    });
  }

  DecodeResult value(const Shape& shape, const CborToken& token, size_t depth, void* out) {
    switch (shape.kind) {
      case Kind::structure:
        return structure(shape, token, depth, out);
      case Kind::list:
        return list(shape, token, depth, out);
      case Kind::map:
        return map(shape, token, depth, out);
      case Kind::string:
      case Kind::blob:
        return string(shape.kind, token, out);
      case Kind::boolean:
        if (token.type != Type::boolean) return wrong_type("a boolean");
        as<bool>(out) = token.truth;
        return {};
      case Kind::integer:
        return integer<int32_t>(token, out);
      case Kind::long_integer:
        return integer<int64_t>(token, out);
      case Kind::float_number:
        return floating<float>(token, out);
      case Kind::double_number:
        return floating<double>(token, out);
      case Kind::timestamp:
        return timestamp(token, out);
      case Kind::document:
        // The protocol has no documents yet.
        return malformed_at({}, "a document can not be carried by CBOR");
    }
    return broken();
  }

  DecodeResult string(Kind kind, const CborToken& token, void* out) {
    const bool text = kind == Kind::string;
    if (token.type != (text ? Type::text : Type::bytes)) return wrong_type(text ? "a string" : "a blob");
    std::optional<std::string> bytes = reader_.string(token);
    if (!bytes || (text && !is_valid_utf8(*bytes))) return broken();
    as<std::string>(out) = std::move(*bytes);
    return {};
  }

  template <typename T>
  static DecodeResult integer(const CborToken& token, void* out) {
    const auto limit = static_cast<uint64_t>(std::numeric_limits<T>::max());
    const bool negative = token.type == Type::negative_integer;
    if ((!negative && token.type != Type::unsigned_integer) || token.number > limit) return wrong_type("an integer");
    auto magnitude = static_cast<T>(token.number);
    as<T>(out) = negative ? static_cast<T>(-1 - magnitude) : magnitude;
    return {};
  }

  static std::optional<double> number(const CborToken& token) {
    if (token.type == Type::floating) return token.floating_value;
    if (token.type == Type::unsigned_integer) return static_cast<double>(token.number);
    if (token.type == Type::negative_integer) return -1.0 - static_cast<double>(token.number);
    return std::nullopt;
  }

  template <typename T>
  static DecodeResult floating(const CborToken& token, void* out) {
    std::optional<double> found = number(token);
    if (!found) return wrong_type("a number");
    if (std::isfinite(*found) && std::abs(*found) > static_cast<double>(std::numeric_limits<T>::max())) {
      return wrong_type("a number");
    }
    as<T>(out) = static_cast<T>(*found);
    return {};
  }

  DecodeResult timestamp(CborToken token, void* out) {
    if (token.type == Type::tag) {
      constexpr uint64_t kEpochTime = 1;  // RFC 8949, 3.4.2
      std::optional<CborToken> inner = reader_.next();
      if (token.number != kEpochTime || !inner) return wrong_type("a timestamp");
      token = *inner;
    }
    std::optional<double> seconds = number(token);
    std::optional<Timestamp> time = seconds ? from_epoch_seconds(*seconds) : std::nullopt;
    if (!time) return wrong_type("a timestamp");
    as<Timestamp>(out) = *time;
    return {};
  }

  CborReader reader_;
};

}  // namespace

Result<void, DecodeError> decode_cbor(const Shape& shape, std::string_view bytes, void* out) {
  if (bytes.empty()) return {};
  return Decoder(bytes).document(shape, out);
}

}  // namespace aerolith::protocol
