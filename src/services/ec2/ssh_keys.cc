#include "services/ec2/ssh_keys.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/random.h"

namespace aerolith::ec2 {
namespace {

template <auto release>
struct Release {
  template <typename T>
  void operator()(T* object) const {
    release(object);
  }
};
using Pkey = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Release<BIO_free_all>>;
using Number = std::unique_ptr<BIGNUM, Release<BN_free>>;

constexpr size_t kEd25519Bytes = 32;
constexpr unsigned kRsaBits = 2048;

// RFC 4251: what an SSH key's blob is made of.
void append_string(std::string& out, std::string_view bytes) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>((bytes.size() >> shift) & 0xFF);
  out += bytes;
}
std::optional<std::string_view> take_string(std::string_view& in) {
  if (in.size() < 4) return std::nullopt;
  size_t size = 0;
  for (int i = 0; i < 4; ++i) size = size << 8 | static_cast<uint8_t>(in[static_cast<size_t>(i)]);
  in.remove_prefix(4);
  if (in.size() < size) return std::nullopt;
  const std::string_view bytes = in.substr(0, size);
  in.remove_prefix(size);
  return bytes;
}
void append_number(std::string& out, const BIGNUM* number) {
  std::string bytes(static_cast<size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
  if (!bytes.empty() && (bytes[0] & 0x80) != 0) bytes.insert(bytes.begin(), '\0');
  append_string(out, bytes);
}

std::string with_colons(std::string_view bytes) {
  std::string result;
  for (const char byte : bytes) {
    if (!result.empty()) result += ':';
    result += hex_encode(std::string_view(&byte, 1));
  }
  return result;
}

std::string take_der(unsigned char* der, int size) {
  if (size <= 0) return {};
  std::string result(reinterpret_cast<char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return result;
}

std::string pkcs8_of(const EVP_PKEY* key) {
  PKCS8_PRIV_KEY_INFO* const info = EVP_PKEY2PKCS8(key);
  unsigned char* der = nullptr;
  const int size = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
  PKCS8_PRIV_KEY_INFO_free(info);
  return take_der(der, size);
}

std::string public_der_of(const EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  return take_der(der, size);
}

std::string contents(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<size_t>(size)) : std::string();
}

Number number_of(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(key, name, &number);
  return Number(number);
}

std::string rsa_blob(const EVP_PKEY* key) {
  const Number e = number_of(key, OSSL_PKEY_PARAM_RSA_E);
  const Number n = number_of(key, OSSL_PKEY_PARAM_RSA_N);
  if (!e || !n) return {};
  std::string blob;
  append_string(blob, "ssh-rsa");
  append_number(blob, e.get());
  append_number(blob, n.get());
  return blob;
}

Pkey rsa_from_blob(std::string_view e, std::string_view n) {
  const auto number = [](std::string_view bytes) {
    return Number(
        BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()), nullptr));
  };
  const Number exponent = number(e);
  const Number modulus = number(n);
  const std::unique_ptr<OSSL_PARAM_BLD, Release<OSSL_PARAM_BLD_free>> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  const std::unique_ptr<OSSL_PARAM, Release<OSSL_PARAM_free>> parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const std::unique_ptr<EVP_PKEY_CTX, Release<EVP_PKEY_CTX_free>> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) <= 0) return nullptr;
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) <= 0) return nullptr;
  return Pkey(key);
}

std::string sha256_fingerprint(std::string_view blob) { return base64_encode(digest(DigestKind::sha256, blob)); }

// https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key, without a cipher.
std::string openssh_private_key(std::string_view blob, std::string_view public_key, std::string_view seed) {
  std::string hidden;
  const std::string check = random_bytes(4);
  hidden += check + check;
  append_string(hidden, "ssh-ed25519");
  append_string(hidden, public_key);
  append_string(hidden, std::string(seed) + std::string(public_key));
  append_string(hidden, "");
  for (char pad = 1; hidden.size() % 8 != 0; ++pad) hidden += pad;
  std::string all("openssh-key-v1\0", 15);
  append_string(all, "none");
  append_string(all, "none");
  append_string(all, "");
  all += std::string("\0\0\0\1", 4);
  append_string(all, blob);
  append_string(all, hidden);
  const std::string text = base64_encode(all);
  std::string pem = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
  for (size_t at = 0; at < text.size(); at += 70) pem += text.substr(at, 70) + "\n";
  return pem + "-----END OPENSSH PRIVATE KEY-----\n";
}

}  // namespace

