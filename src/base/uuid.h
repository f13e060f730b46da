// UUIDs of random bits (RFC 9562, version 4), in lower case.
#pragma once

#include <string>

#include "base/random.h"

namespace aerolith {

inline std::string make_uuid() {
  return random_hex(8) + "-" + random_hex(4) + "-4" + random_hex(3) + "-" + random_string(1, "89ab") + random_hex(3) +
         "-" + random_hex(12);
}

}  // namespace aerolith
