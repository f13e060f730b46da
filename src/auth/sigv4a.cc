#include "auth/sigv4a.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>

#include <cstdint>
#include <mutex>
#include <utility>

#include "auth/sigv4.h"
#include "base/digest.h"

namespace aerolith::auth {
namespace {

template <typename T, void (*release)(T*)>
struct Release {
  void operator()(T* object) const { release(object); }
};
template <typename T, void (*release)(T*)>
using Owned = std::unique_ptr<T, Release<T, release>>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string number_bytes(const BIGNUM* number) {
  std::string out(32, '\0');
  if (BN_bn2binpad(number, bytes_of(out), 32) != 32) out.clear();
  return out;
}

// The candidate for one counter: HMAC("AWS4A" + secret, 0x00000001 || label || 0x00 || id || counter || 0x00000100).
std::string candidate(std::string_view key, std::string_view access_key_id, uint8_t counter) {
  std::string input("\0\0\0\1", 4);
  input += kEcdsaAlgorithm;
  input += '\0';
  input += access_key_id;
  input += static_cast<char>(counter);
  input.append("\0\0\1\0", 4);
  return hmac_sha256(key, input);
}

using Number = Owned<BIGNUM, BN_clear_free>;
using Group = Owned<EC_GROUP, EC_GROUP_free>;
using Point = Owned<EC_POINT, EC_POINT_free>;
using Key = Owned<EVP_PKEY, EVP_PKEY_free>;

Number derive_scalar(const EC_GROUP* group, std::string_view access_key_id, std::string_view secret) {
  std::string key = "AWS4A";
  key += secret;
  const Number limit(BN_dup(EC_GROUP_get0_order(group)));
  if (!limit || BN_sub_word(limit.get(), 2) != 1) return nullptr;
  for (int counter = 1; counter <= 254; ++counter) {
    const std::string bytes = candidate(key, access_key_id, static_cast<uint8_t>(counter));
    Number number(BN_bin2bn(bytes_of(std::string_view(bytes)), static_cast<int>(bytes.size()), nullptr));
    if (!number) return nullptr;
    if (BN_cmp(number.get(), limit.get()) > 0) continue;
    if (BN_add_word(number.get(), 1) != 1) return nullptr;
    return number;
  }
  return nullptr;
}

Key make_key(const EC_GROUP* group, const BIGNUM* scalar, const EC_POINT* point) {
  std::string encoded(65, '\0');
  if (EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, bytes_of(encoded), encoded.size(), nullptr) !=
      encoded.size()) {
    return nullptr;
  }
  const Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, scalar) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, encoded.data(), encoded.size()) != 1) {
    return nullptr;
  }
  const Owned<OSSL_PARAM, OSSL_PARAM_free> parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, parameters.get()) != 1) {
    return nullptr;
  }
  return Key(key);
}

bool matches_pattern(std::string_view pattern, std::string_view text) {
  // Greedy with one step back: linear in practice, never more than pattern x text.
  size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

struct EcdsaKey::Handle {
  Key key;
};

EcdsaKey::EcdsaKey(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
EcdsaKey::~EcdsaKey() = default;

std::shared_ptr<const EcdsaKey> EcdsaKey::derive(std::string_view access_key_id, std::string_view secret) {
  const Group group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  if (!group) return nullptr;
  const Number scalar = derive_scalar(group.get(), access_key_id, secret);
  const Point point(EC_POINT_new(group.get()));
  const Number x(BN_new()), y(BN_new());
  if (!scalar || !point || !x || !y ||
      EC_POINT_mul(group.get(), point.get(), scalar.get(), nullptr, nullptr, nullptr) != 1 ||
      EC_POINT_get_affine_coordinates(group.get(), point.get(), x.get(), y.get(), nullptr) != 1) {
    return nullptr;
  }
  auto handle = std::make_unique<Handle>();
  handle->key = make_key(group.get(), scalar.get(), point.get());
  if (!handle->key) return nullptr;
  std::shared_ptr<EcdsaKey> key(new EcdsaKey(std::move(handle)));
  key->scalar_ = number_bytes(scalar.get());
  key->x_ = number_bytes(x.get());
  key->y_ = number_bytes(y.get());
  return key;
}

bool EcdsaKey::verify(std::string_view message, std::string_view signature) const {
  const Owned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  return context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, handle_->key.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message), message.size()) == 1;
}

std::string EcdsaKey::sign(std::string_view message) const {
  const Owned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  std::string out(80, '\0');
  size_t size = out.size();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, handle_->key.get()) != 1 ||
      EVP_DigestSign(context.get(), bytes_of(out), &size, bytes_of(message), message.size()) != 1) {
    return {};
  }
  out.resize(size);
  return out;
}

std::shared_ptr<const EcdsaKey> EcdsaKeyCache::get(std::string_view access_key_id, std::string_view secret) {
  std::string name(access_key_id);
  name += '\n';
  name += secret;
  {
    const std::shared_lock lock(mutex_);
    if (const auto found = keys_.find(name); found != keys_.end()) return found->second;
  }
  auto key = EcdsaKey::derive(access_key_id, secret);
  if (!key) return nullptr;
  const std::unique_lock lock(mutex_);
  if (keys_.size() >= capacity_) keys_.clear();
  return keys_.emplace(std::move(name), std::move(key)).first->second;
}

bool region_set_matches(std::string_view region_set, std::string_view region) {
  while (true) {
    const size_t end = region_set.find(',');
    std::string_view pattern = region_set.substr(0, end);
    while (!pattern.empty() && pattern.front() == ' ') pattern.remove_prefix(1);
    while (!pattern.empty() && pattern.back() == ' ') pattern.remove_suffix(1);
    if (!pattern.empty() && matches_pattern(pattern, region)) return true;
    if (end == std::string_view::npos) return false;
    region_set.remove_prefix(end + 1);
  }
}

std::string_view strip_signature_padding(std::string_view signature) {
  while (!signature.empty() && signature.front() == '*') signature.remove_prefix(1);
  while (!signature.empty() && signature.back() == '*') signature.remove_suffix(1);
  return signature;
}

}  // namespace aerolith::auth
