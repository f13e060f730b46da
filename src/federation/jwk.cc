#include "federation/jwk.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/encoding.h"
#include "federation/algorithms.h"
#include "federation/openssl_owned.h"

namespace aerolith::federation {
namespace {

namespace json = boost::json;

constexpr size_t kMaxDepth = 16;
constexpr size_t kMaxNumberBytes = 2048;  // RSA of 16,384 bits

std::optional<std::string> text_of(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  if (found == nullptr || !found->is_string()) return std::nullopt;
  return std::string(found->get_string().data(), found->get_string().size());
}

std::optional<std::string> number_bytes(const json::object& object, std::string_view name) {
  const auto text = text_of(object, name);
  auto bytes = text ? base64url_decode(*text) : std::nullopt;
  if (!bytes || bytes->empty() || bytes->size() > kMaxNumberBytes) return std::nullopt;
  return bytes;
}

using Builder = Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Number = Owned<BIGNUM, BN_free>;

Key build_key(const char* type, OSSL_PARAM_BLD* builder) {
  const Owned<OSSL_PARAM, OSSL_PARAM_free> parameters(OSSL_PARAM_BLD_to_param(builder));
  const Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  return Key(key);
}

Key rsa_key(const json::object& jwk) {
  const auto modulus = number_bytes(jwk, "n");
  const auto exponent = number_bytes(jwk, "e");
  if (!modulus || !exponent) return nullptr;
  const Number n(BN_bin2bn(bytes_of(*modulus), static_cast<int>(modulus->size()), nullptr));
  const Number e(BN_bin2bn(bytes_of(*exponent), static_cast<int>(exponent->size()), nullptr));
  const Builder builder(OSSL_PARAM_BLD_new());
  // An even or tiny exponent is no public key; a huge one only costs time.
  if (!n || !e || !builder || BN_num_bits(n.get()) < kMinRsaBits || BN_num_bits(e.get()) > 64 || !BN_is_odd(e.get()) ||
      BN_is_one(e.get())) {
    return nullptr;
  }
  if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return nullptr;
  }
  return build_key("RSA", builder.get());
}

Key ec_key(const json::object& jwk) {
  const auto name = text_of(jwk, "crv");
  const auto x = number_bytes(jwk, "x");
  const auto y = number_bytes(jwk, "y");
  if (!name || !x || !y) return nullptr;
  const Curve* const curve = find_curve(*name);
  if (curve == nullptr || x->size() != curve->number_bytes || y->size() != curve->number_bytes) return nullptr;
  const std::string point = "\x04" + *x + *y;
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
    return nullptr;
  }
  // A point that isn't on the curve is refused here.
  return build_key("EC", builder.get());
}

// R and S side by side (RFC 7518, 3.4) as the DER that OpenSSL reads; empty for another length.
std::string to_der(std::string_view signature, const Curve& curve) {
  if (signature.size() != 2 * curve.number_bytes) return {};
  const auto length = static_cast<int>(curve.number_bytes);
  const Owned<ECDSA_SIG, ECDSA_SIG_free> both(ECDSA_SIG_new());
  Number r(BN_bin2bn(bytes_of(signature), length, nullptr));
  Number s(BN_bin2bn(bytes_of(signature.substr(curve.number_bytes)), length, nullptr));
  // It takes both, and refuses only what is null.
  if (!both || !r || !s || ECDSA_SIG_set0(both.get(), r.release(), s.release()) != 1) return {};
  unsigned char* bytes = nullptr;
  const int size = i2d_ECDSA_SIG(both.get(), &bytes);
  if (size <= 0) return {};
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

bool fits(const PublicKey& key, SignatureAlgorithm algorithm) {
  if (key.algorithm && *key.algorithm != algorithm) return false;
  const Curve* curve = curve_of(algorithm);
  if (curve == nullptr) return EVP_PKEY_is_a(key.key.get(), "RSA") == 1;
  if (EVP_PKEY_is_a(key.key.get(), "EC") != 1) return false;
  return EVP_PKEY_get_bits(key.key.get()) == curve->bits;  // which tells the three curves apart
}

bool verify(const PublicKey& key, const Jwt& token) {
  std::string signature = token.signature;
  if (const Curve* curve = curve_of(token.algorithm)) signature = to_der(signature, *curve);
  if (signature.empty()) return false;
  const Owned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* how = nullptr;
  auto* const pkey = const_cast<EVP_PKEY*>(key.key.get());
  if (!context || EVP_DigestVerifyInit(context.get(), &how, digest_of(token.algorithm), nullptr, pkey) != 1) {
    ERR_clear_error();
    return false;
  }
  if (is_pss(token.algorithm) && (EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) != 1 ||
                                  EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) != 1)) {
    ERR_clear_error();
    return false;
  }
  const int result = EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(token.signed_text),
                                      token.signed_text.size());
  ERR_clear_error();
  return result == 1;
}

// nullopt for a key that is for something else, or of a kind that we don't know.
std::optional<PublicKey> read_key(const json::object& jwk) {
  if (const json::value* use = jwk.if_contains("use"); use != nullptr && text_of(jwk, "use") != "sig") {
    return std::nullopt;
  }
  if (const json::value* operations = jwk.if_contains("key_ops")) {
    const auto names = texts_of(*operations);
    if (!names || std::find(names->begin(), names->end(), "verify") == names->end()) return std::nullopt;
  }
  PublicKey key{.id = text_of(jwk, "kid").value_or(""), .algorithm = std::nullopt, .key = nullptr};
  if (const auto name = text_of(jwk, "alg")) {
    key.algorithm = parse_algorithm(*name);
    if (!key.algorithm) return std::nullopt;
  }
  const auto kind = text_of(jwk, "kty");
  Key made = kind == "RSA" ? rsa_key(jwk) : kind == "EC" ? ec_key(jwk) : nullptr;
  if (made == nullptr) return std::nullopt;
  key.key = std::shared_ptr<const evp_pkey_st>(
      made.release(), [](const evp_pkey_st* k) { EVP_PKEY_free(const_cast<evp_pkey_st*>(k)); });
  return key;
}

}  // namespace

std::optional<KeySet> KeySet::parse(std::string_view document) {
  json::parse_options options;
  options.max_depth = kMaxDepth;
  boost::system::error_code error;
  const json::value value = json::parse(document, error, {}, options);
  if (error || !value.is_object()) return std::nullopt;
  const json::value* list = value.get_object().if_contains("keys");
  if (list == nullptr || !list->is_array()) return std::nullopt;
  KeySet set;
  for (const json::value& item : list->get_array()) {
    if (!item.is_object()) return std::nullopt;
    if (auto key = read_key(item.get_object())) set.keys_.push_back(*std::move(key));
    if (set.keys_.size() > 2 * kMaxKeysOfAKind) return std::nullopt;
  }
  return set;
}

bool KeySet::has_key_for(const Jwt& token) const {
  return std::any_of(keys_.begin(), keys_.end(), [&](const PublicKey& key) {
    return (token.key_id.empty() || key.id == token.key_id) && fits(key, token.algorithm);
  });
}

bool KeySet::verifies(const Jwt& token) const {
  return std::any_of(keys_.begin(), keys_.end(), [&](const PublicKey& key) {
    return (token.key_id.empty() || key.id == token.key_id) && fits(key, token.algorithm) && verify(key, token);
  });
}

}  // namespace aerolith::federation
