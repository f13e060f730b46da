// AES-256-GCM with a random nonce, which goes before the ciphertext; the tag of 16 bytes goes behind it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aerolith {

inline constexpr size_t kAesGcmKeyBytes = 32;
inline constexpr size_t kAesGcmSealBytes = 12 + 16;  // that sealing adds

// `context` is authenticated with the bytes, and must be given again to open them.
std::string seal_aes_gcm(std::string_view key, std::string_view context, std::string_view bytes);
// Nullopt: sealed with another key, for another context, or altered.
std::optional<std::string> open_aes_gcm(std::string_view key, std::string_view context, std::string_view sealed);

}  // namespace aerolith
