#include "protocol/cbor_reader.h"

#include <cbor.h>

#include <utility>

namespace aerolith::protocol {
namespace {

using Type = CborToken::Type;

template <Type type, typename Number>
void on_number(void* context, Number number) {
  *static_cast<CborToken*>(context) = {.type = type, .number = number};
}
template <typename Number>
void on_float(void* context, Number number) {
  *static_cast<CborToken*>(context) = {.type = Type::floating, .floating_value = number};
}
template <Type type>
void on_string(void* context, cbor_data data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  *static_cast<CborToken*>(context) = {.type = type, .bytes = bytes};
}
template <Type type>
void on_indefinite(void* context) {
  *static_cast<CborToken*>(context) = {.type = type, .indefinite = true};
}
template <Type type>
void on_simple(void* context) {
  *static_cast<CborToken*>(context) = {.type = type};
}
void on_boolean(void* context, bool truth) {
  *static_cast<CborToken*>(context) = {.type = Type::boolean, .truth = truth};
}

cbor_callbacks make_callbacks() {
  cbor_callbacks c{};
  c.uint8 = &on_number<Type::unsigned_integer, uint8_t>;
  c.uint16 = &on_number<Type::unsigned_integer, uint16_t>;
  c.uint32 = &on_number<Type::unsigned_integer, uint32_t>;
  c.uint64 = &on_number<Type::unsigned_integer, uint64_t>;
  c.negint8 = &on_number<Type::negative_integer, uint8_t>;
  c.negint16 = &on_number<Type::negative_integer, uint16_t>;
  c.negint32 = &on_number<Type::negative_integer, uint32_t>;
  c.negint64 = &on_number<Type::negative_integer, uint64_t>;
  c.byte_string = &on_string<Type::bytes>;
  c.byte_string_start = &on_indefinite<Type::bytes>;
  c.string = &on_string<Type::text>;
  c.string_start = &on_indefinite<Type::text>;
  c.array_start = &on_number<Type::array, size_t>;
  c.indef_array_start = &on_indefinite<Type::array>;
  c.map_start = &on_number<Type::map, size_t>;
  c.indef_map_start = &on_indefinite<Type::map>;
  c.tag = &on_number<Type::tag, uint64_t>;
  c.float2 = &on_float<float>;
  c.float4 = &on_float<float>;
  c.float8 = &on_float<double>;
  c.undefined = &on_simple<Type::null>;
  c.null = &on_simple<Type::null>;
  c.boolean = &on_boolean;
  c.indef_break = &on_simple<Type::end_of_items>;
  return c;
}

}  // namespace

std::optional<CborToken> CborReader::next() {
  static const cbor_callbacks kCallbacks = make_callbacks();
  CborToken token;
  auto data = reinterpret_cast<cbor_data>(rest_.data());
  cbor_decoder_result result = cbor_stream_decode(data, rest_.size(), &kCallbacks, &token);
  if (result.status != CBOR_DECODER_FINISHED || result.read == 0 || result.read > rest_.size()) return std::nullopt;
  rest_.remove_prefix(result.read);
  return token;
}

std::optional<std::string> CborReader::string(const CborToken& token) {
  if (!token.indefinite) return std::string(token.bytes);
  std::string joined;
  while (true) {
    std::optional<CborToken> chunk = next();
    if (!chunk) return std::nullopt;
    if (chunk->type == Type::end_of_items) return joined;
    if (chunk->type != token.type || chunk->indefinite) return std::nullopt;
    joined += chunk->bytes;
  }
}

bool CborReader::skip(const CborToken& token, size_t max_depth) {
  switch (token.type) {
    case Type::bytes:
    case Type::text:
      return string(token).has_value();
    case Type::end_of_items:
      return false;
    case Type::tag: {
      std::optional<CborToken> inner = next();
      return max_depth > 0 && inner && skip(*inner, max_depth - 1);
    }
    case Type::array:
    case Type::map:
      break;
    default:
      return true;
  }
  if (max_depth == 0) return false;
  const uint64_t per_entry = token.type == Type::map ? 2 : 1;
  // The count is only believed item by item: the buffer ends long before a false one does.
  for (uint64_t entry = 0; token.indefinite || entry < token.number; ++entry) {
    for (uint64_t part = 0; part < per_entry; ++part) {
      std::optional<CborToken> item = next();
      if (!item) return false;
      if (item->type == Type::end_of_items) return token.indefinite && part == 0;
      if (!skip(*item, max_depth - 1)) return false;
    }
  }
  return true;
}

}  // namespace aerolith::protocol
