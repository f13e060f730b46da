// What a token holds comes from outside until the box has opened it.
#include <cstddef>
#include <cstdint>

#include "base/encoding.h"
#include "services/ebs/tokens.h"

namespace {

// A box that anybody can make tokens for.
class OpenBox final : public aerolith::auth::SecretBox {
 public:
  std::string seal(std::string_view secret, std::string_view) const override { return aerolith::base64_encode(secret); }
  std::optional<std::string> open(std::string_view sealed, std::string_view) const override {
    return aerolith::base64_decode(sealed);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace aerolith::ebs;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = read_token_text(text);
  if (read) {
    const OpenBox box;
    const aerolith::Timestamp now{};
    const std::string token = make_token(box, TokenKind::block, read->place, now);
    const auto opened = open_token(box, TokenKind::block, token, read->place, now);
    // As long as a token may be, and of words: what was made is opened.
    if (token.size() <= 256 && (!opened.has_value() || *opened != read->place.index)) __builtin_trap();
  }
  (void)open_token(OpenBox(), TokenKind::page, text, {.account = "1", .snapshots = "s"}, {});
  return 0;
}
