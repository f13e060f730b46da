#include "services/iam/certificates.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>

#include "base/digest.h"
#include "base/encoding.h"

namespace aerolith::iam {
namespace {

template <auto free_function>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    free_function(object);
  }
};
template <typename T, auto free_function>
using Owned = std::unique_ptr<T, Free<free_function>>;
using Bio = Owned<BIO, BIO_free>;
using Certificate = Owned<X509, X509_free>;
using Key = Owned<EVP_PKEY, EVP_PKEY_free>;
using Number = Owned<BIGNUM, BN_free>;

constexpr int kLeastBits = 2048;
constexpr int kMostBits = 16384;
constexpr std::string_view kSshRsa = "ssh-rsa";

Bio reader_of(const std::string& text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

// No terminal is asked for a password.
int no_password(char*, int, int, void*) { return -1; }

Certificate next_certificate(BIO* bio) { return Certificate(PEM_read_bio_X509(bio, nullptr, no_password, nullptr)); }

std::string der_of(X509* certificate) {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(certificate, &bytes);
  std::string der = size > 0 ? std::string(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size)) : "";
  OPENSSL_free(bytes);
  return der;
}

std::optional<Timestamp> end_of(const X509* certificate) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) return std::nullopt;
  return std::chrono::time_point_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::from_time_t(timegm(&parts)));
}

// RFC 4251's "string": four bytes of length, then the bytes.
std::optional<std::string_view> take_string(std::string_view& bytes) {
  if (bytes.size() < 4) return std::nullopt;
  size_t size = 0;
  for (size_t i = 0; i < 4; ++i) size = (size << 8) | static_cast<unsigned char>(bytes[i]);
  if (bytes.size() - 4 < size) return std::nullopt;
  const std::string_view taken = bytes.substr(4, size);
  bytes.remove_prefix(4 + size);
  return taken;
}

void append_string(std::string& out, std::string_view bytes) {
  for (const unsigned shift : {24U, 16U, 8U, 0U}) out += static_cast<char>(bytes.size() >> shift);
  out += bytes;
}

// As RFC 4251's "mpint": a zero byte in front where the first bit is set.
std::string number_bytes(const BIGNUM* number) {
  std::string bytes(static_cast<size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
  if (!bytes.empty() && (static_cast<unsigned char>(bytes[0]) & 0x80) != 0) bytes.insert(bytes.begin(), '\0');
  return bytes;
}

Number number_of(std::string_view bytes) {
  return Number(
      BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()), nullptr));
}

Key rsa_key(const BIGNUM* modulus, const BIGNUM* exponent) {
  const Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus);
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent);
  const Owned<OSSL_PARAM, OSSL_PARAM_free> parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  if (parameters == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return nullptr;
  }
  return Key(key);
}

Key key_of_ssh_form(std::string_view blob) {
  const auto type = take_string(blob);
  const auto exponent = take_string(blob);
  const auto modulus = take_string(blob);
  if (!type || *type != kSshRsa || !exponent || !modulus || !blob.empty()) return nullptr;
  return rsa_key(number_of(*modulus).get(), number_of(*exponent).get());
}

std::string pem_of(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PUBKEY(bio.get(), key) != 1) return {};
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<size_t>(size)};
}

std::string ssh_blob_of(EVP_PKEY* key) {
  BIGNUM* modulus = nullptr;
  BIGNUM* exponent = nullptr;
  EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &modulus);
  EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent);
  const Number owned_modulus(modulus);
  const Number owned_exponent(exponent);
  if (modulus == nullptr || exponent == nullptr) return {};
  std::string blob;
  append_string(blob, kSshRsa);
  append_string(blob, number_bytes(exponent));
  append_string(blob, number_bytes(modulus));
  return blob;
}

std::string fingerprint_of(std::string_view blob) {
  const std::string hex = hex_encode(digest(DigestKind::md5, blob));
  std::string text;
  for (size_t i = 0; i < hex.size(); i += 2) {
    if (i > 0) text += ':';
    text += hex.substr(i, 2);
  }
  return text;
}

// The second word of "ssh-rsa AAAA... comment".
std::string_view second_word(std::string_view text) {
  text.remove_prefix(std::min(text.size(), text.find(' ')));
  text = trim(text);
  return text.substr(0, text.find_first_of(" \r\n"));
}

}  // namespace

Result<CertificateFacts> read_certificate(const std::string& pem) {
  const Bio bio = reader_of(pem);
  const Certificate certificate = next_certificate(bio.get());
  const auto expires_at = certificate ? end_of(certificate.get()) : std::nullopt;
  if (!expires_at) return errors::malformed_certificate("Unable to parse certificate. Please ensure it is PEM format.");
  if (next_certificate(bio.get()) != nullptr) {
    return errors::malformed_certificate(
        "The certificate body holds more than one certificate. Please give the others as CertificateChain.");
  }
  return CertificateFacts{.expires_at = *expires_at, .sha256 = digest(DigestKind::sha256, der_of(certificate.get()))};
}

Result<> check_chain(const std::string& pem) {
  const Bio bio = reader_of(pem);
  if (next_certificate(bio.get()) != nullptr) return {};
  return errors::malformed_certificate("Unable to parse certificate chain. Please ensure it is PEM format.");
}

Result<> check_key_pair(const std::string& certificate_pem, const std::string& key_pem) {
  const Bio key_bio = reader_of(key_pem);
  const Key key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, no_password, nullptr));
  if (key == nullptr) {
    return errors::malformed_certificate(
        "Unable to parse key; the key must be an unencrypted PEM-encoded private key.");
  }
  const Bio certificate_bio = reader_of(certificate_pem);
  const Certificate certificate = next_certificate(certificate_bio.get());
  if (certificate != nullptr && X509_check_private_key(certificate.get(), key.get()) == 1) return {};
  return errors::key_pair_mismatch("Private key does not match the certificate.");
}

Result<> check_rsa_private_key(const std::string& pem) {
  const Bio bio = reader_of(pem);
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (key != nullptr && EVP_PKEY_is_a(key.get(), "RSA") == 1 && EVP_PKEY_get_bits(key.get()) >= kLeastBits) return {};
  return errors::invalid_input(
      "Unable to parse the private key: it must be of RSA, in PEM, without a password, and have "
      "2048 bits at least.");
}

Result<SshKey> read_ssh_key(const std::string& body) {
  Key key;
  const std::string_view text = trim(body);
  if (text.starts_with(kSshRsa)) {
    const auto blob = base64_decode(second_word(text));
    if (blob) key = key_of_ssh_form(*blob);
  } else if (text.starts_with("-----BEGIN")) {
    const Bio bio = reader_of(body);
    key.reset(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_password, nullptr));
  } else {
    return errors::unrecognized_encoding("The encoding format of the SSH public key isn't recognized.");
  }
  if (key == nullptr || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA || EVP_PKEY_get_bits(key.get()) < kLeastBits ||
      EVP_PKEY_get_bits(key.get()) > kMostBits) {
    return errors::invalid_public_key("The SSH public key is invalid: it must be an RSA key of at least 2048 bits.");
  }
  const std::string blob = ssh_blob_of(key.get());
  return SshKey{.ssh_form = std::string(kSshRsa) + " " + base64_encode(blob),
                .pem = pem_of(key.get()),
                .fingerprint = fingerprint_of(blob)};
}

}  // namespace aerolith::iam
