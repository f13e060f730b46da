// CBOR (RFC 8949) item by item, over a buffer. libcbor's streaming decoder does the work: it hands out a string only
// when all of its bytes are in the buffer, so nothing is allocated by what a length claims.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aerolith::protocol {

struct CborToken {
  enum class Type : uint8_t {
    unsigned_integer,  // number
    negative_integer,  // -1 - number
    floating,
    boolean,
    null,
    bytes,
    text,  // view into the buffer, or chunks follow
    array,
    map,  // number elements, or up to a break
    tag,
    end_of_items,
  };
  Type type = Type::null;
  bool indefinite = false;
  bool truth = false;
  uint64_t number = 0;
  double floating_value = 0;
  std::string_view bytes = {};
};

class CborReader {
 public:
  explicit CborReader(std::string_view buffer) : rest_(buffer) {}
  // nullopt where the bytes end or aren't CBOR.
  std::optional<CborToken> next();
  bool at_end() const { return rest_.empty(); }
  // The bytes of a string whose first token is `token`, chunks joined.
  std::optional<std::string> string(const CborToken& token);
  // Reads to the end of the item whose first token is `token`. False for bad bytes or depth over max_depth.
  bool skip(const CborToken& token, size_t max_depth);

 private:
  std::string_view rest_;
};

}  // namespace aerolith::protocol
