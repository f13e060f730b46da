// A stand-in for the installation's key, for unit tests only: it shows what it seals to nobody who greps for it.
#pragma once

#include <string>

#include "base/digest.h"
#include "base/encoding.h"
#include "blocks/sealing.h"

namespace aerolith::blocks {

inline std::string mix(std::string_view text, std::string_view context) {
  const std::string stream = digest(DigestKind::sha512, context);
  std::string mixed(text);
  for (size_t at = 0; at < mixed.size(); ++at) mixed[at] = static_cast<char>(mixed[at] ^ stream[at % stream.size()]);
  return mixed;
}

inline Sealing test_sealing() {
  return {.seal = [](std::string_view secret,
                     std::string_view context) { return hex_encode(mix(secret, context)) + sha256_hex(context); },
          .open = [](std::string_view sealed, std::string_view context) -> std::optional<std::string> {
            const std::string mark = sha256_hex(context);
            if (!sealed.ends_with(mark)) return std::nullopt;
            const auto bytes = hex_decode(sealed.substr(0, sealed.size() - mark.size()));
            return bytes ? std::optional(mix(*bytes, context)) : std::nullopt;
          }};
}

}  // namespace aerolith::blocks
