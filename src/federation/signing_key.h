// Keys that sign tokens of our own, and their public halves as relying parties want them (RFC 7515, 7517, 7518).
#pragma once

#include <boost/json/object.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "federation/jwt.h"

struct evp_pkey_st;

namespace aerolith::federation {

// Immutable; safe from any thread.
class SigningKey {
 public:
  // A new one: RSA of 2,048 bits, which takes tenths of a second, or on the algorithm's curve. `id`: the kid of its
  // tokens. Nullopt: OpenSSL failed.
  static std::optional<SigningKey> make(SignatureAlgorithm algorithm, std::string id);
  // Of pem(). Nullopt for what is no private key, or one of another kind than the algorithm wants.
  static std::optional<SigningKey> read(SignatureAlgorithm algorithm, std::string id, std::string_view pem);

  // PKCS #8, not encrypted: a secret.
  std::string pem() const;
  boost::json::object public_jwk() const;
  // A token in its compact form. `claims`: a JSON object. Empty: OpenSSL failed.
  std::string sign(std::string_view claims) const;

 private:
  SigningKey(SignatureAlgorithm algorithm, std::string id, std::shared_ptr<evp_pkey_st> key);
  // As it stands in a token; empty: OpenSSL failed.
  std::string signature_of(std::string_view text) const;
  // A number of the public half, big-endian, of at least so many bytes.
  std::string number(const char* name, size_t least_bytes) const;

  SignatureAlgorithm algorithm_;
  std::string id_;
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace aerolith::federation
