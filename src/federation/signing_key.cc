#include "federation/signing_key.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "federation/algorithms.h"
#include "federation/jwk.h"
#include "federation/openssl_owned.h"

namespace aerolith::federation {
namespace {

namespace json = boost::json;

using Bytes = Owned<BIO, BIO_free_all>;
using Number = Owned<BIGNUM, BN_free>;

std::shared_ptr<EVP_PKEY> shared(Key key) { return {key.release(), EVP_PKEY_free}; }

bool fits(EVP_PKEY* key, SignatureAlgorithm algorithm) {
  const Curve* const curve = curve_of(algorithm);
  if (curve == nullptr) return EVP_PKEY_is_a(key, "RSA") == 1 && EVP_PKEY_get_bits(key) >= kMinRsaBits;
  return EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_bits(key) == curve->bits;
}

std::string to_bytes(const BIGNUM* number, size_t least_bytes) {
  std::string bytes(std::max(static_cast<size_t>(BN_num_bytes(number)), least_bytes), '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  return bytes;
}

// OpenSSL's DER as R and S side by side (RFC 7518, 3.4); empty for what is none.
std::string to_sides(std::string_view der, const Curve& curve) {
  const unsigned char* at = bytes_of(der);
  const Owned<ECDSA_SIG, ECDSA_SIG_free> both(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (both == nullptr) return {};
  return to_bytes(ECDSA_SIG_get0_r(both.get()), curve.number_bytes) +
         to_bytes(ECDSA_SIG_get0_s(both.get()), curve.number_bytes);
}

}  // namespace

SigningKey::SigningKey(SignatureAlgorithm algorithm, std::string id, std::shared_ptr<evp_pkey_st> key)
    : algorithm_(algorithm), id_(std::move(id)), key_(std::move(key)) {}

std::optional<SigningKey> SigningKey::make(SignatureAlgorithm algorithm, std::string id) {
  const Curve* const curve = curve_of(algorithm);
  Key key(curve == nullptr ? EVP_RSA_gen(static_cast<size_t>(kMinRsaBits)) : EVP_EC_gen(curve->group));
  ERR_clear_error();
  if (key == nullptr) return std::nullopt;
  return SigningKey(algorithm, std::move(id), shared(std::move(key)));
}

std::optional<SigningKey> SigningKey::read(SignatureAlgorithm algorithm, std::string id, std::string_view pem) {
  const Bytes bytes(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key(PEM_read_bio_PrivateKey(bytes.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (key == nullptr || !fits(key.get(), algorithm)) return std::nullopt;
  return SigningKey(algorithm, std::move(id), shared(std::move(key)));
}

std::string SigningKey::pem() const {
  const Bytes bytes(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PKCS8PrivateKey(bytes.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) return {};
  char* data = nullptr;
  const long size = BIO_get_mem_data(bytes.get(), &data);
  return {data, static_cast<size_t>(size)};
}

std::string SigningKey::number(const char* name, size_t least_bytes) const {
  BIGNUM* found = nullptr;
  if (EVP_PKEY_get_bn_param(key_.get(), name, &found) != 1) return {};
  const Number owner(found);
  return to_bytes(found, least_bytes);
}

json::object SigningKey::public_jwk() const {
  json::object jwk = {{"alg", name_of(algorithm_)}, {"kid", id_}, {"use", "sig"}};
  if (const Curve* const curve = curve_of(algorithm_)) {
    jwk["kty"] = "EC";
    jwk["crv"] = curve->name;
    jwk["x"] = encode_part(number(OSSL_PKEY_PARAM_EC_PUB_X, curve->number_bytes));
    jwk["y"] = encode_part(number(OSSL_PKEY_PARAM_EC_PUB_Y, curve->number_bytes));
  } else {
    jwk["kty"] = "RSA";
    jwk["n"] = encode_part(number(OSSL_PKEY_PARAM_RSA_N, 1));
    jwk["e"] = encode_part(number(OSSL_PKEY_PARAM_RSA_E, 1));
  }
  return jwk;
}

std::string SigningKey::signature_of(std::string_view text) const {
  const Owned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* how = nullptr;
  size_t size = 0;
  const auto is_ready = [&] {
    if (!context || EVP_DigestSignInit(context.get(), &how, digest_of(algorithm_), nullptr, key_.get()) != 1) {
      return false;
    }
    if (is_pss(algorithm_) && (EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) != 1 ||
                               EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) != 1)) {
      return false;
    }
    return EVP_DigestSign(context.get(), nullptr, &size, bytes_of(text), text.size()) == 1;
  };
  if (!is_ready()) {
    ERR_clear_error();
    return {};
  }
  std::string signature(size, '\0');
  auto* const out = reinterpret_cast<unsigned char*>(signature.data());
  if (EVP_DigestSign(context.get(), out, &size, bytes_of(text), text.size()) != 1) {
    ERR_clear_error();
    return {};
  }
  signature.resize(size);  // of DER the first answer is an upper bound
  const Curve* const curve = curve_of(algorithm_);
  return curve == nullptr ? signature : to_sides(signature, *curve);
}

std::string SigningKey::sign(std::string_view claims) const {
  const json::object header = {{"kid", id_}, {"typ", "JWT"}, {"alg", name_of(algorithm_)}};
  const std::string text = encode_part(json::serialize(header)) + "." + encode_part(claims);
  const std::string signature = signature_of(text);
  if (signature.empty()) return {};
  return text + "." + encode_part(signature);
}

}  // namespace aerolith::federation
