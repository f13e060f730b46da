// Sealed text is base64 of: 12 bytes of nonce, the ciphertext, 16 bytes of tag. The context is the additional data.
#include "main/sealer.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>

#include "base/encoding.h"
#include "base/random.h"
#include "os/file_system.h"

namespace aerolith::main_program {
namespace {

constexpr std::string_view kMagic = "aerolith-master-key 1\n";
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

}  // namespace

Sealer::~Sealer() { OPENSSL_cleanse(key_.data(), key_.size()); }

Result<Sealer, SealError> Sealer::create(const std::filesystem::path& key_file) {
  os::RealFileSystem files;
  struct stat status{};
  if (stat(key_file.c_str(), &status) == 0) {
    return fail(SealErrorCode::io, fmt::format("{} exists already", key_file.string()));
  }
  Sealer sealer;
  std::string key = random_bytes(sealer.key_.size());
  std::memcpy(sealer.key_.data(), key.data(), key.size());
  std::string text = fmt::format("{}{}\n", kMagic, hex_encode(key));
  const auto written = os::write_file(files, key_file.string(), text, 0600);
  OPENSSL_cleanse(key.data(), key.size());
  OPENSSL_cleanse(text.data(), text.size());
  if (!written.has_value()) return fail(SealErrorCode::io, written.error().detail);
  return sealer;
}

Result<Sealer, SealError> Sealer::load(const std::filesystem::path& key_file) {
  struct stat status{};
  if (stat(key_file.c_str(), &status) != 0) {
    return fail(SealErrorCode::io, fmt::format("{}: {}", key_file.string(), std::strerror(errno)));
  }
  if ((status.st_mode & 077) != 0) {
    return fail(SealErrorCode::insecure, fmt::format("{} can be read by others than its owner; run: chmod 600 {}",
                                                     key_file.string(), key_file.string()));
  }
  os::RealFileSystem files;
  auto text = os::read_file(files, key_file.string(), 4096);
  if (!text.has_value()) return fail(SealErrorCode::io, text.error().detail);
  Sealer sealer;
  const std::string_view all = *text;
  const auto key = all.starts_with(kMagic) && all.ends_with('\n')
                       ? hex_decode(all.substr(kMagic.size(), all.size() - kMagic.size() - 1))
                       : std::nullopt;
  OPENSSL_cleanse(text->data(), text->size());
  if (!key || key->size() != sealer.key_.size()) {
    return fail(SealErrorCode::malformed, fmt::format("{} is not a key file of this version", key_file.string()));
  }
  std::memcpy(sealer.key_.data(), key->data(), key->size());
  return sealer;
}

std::string Sealer::seal(std::string_view secret, std::string_view context) const {
  const Cipher cipher = make_cipher();
  std::string sealed = random_bytes(kNonceBytes);
  sealed.resize(kNonceBytes + secret.size() + kTagBytes);
  unsigned char* const nonce = bytes_of(sealed);
  unsigned char* const body = nonce + kNonceBytes;
  int length = 0;
  const bool good =
      EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key_.data(), nonce) == 1 &&
      EVP_EncryptUpdate(cipher.get(), nullptr, &length, bytes_of(context), static_cast<int>(context.size())) == 1 &&
      EVP_EncryptUpdate(cipher.get(), body, &length, bytes_of(secret), static_cast<int>(secret.size())) == 1 &&
      EVP_EncryptFinal_ex(cipher.get(), body + secret.size(), &length) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(kTagBytes), body + secret.size()) == 1;
  if (!good) throw std::runtime_error("AES-256-GCM failed to seal");
  return base64_encode(sealed);
}

Result<std::string, SealError> Sealer::open(std::string_view sealed, std::string_view context) const {
  auto bytes = base64_decode(sealed);
  if (!bytes || bytes->size() < kNonceBytes + kTagBytes) return fail(SealErrorCode::malformed, "not sealed bytes");
  const Cipher cipher = make_cipher();
  const size_t size = bytes->size() - kNonceBytes - kTagBytes;
  unsigned char* const nonce = bytes_of(*bytes);
  unsigned char* const body = nonce + kNonceBytes;
  std::string secret(size, '\0');
  int length = 0;
  const bool good =
      EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key_.data(), nonce) == 1 &&
      EVP_DecryptUpdate(cipher.get(), nullptr, &length, bytes_of(context), static_cast<int>(context.size())) == 1 &&
      EVP_DecryptUpdate(cipher.get(), bytes_of(secret), &length, body, static_cast<int>(size)) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(kTagBytes), body + size) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), bytes_of(secret) + size, &length) == 1;
  if (!good) return fail(SealErrorCode::rejected, "sealed by another key, for another place, or altered");
  return secret;
}

}  // namespace aerolith::main_program
