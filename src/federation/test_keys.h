// For tests: keys that sign tokens, and their public halves as a provider publishes them.
#pragma once

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "federation/jwt.h"
#include "federation/openssl_owned.h"

namespace aerolith::federation::testing {

inline std::string base64url(std::string_view bytes) { return encode_part(bytes); }

class TestKey {
 public:
  explicit TestKey(SignatureAlgorithm algorithm, std::string id = "k") : algorithm_(algorithm), id_(std::move(id)) {
    key_.reset(is_rsa() ? EVP_RSA_gen(2048) : EVP_EC_gen(curve()));
  }

  std::string jwk() const {
    std::string text = R"({"kid":")" + id_ + R"(","use":"sig","alg":")" + std::string(name_of(algorithm_)) + "\",";
    if (is_rsa()) return text + R"("kty":"RSA","n":")" + number("n") + R"(","e":")" + number("e") + "\"}";
    const std::string x = number(OSSL_PKEY_PARAM_EC_PUB_X, size());
    const std::string y = number(OSSL_PKEY_PARAM_EC_PUB_Y, size());
    return text + R"("kty":"EC","crv":")" + curve() + R"(","x":")" + x + R"(","y":")" + y + "\"}";
  }

  std::string token(std::string_view claims) const {
    const std::string header = R"({"alg":")" + std::string(name_of(algorithm_)) + R"(","kid":")" + id_ + "\"}";
    const std::string text = base64url(header) + "." + base64url(claims);
    return text + "." + base64url(sign(text));
  }

 private:
  bool is_rsa() const { return name_of(algorithm_)[0] != 'E'; }
  const char* curve() const {
    return algorithm_ == SignatureAlgorithm::es256   ? "P-256"
           : algorithm_ == SignatureAlgorithm::es384 ? "P-384"
                                                     : "P-521";
  }
  int size() const {
    return algorithm_ == SignatureAlgorithm::es256 ? 32 : algorithm_ == SignatureAlgorithm::es384 ? 48 : 66;
  }

  static std::string to_bytes(const BIGNUM* number, int width) {
    std::string bytes(static_cast<size_t>(width == 0 ? BN_num_bytes(number) : width), '\0');
    BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    return bytes;
  }
  std::string number(const char* name, int width = 0) const {
    BIGNUM* found = nullptr;
    EVP_PKEY_get_bn_param(key_.get(), name, &found);
    const Owned<BIGNUM, BN_free> owner(found);
    return base64url(to_bytes(found, width));
  }

  std::string sign(std::string_view text) const {
    const std::string_view bits = name_of(algorithm_).substr(2);
    const EVP_MD* digest = bits == "256" ? EVP_sha256() : bits == "384" ? EVP_sha384() : EVP_sha512();
    const Owned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* how = nullptr;
    EVP_DigestSignInit(context.get(), &how, digest, nullptr, key_.get());
    if (name_of(algorithm_)[0] == 'P') {
      EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING);
      EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST);
    }
    size_t length = 0;
    EVP_DigestSign(context.get(), nullptr, &length, bytes_of(text), text.size());
    std::string signature(length, '\0');
    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length, bytes_of(text),
                   text.size());
    signature.resize(length);
    if (is_rsa()) return signature;
    const unsigned char* at = bytes_of(signature);
    const Owned<ECDSA_SIG, ECDSA_SIG_free> both(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(signature.size())));
    return to_bytes(ECDSA_SIG_get0_r(both.get()), size()) + to_bytes(ECDSA_SIG_get0_s(both.get()), size());
  }

  SignatureAlgorithm algorithm_;
  std::string id_;
  Key key_;
};

inline std::string jwks(const std::vector<const TestKey*>& keys) {
  std::string text = R"({"keys":[)";
  for (const TestKey* key : keys) text += (text.back() == '[' ? "" : ",") + key->jwk();
  return text + "]}";
}

}  // namespace aerolith::federation::testing
