// Tokens and key sets of strangers: read without a crash, and none is believed.
#include <cstdint>
#include <cstdlib>

#include "federation/https_url.h"
#include "federation/jwk.h"
#include "federation/jwt.h"
#include "federation/web_identity.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace aerolith::federation;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // A key set and a token, a line between them.
  const size_t line = text.find('\n');
  const std::string_view token = text.substr(line == std::string_view::npos ? 0 : line + 1);
  const auto keys = KeySet::parse(text.substr(0, line));
  const auto read = read_token(token);
  if (read.has_value() && keys) {
    // Whoever forges a signature here has found more than a bug of ours.
    (void)keys->has_key_for(read->first);
    (void)keys->verifies(read->first);
  }
  if (const auto url = parse_https_url(token); url && url->target.find_first_of(" \r\n") != std::string::npos)
    std::abort();
  return 0;
}
