// CBOR bodies by schema: Smithy RPC v2.
// https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/codec.h"
#include "protocol/schema.h"
#include "protocol/walk.h"

namespace aerolith::protocol {

inline constexpr size_t kMaxCborDepth = 100;

// Decodes a map into `out`, a default-constructed struct of `shape`. null means absent, unknown members are skipped;
// anything after the map is malformed. No bytes at all set nothing. Does not check constraints.
Result<void, DecodeError> decode_cbor(const Shape& shape, std::string_view bytes, void* out);

// Appends the map of a struct.
void append_cbor(const Shape& shape, const void* value, std::string& out);
// The map of an error: its head, then the members of the exception (`shape` and `value` may be null).
void append_cbor_error(const ErrorHead& head, const Shape* shape, const void* value, std::string& out);

}  // namespace aerolith::protocol
