#include <cbor.h>

#include <string>

#include "base/time.h"
#include "protocol/cbor_codec.h"
#include "protocol/walk.h"

namespace aerolith::protocol {
namespace {

class Encoder {
 public:
  explicit Encoder(std::string& out) : out_(out) {}

  void structure(const Shape& shape, const void* from) {
    put(&cbor_encode_map_start, count(shape, from));
    members(shape, from);
  }

  void error(const ErrorHead& head, const Shape* shape, const void* from) {
    size_t entries = (head.type.empty() ? 0U : 1U) + (head.message.empty() ? 0U : 1U);
    const bool has_members = shape != nullptr && from != nullptr;
    put(&cbor_encode_map_start, entries + (has_members ? count(*shape, from) : 0));
    if (!head.type.empty()) text_entry("__type", head.type);
    if (!head.message.empty()) text_entry(head.message_name, head.message);
    if (has_members) members(*shape, from);
  }

 private:
  void members(const Shape& shape, const void* from) {
    for (const Member& member : shape.members) {
      const void* present = value_of(member, from);
      if (present == nullptr) continue;
      text(member.wire_name);
      value(*member.shape, present);
    }
  }

  static size_t count(const Shape& shape, const void* from) {
    size_t present = 0;
    for (const Member& member : shape.members) present += value_of(member, from) != nullptr ? 1 : 0;
    return present;
  }

  // An item's head is at most nine bytes.
  template <typename Encode, typename... Arguments>
  void put(Encode encode, Arguments... arguments) {
    unsigned char buffer[16];
    size_t size = encode(arguments..., buffer, sizeof(buffer));
    out_.append(reinterpret_cast<const char*>(buffer), size);
  }

  void text(std::string_view bytes) {
    put(&cbor_encode_string_start, bytes.size());
    out_ += bytes;
  }
  void text_entry(std::string_view key, std::string_view bytes) {
    text(key);
    text(bytes);
  }

  void integer(int64_t number) {
    if (number >= 0) {
      put(&cbor_encode_uint, static_cast<uint64_t>(number));
    } else {
      put(&cbor_encode_negint, static_cast<uint64_t>(-(number + 1)));
    }
  }

  void timestamp(Timestamp time) {
    put(&cbor_encode_tag, uint64_t{1});
    const int64_t millis = time.time_since_epoch().count();
    if (millis % 1000 == 0) {
      integer(millis / 1000);
    } else {
      put(&cbor_encode_double, static_cast<double>(millis) / 1000.0);
    }
  }

  void value(const Shape& shape, const void* from) {
    switch (shape.kind) {
      case Kind::structure:
        return structure(shape, from);
      case Kind::list:
        return list(shape, from);
      case Kind::map:
        return map(shape, from);
      case Kind::string:
        return text(as<std::string>(from));
      case Kind::blob:
        put(&cbor_encode_bytestring_start, as<std::string>(from).size());
        out_ += as<std::string>(from);
        return;
      case Kind::boolean:
        return put(&cbor_encode_bool, as<bool>(from));
      case Kind::integer:
        return integer(as<int32_t>(from));
      case Kind::long_integer:
        return integer(as<int64_t>(from));
      case Kind::float_number:
        return put(&cbor_encode_single, as<float>(from));
      case Kind::double_number:
        return put(&cbor_encode_double, as<double>(from));
      case Kind::timestamp:
        return timestamp(as<Timestamp>(from));
      case Kind::document:
        return put(&cbor_encode_null);  // the protocol has no documents
    }
  }

  void list(const Shape& shape, const void* from) {
    const size_t size = shape.list_ops->size(from);
    put(&cbor_encode_array_start, size);
    for (size_t i = 0; i < size; ++i) item(*shape.element->shape, shape.list_ops->at(from, i));
  }

  void map(const Shape& shape, const void* from) {
    struct Context {
      Encoder& encoder;
      const Shape& element;
    } context{*this, *shape.element->shape};
    put(&cbor_encode_map_start, shape.map_ops->size(from));
    shape.map_ops->for_each(from, &context, [](void* raw, const std::string& key, const void* present) {
      auto& c = as<Context>(raw);
      c.encoder.text(key);
      c.encoder.item(c.element, present);
    });
  }

  void item(const Shape& shape, const void* present) {
    if (present != nullptr) {
      value(shape, present);
    } else {
      put(&cbor_encode_null);
    }
  }

  std::string& out_;
};

}  // namespace

void append_cbor(const Shape& shape, const void* value, std::string& out) { Encoder(out).structure(shape, value); }

void append_cbor_error(const ErrorHead& head, const Shape* shape, const void* value, std::string& out) {
  Encoder(out).error(head, shape, value);
}

}  // namespace aerolith::protocol
