#include "signer.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <array>
#include <utility>

namespace aerolith::load {
namespace {

using Sha256 = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

std::string hex(const unsigned char* bytes, size_t count) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(2 * count, '0');
  for (size_t i = 0; i < count; ++i) {
    text[2 * i] = kDigits[bytes[i] >> 4];
    text[2 * i + 1] = kDigits[bytes[i] & 15];
  }
  return text;
}

std::string hmac(std::string_view key, std::string_view message) {
  Sha256 result;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(message.data()),
       message.size(), result.data(), nullptr);
  return std::string(reinterpret_cast<const char*>(result.data()), result.size());
}

}  // namespace

std::string sha256_hex(std::string_view bytes) {
  Sha256 result;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), result.data());
  return hex(result.data(), result.size());
}

std::string uri_encode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

Signer::Signer(Credentials credentials, uint16_t port)
    : credentials_(std::move(credentials)), host_(fmt::format("127.0.0.1:{}", port)) {}

std::string Signer::head(const Target& target, std::string_view payload_sha256_hex, uint64_t content_length) {
  std::string text = fmt::format("{} {}{}{} HTTP/1.1\r\nHost: {}\r\n", target.method, target.path,
                                 target.query.empty() ? "" : "?", target.query, host_);
  if (target.method == "PUT" || target.method == "POST") text += fmt::format("Content-Length: {}\r\n", content_length);
  if (credentials_.access_key.empty()) return text + "\r\n";
  const time_t now = ::time(nullptr);
  if (now != second_) move_to(now);
  const std::string canonical = fmt::format(
      "{}\n{}\n{}\nhost:{}\nx-amz-content-sha256:{}\nx-amz-date:{}\n\nhost;x-amz-content-sha256;x-amz-date\n{}",
      target.method, target.path, target.query, host_, payload_sha256_hex, timestamp_, payload_sha256_hex);
  const std::string to_sign = fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", timestamp_, scope_, sha256_hex(canonical));
  const std::string signature = hmac(signing_key_, to_sign);
  fmt::format_to(std::back_inserter(text),
                 "x-amz-content-sha256: {}\r\nx-amz-date: {}\r\nAuthorization: AWS4-HMAC-SHA256 Credential={}/{}, "
                 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={}\r\n\r\n",
                 payload_sha256_hex, timestamp_, credentials_.access_key, scope_,
                 hex(reinterpret_cast<const unsigned char*>(signature.data()), signature.size()));
  return text;
}

void Signer::move_to(time_t second) {
  tm parts{};
  gmtime_r(&second, &parts);
  const std::string date = fmt::format("{:04}{:02}{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
  timestamp_ = fmt::format("{}T{:02}{:02}{:02}Z", date, parts.tm_hour, parts.tm_min, parts.tm_sec);
  second_ = second;
  const std::string scope = fmt::format("{}/{}/s3/aws4_request", date, credentials_.region);
  if (scope == scope_) return;
  scope_ = scope;
  const std::string of_region = hmac(hmac("AWS4" + credentials_.secret_key, date), credentials_.region);
  signing_key_ = hmac(hmac(of_region, "s3"), "aws4_request");
}

}  // namespace aerolith::load
