#include "base/aes_gcm.h"

#include <openssl/evp.h>

#include <memory>
#include <new>
#include <stdexcept>

#include "base/random.h"

namespace aerolith {

namespace {

constexpr size_t kNonceBytes = 12;
constexpr size_t kTagBytes = 16;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

Cipher make_cipher() {
  Cipher cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  if (cipher == nullptr) throw std::bad_alloc();
  return cipher;
}

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

void require_key(std::string_view key) {
  if (key.size() != kAesGcmKeyBytes) throw std::logic_error("a key of AES-256 has 32 bytes");
}

}  // namespace

std::string seal_aes_gcm(std::string_view key, std::string_view context, std::string_view bytes) {
  require_key(key);
  const Cipher cipher = make_cipher();
  std::string sealed = random_bytes(kNonceBytes);
  sealed.resize(kNonceBytes + bytes.size() + kTagBytes);
  unsigned char* const nonce = bytes_of(sealed);
  unsigned char* const body = nonce + kNonceBytes;
  int length = 0;
  const bool good =
      EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), nonce) == 1 &&
      EVP_EncryptUpdate(cipher.get(), nullptr, &length, bytes_of(context), static_cast<int>(context.size())) == 1 &&
      EVP_EncryptUpdate(cipher.get(), body, &length, bytes_of(bytes), static_cast<int>(bytes.size())) == 1 &&
      EVP_EncryptFinal_ex(cipher.get(), body + bytes.size(), &length) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(kTagBytes), body + bytes.size()) == 1;
  if (!good) throw std::runtime_error("AES-256-GCM failed to seal");
  return sealed;
}

std::optional<std::string> open_aes_gcm(std::string_view key, std::string_view context, std::string_view sealed) {
  require_key(key);
  if (sealed.size() < kAesGcmSealBytes) return std::nullopt;
  const Cipher cipher = make_cipher();
  const std::string_view body = sealed.substr(kNonceBytes, sealed.size() - kAesGcmSealBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  std::string bytes(body.size(), '\0');
  int length = 0;
  const bool good =
      EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), bytes_of(sealed)) == 1 &&
      EVP_DecryptUpdate(cipher.get(), nullptr, &length, bytes_of(context), static_cast<int>(context.size())) == 1 &&
      EVP_DecryptUpdate(cipher.get(), bytes_of(bytes), &length, bytes_of(body), static_cast<int>(body.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(kTagBytes), tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), bytes_of(bytes) + bytes.size(), &length) == 1;
  if (!good) return std::nullopt;
  return bytes;
}

}  // namespace aerolith
