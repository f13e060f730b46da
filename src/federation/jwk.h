// JSON Web Keys: the public keys that an identity provider publishes, and signatures checked with them (RFC 7517,
// 7518).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "federation/jwt.h"

struct evp_pkey_st;

namespace aerolith::federation {

// AWS's limits: a set of up to 100 RSA and 100 EC keys.
inline constexpr size_t kMaxKeysOfAKind = 100;
inline constexpr int kMinRsaBits = 2048;  // RFC 7518, 3.3

struct PublicKey {
  std::string id;                               // kid; empty: not told
  std::optional<SignatureAlgorithm> algorithm;  // alg, where it is told: the only one this key is for
  std::shared_ptr<const evp_pkey_st> key;
};

class KeySet {
 public:
  // Of a JWKS document: its keys for signatures; those of kinds that we don't know are left out. nullopt for what is no
  // such document. `document` is text of a stranger.
  static std::optional<KeySet> parse(std::string_view document);

  bool empty() const { return keys_.empty(); }
  size_t size() const { return keys_.size(); }
  // Whether some key may have signed it: one of that id where the token names one, else any of the algorithm's kind.
  bool has_key_for(const Jwt& token) const;
  // Whether one of those did.
  bool verifies(const Jwt& token) const;

 private:
  std::vector<PublicKey> keys_;
};

}  // namespace aerolith::federation
