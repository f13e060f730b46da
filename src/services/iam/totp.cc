#include "services/iam/totp.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "base/encoding.h"

namespace aerolith::iam {

std::string base32_encode(std::string_view bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    for (count += 8; count >= 5; count -= 5) out += kAlphabet[(bits >> (count - 5)) & 31];
  }
  if (count > 0) out += kAlphabet[(bits << (5 - count)) & 31];
  return out;
}

uint64_t totp_step(Timestamp at) {
  return static_cast<uint64_t>(std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count()) / 30;
}

std::string totp_code(std::string_view seed, uint64_t step) {
  std::array<unsigned char, 8> counter{};
  for (size_t i = 0; i < 8; ++i) counter[7 - i] = static_cast<unsigned char>(step >> (8 * i));
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  HMAC(EVP_sha1(), seed.data(), static_cast<int>(seed.size()), counter.data(), counter.size(), mac.data(), &size);
  const size_t at = mac[size - 1] & 15;
  const uint32_t number =
      ((mac[at] & 0x7FU) << 24) | (uint32_t{mac[at + 1]} << 16) | (uint32_t{mac[at + 2]} << 8) | uint32_t{mac[at + 3]};
  return fmt::format("{:06}", number % 1'000'000);
}

std::optional<uint64_t> find_consecutive(std::string_view seed, uint64_t around, uint64_t window,
                                         std::string_view code1, std::string_view code2) {
  for (uint64_t step = around - window; step <= around + window; ++step) {
    if (equals_constant_time(totp_code(seed, step), code1) && equals_constant_time(totp_code(seed, step + 1), code2)) {
      return step;
    }
  }
  return std::nullopt;
}

}  // namespace aerolith::iam
