// What the algorithm of a token's signature is to OpenSSL.
#pragma once

#include <openssl/evp.h>

#include <cstddef>
#include <string_view>

#include "federation/jwt.h"

namespace aerolith::federation {

struct Curve {
  std::string_view name;  // JWK's
  const char* group;      // OpenSSL's
  int bits;
  size_t number_bytes;  // of a coordinate, and of R and S
  SignatureAlgorithm algorithm;
};

// Null for RSA.
const Curve* curve_of(SignatureAlgorithm algorithm);
// Of that name in a JWK; null for another.
const Curve* find_curve(std::string_view name);
const EVP_MD* digest_of(SignatureAlgorithm algorithm);
bool is_pss(SignatureAlgorithm algorithm);

}  // namespace aerolith::federation
