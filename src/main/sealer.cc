// Sealed text is base64 of what base/aes_gcm.h makes.
#include "main/sealer.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/aes_gcm.h"
#include "base/encoding.h"
#include "base/random.h"
#include "os/file_system.h"

namespace aerolith::main_program {
namespace {

constexpr std::string_view kKeyMagic = "aerolith-master-key 1\n";

std::string_view text_of(const std::array<unsigned char, kAesGcmKeyBytes>& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

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
  std::string text = fmt::format("{}{}\n", kKeyMagic, hex_encode(key));
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
  const auto key = all.starts_with(kKeyMagic) && all.ends_with('\n')
                       ? hex_decode(all.substr(kKeyMagic.size(), all.size() - kKeyMagic.size() - 1))
                       : std::nullopt;
  OPENSSL_cleanse(text->data(), text->size());
  if (!key || key->size() != sealer.key_.size()) {
    return fail(SealErrorCode::malformed, fmt::format("{} is not a key file of this version", key_file.string()));
  }
  std::memcpy(sealer.key_.data(), key->data(), key->size());
  return sealer;
}

std::string Sealer::seal(std::string_view secret, std::string_view context) const {
  return base64_encode(seal_aes_gcm(text_of(key_), context, secret));
}

Result<std::string, SealError> Sealer::open(std::string_view sealed, std::string_view context) const {
  const auto bytes = base64_decode(sealed);
  if (!bytes || bytes->size() < kAesGcmSealBytes) return fail(SealErrorCode::malformed, "not sealed bytes");
  auto secret = open_aes_gcm(text_of(key_), context, *bytes);
  if (!secret) return fail(SealErrorCode::rejected, "sealed by another key, for another place, or altered");
  return *std::move(secret);
}

}  // namespace aerolith::main_program
