// keys/<name>.key: "aerolith-block-key 1" and the sealed key, a line each.
#include "blocks/block_keys.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <new>
#include <stdexcept>

#include "base/digest.h"
#include "base/random.h"
#include "base/step.h"
#include "blocks/from_files.h"
#include "blocks/qemu_files.h"

namespace aerolith::blocks {

namespace {

constexpr std::string_view kMagic = "aerolith-block-key 1\n";
constexpr std::string_view kSuffix = ".key";
constexpr size_t kCipherKeyBytes = 32;  // the rest is the hash's
constexpr size_t kNonceBytes = 12;
constexpr size_t kTagBytes = 16;
constexpr uint64_t kMostFileBytes = 4096;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

Cipher make_cipher() {
  Cipher cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  if (cipher == nullptr) throw std::bad_alloc();
  return cipher;
}

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string context_of(std::string_view name) { return fmt::format("ec2 block key {}", name); }

}  // namespace

std::string BlockKey::hash_of(std::string_view block) const {
  return hmac_sha256(std::string_view(bytes_).substr(kCipherKeyBytes), block);
}

std::string BlockKey::seal(std::string_view context, std::string_view bytes) const {
  const Cipher cipher = make_cipher();
  std::string sealed = random_bytes(kNonceBytes);
  sealed.resize(kNonceBytes + bytes.size() + kTagBytes);
  unsigned char* const nonce = bytes_of(sealed);
  unsigned char* const body = nonce + kNonceBytes;
  int length = 0;
  const bool good =
      EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes_of(std::string_view(bytes_)), nonce) == 1 &&
      EVP_EncryptUpdate(cipher.get(), nullptr, &length, bytes_of(context), static_cast<int>(context.size())) == 1 &&
      EVP_EncryptUpdate(cipher.get(), body, &length, bytes_of(bytes), static_cast<int>(bytes.size())) == 1 &&
      EVP_EncryptFinal_ex(cipher.get(), body + bytes.size(), &length) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(kTagBytes), body + bytes.size()) == 1;
  if (!good) throw std::runtime_error("AES-256-GCM failed to seal");
  return sealed;
}

std::optional<std::string> BlockKey::open(std::string_view context, std::string_view sealed) const {
  if (sealed.size() < kNonceBytes + kTagBytes) return std::nullopt;
  const Cipher cipher = make_cipher();
  const std::string_view body = sealed.substr(kNonceBytes, sealed.size() - kNonceBytes - kTagBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  std::string bytes(body.size(), '\0');
  int length = 0;
  const bool good =
      EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes_of(std::string_view(bytes_)),
                         bytes_of(sealed)) == 1 &&
      EVP_DecryptUpdate(cipher.get(), nullptr, &length, bytes_of(context), static_cast<int>(context.size())) == 1 &&
      EVP_DecryptUpdate(cipher.get(), bytes_of(bytes), &length, bytes_of(body), static_cast<int>(body.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(kTagBytes), tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), bytes_of(bytes) + bytes.size(), &length) == 1;
  if (!good) return std::nullopt;
  return bytes;
}

std::string BlockKeys::path_of(std::string_view name) const { return fmt::format("{}/{}{}", folder_, name, kSuffix); }

Result<std::shared_ptr<const BlockKey>> BlockKeys::load(std::string_view name) const {
  TRY(check_id(name));
  if (const auto known = known_.find(name); known != known_.end()) return known->second;
  const std::string path = path_of(name);
  const std::string text = TRY(from_files(os::read_file(files_, path, kMostFileBytes)));
  std::optional<std::string> opened;
  if (text.starts_with(kMagic) && text.ends_with('\n') && text.size() > kMagic.size() && sealing_.open) {
    opened =
        sealing_.open(std::string_view(text).substr(kMagic.size(), text.size() - kMagic.size() - 1), context_of(name));
  }
  if (!opened || opened->size() != BlockKey::kBytes) {
    return fail(VolumeErrorCode::corrupt, path + " can't be opened: it was changed, or is another installation's");
  }
  return known_.emplace(name, std::make_shared<const BlockKey>(*std::move(opened))).first->second;
}

Result<std::shared_ptr<const BlockKey>> BlockKeys::find(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  return load(name);
}

Result<std::shared_ptr<const BlockKey>> BlockKeys::make(std::string_view name) {
  const std::lock_guard lock(mutex_);
  auto there = load(name);
  // Never made anew where it can't be read: snapshots may need it.
  if (there.has_value() || there.error().code != VolumeErrorCode::not_found || !check_id(name).has_value())
    return there;
  if (!sealing_.seal) return fail(VolumeErrorCode::unavailable, "nothing seals keys here");
  TRY(from_files(files_.make_directories(folder_)));
  std::string bytes = random_bytes(BlockKey::kBytes);
  const std::string sealed = sealing_.seal(bytes, context_of(name));
  TRY(from_files(os::write_file(files_, path_of(name), fmt::format("{}{}\n", kMagic, sealed), 0600)));
  step("store/key-written");
  return known_.emplace(name, std::make_shared<const BlockKey>(std::move(bytes))).first->second;
}

}  // namespace aerolith::blocks