std::optional<SshKeyPair> make_rsa_key() {
  const Pkey key(EVP_RSA_gen(kRsaBits));
  const Bio pem(BIO_new(BIO_s_mem()));
  if (!key || PEM_write_bio_PrivateKey_traditional(pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return std::nullopt;
  }
  SshKeyPair pair{.private_key = contents(pem.get())};
  pair.public_key = {.type = "rsa",
                     .line = "ssh-rsa " + base64_encode(rsa_blob(key.get())),
                     .fingerprint = with_colons(digest(DigestKind::sha1, pkcs8_of(key.get())))};
  return pair;
}

std::optional<SshKeyPair> make_ed25519_key() {
  const Pkey key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  std::string seed(kEd25519Bytes, '\0');
  std::string public_key(kEd25519Bytes, '\0');
  size_t size = kEd25519Bytes;
  const auto bytes = [](std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); };
  if (!key || EVP_PKEY_get_raw_private_key(key.get(), bytes(seed), &size) != 1 ||
      EVP_PKEY_get_raw_public_key(key.get(), bytes(public_key), &size) != 1) {
    return std::nullopt;
  }
  std::string blob;
  append_string(blob, "ssh-ed25519");
  append_string(blob, public_key);
  SshKeyPair pair{.private_key = openssh_private_key(blob, public_key, seed)};
  pair.public_key = {
      .type = "ed25519", .line = "ssh-ed25519 " + base64_encode(blob), .fingerprint = sha256_fingerprint(blob)};
  return pair;
}

namespace {

// RFC 4716: lines of headers, which go on where one ends with a backslash, then the blob in base64.
std::optional<std::string> line_of_rfc4716(std::string_view text) {
  constexpr std::string_view kBegin = "---- BEGIN SSH2 PUBLIC KEY ----";
  constexpr std::string_view kEnd = "---- END SSH2 PUBLIC KEY ----";
  if (!text.starts_with(kBegin)) return std::nullopt;
  text.remove_prefix(kBegin.size());
  const size_t end = text.find(kEnd);
  if (end == std::string_view::npos) return std::nullopt;
  text = text.substr(0, end);
  std::string encoded;
  bool in_header = false;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool is_header = in_header || line.find(':') != std::string_view::npos;
    in_header = is_header && line.ends_with('\\');
    if (!is_header) encoded += line;
  }
  const auto blob = base64_decode(encoded);
  if (!blob) return std::nullopt;
  std::string_view rest = *blob;
  const auto kind = take_string(rest);
  return kind ? std::optional(std::string(*kind) + " " + encoded) : std::nullopt;
}

}  // namespace

std::optional<SshPublicKey> parse_public_key(std::string_view text) {
  if (const auto line = line_of_rfc4716(text)) return parse_public_key(*line);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
  const size_t space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const std::string_view kind = text.substr(0, space);
  const std::string_view encoded = text.substr(space + 1, text.find(' ', space + 1) - space - 1);
  const auto blob = base64_decode(encoded);
  if (!blob) return std::nullopt;
  std::string_view rest = *blob;
  if (take_string(rest) != kind) return std::nullopt;
  SshPublicKey key{.line = std::string(kind) + " " + std::string(encoded)};
  if (kind == "ssh-ed25519") {
    const auto point = take_string(rest);
    if (!point || point->size() != kEd25519Bytes || !rest.empty()) return std::nullopt;
    key.type = "ed25519";
    key.fingerprint = sha256_fingerprint(*blob);
    return key;
  }
  if (kind != "ssh-rsa") return std::nullopt;
  const auto e = take_string(rest);
  const auto n = take_string(rest);
  if (!e || !n || !rest.empty() || n->size() < 128) return std::nullopt;
  const Pkey rsa = rsa_from_blob(*e, *n);
  if (!rsa) return std::nullopt;
  key.type = "rsa";
  key.fingerprint = with_colons(digest(DigestKind::md5, public_der_of(rsa.get())));
  return key;
}

}  // namespace aerolith::ec2
