#include "main/certificates.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>
#include <set>

#include "base/random.h"
#include "main/openssl_handles.h"

namespace aerolith::main_program {
namespace {

constexpr std::chrono::days kAuthorityLife{3652};
constexpr std::chrono::days kServerLife{820};
constexpr std::chrono::days kNameLife{30};
constexpr std::chrono::days kRenewBefore{30};
constexpr std::chrono::days kBackdate{1};  // for clients whose clock is behind

using Extension = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;
using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Free<GENERAL_NAMES_free>>;

std::unexpected<CertificateError> failed(std::string_view what) {
  return fail(CertificateErrorCode::failed, fmt::format("OpenSSL: {}", what));
}

bool is_address(const std::string& name) {
  std::array<unsigned char, 16> ignored{};
  return inet_pton(AF_INET, name.c_str(), ignored.data()) == 1 ||
         inet_pton(AF_INET6, name.c_str(), ignored.data()) == 1;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

Key read_key(std::string_view pem) {
  return Key(PEM_read_bio_PrivateKey(read_bytes(pem).get(), nullptr, nullptr, nullptr));
}

std::string write_certificate(X509* certificate) {
  const Bytes bytes(BIO_new(BIO_s_mem()));
  return PEM_write_bio_X509(bytes.get(), certificate) == 1 ? text_of(bytes.get()) : std::string();
}

std::string write_key(EVP_PKEY* key) {
  const Bytes bytes(BIO_new(BIO_s_mem()));
  const int good = PEM_write_bio_PKCS8PrivateKey(bytes.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return good == 1 ? text_of(bytes.get()) : std::string();
}

bool add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_time(ASN1_TIME* field, Timestamp time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  return ASN1_TIME_set(field, static_cast<time_t>(seconds)) != nullptr;
}

// Version, serial number, subject, dates and public key: what every certificate has.
Certificate begin_certificate(EVP_PKEY* key, const std::string& common_name, Timestamp now, Timestamp end) {
  Certificate certificate(X509_new());
  if (certificate == nullptr) return nullptr;
  std::string serial = random_bytes(16);
  serial[0] = static_cast<char>(serial[0] & 0x7f);
  const Number number(
      BN_bin2bn(reinterpret_cast<const unsigned char*>(serial.data()), static_cast<int>(serial.size()), nullptr));
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  const auto add_name = [&](const char* field, const std::string& value) {
    return X509_NAME_add_entry_by_txt(subject, field, MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(value.c_str()), -1, -1, 0) == 1;
  };
  const bool good = number != nullptr && X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
                    BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate.get())) != nullptr &&
                    add_name("O", "Aerolith") && add_name("CN", common_name) &&
                    set_time(X509_getm_notBefore(certificate.get()), now - kBackdate) &&
                    set_time(X509_getm_notAfter(certificate.get()), end) &&
                    X509_set_pubkey(certificate.get(), key) == 1;
  return good ? std::move(certificate) : nullptr;
}

std::string alternative_names(const std::vector<std::string>& names) {
  std::string value;
  for (const std::string& name : names) {
    value += fmt::format("{}{}:{}", value.empty() ? "" : ",", is_address(name) ? "IP" : "DNS", name);
  }
  return value;
}

std::string name_of(const GENERAL_NAME& name) {
  if (name.type == GEN_DNS) {
    return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name.d.dNSName)),
                       static_cast<size_t>(ASN1_STRING_length(name.d.dNSName)));
  }
  if (name.type != GEN_IPADD) return "";
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = ASN1_STRING_length(name.d.iPAddress) == 4 ? AF_INET : AF_INET6;
  inet_ntop(family, ASN1_STRING_get0_data(name.d.iPAddress), text.data(), text.size());
  return text.data();
}

std::set<std::string> names_of(X509* certificate) {
  std::set<std::string> found;
  const Names names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (names == nullptr) return found;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    found.insert(name_of(*sk_GENERAL_NAME_value(names.get(), i)));
  }
  return found;
}

bool ends_before(X509* certificate, Timestamp time) {
  time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  return X509_cmp_time(X509_get0_notAfter(certificate), &seconds) <= 0;
}

Timestamp end_of(X509* certificate) {
  std::tm fields{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &fields) != 1) return Timestamp{};
  return Timestamp{std::chrono::seconds(timegm(&fields))};
}

struct Issue {
  std::string common_name;
  std::vector<std::string> names;  // none: it isn't a server's
  Timestamp now;
  std::chrono::days life;
};

// The issuer's certificate isn't behind it.
Result<KeyPair, CertificateError> issue(const KeyPair& authority, EVP_PKEY* key, const Issue& wanted) {
  const Certificate issuer = read_certificate(authority.certificate_pem);
  const Key issuer_key = read_key(authority.key_pem);
  if (issuer == nullptr || issuer_key == nullptr) {
    return fail(CertificateErrorCode::malformed, "the CA's certificate or key can't be read");
  }
  if (key == nullptr) return failed("no key");
  // Past the CA's own end nobody would take it.
  const Timestamp end = std::min<Timestamp>(wanted.now + wanted.life, end_of(issuer.get()));
  const Certificate certificate = begin_certificate(key, wanted.common_name, wanted.now, end);
  X509* const raw = certificate.get();
  const auto add_server_parts = [&] {
    return wanted.names.empty() ||
           (add_extension(raw, issuer.get(), NID_ext_key_usage, "serverAuth") &&
            add_extension(raw, issuer.get(), NID_subject_alt_name, alternative_names(wanted.names)));
  };
  const bool good = raw != nullptr && X509_set_issuer_name(raw, X509_get_subject_name(issuer.get())) == 1 &&
                    add_extension(raw, issuer.get(), NID_basic_constraints, "critical,CA:FALSE") &&
                    add_extension(raw, issuer.get(), NID_key_usage, "critical,digitalSignature") &&
                    add_extension(raw, issuer.get(), NID_subject_key_identifier, "hash") &&
                    add_extension(raw, issuer.get(), NID_authority_key_identifier, "keyid:always") &&
                    add_server_parts() && X509_sign(raw, issuer_key.get(), EVP_sha256()) > 0;
  if (!good) return failed("no certificate");
  KeyPair pair{write_certificate(raw), write_key(key)};
  if (pair.key_pem.empty()) return failed("no PEM");
  return pair;
}

Result<KeyPair, CertificateError> issue_for_server(const KeyPair& authority, const Issue& wanted) {
  const Key key(EVP_EC_gen("P-256"));
  KeyPair pair = TRY(issue(authority, key.get(), wanted));
  const Certificate issuer = read_certificate(authority.certificate_pem);
  pair.certificate_pem += write_certificate(issuer.get());
  return pair;
}

}  // namespace

Result<KeyPair, CertificateError> make_authority(const std::string& common_name, Timestamp now) {
  const Key key(EVP_EC_gen("P-256"));
  if (key == nullptr) return failed("no P-256 key");
  const Certificate certificate = begin_certificate(key.get(), common_name, now, now + kAuthorityLife);
  X509* const raw = certificate.get();
  const bool good = raw != nullptr && X509_set_issuer_name(raw, X509_get_subject_name(raw)) == 1 &&
                    add_extension(raw, raw, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                    add_extension(raw, raw, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                    add_extension(raw, raw, NID_subject_key_identifier, "hash") &&
                    X509_sign(raw, key.get(), EVP_sha256()) > 0;
  if (!good) return failed("no CA certificate");
  KeyPair pair{write_certificate(raw), write_key(key.get())};
  if (pair.certificate_pem.empty() || pair.key_pem.empty()) return failed("no PEM");
  return pair;
}

Result<KeyPair, CertificateError> issue_server_certificate(const KeyPair& authority,
                                                           const std::vector<std::string>& names, Timestamp now) {
  return issue_for_server(authority, {.common_name = "localhost", .names = names, .now = now, .life = kServerLife});
}

Result<KeyPair, CertificateError> issue_name_certificate(const KeyPair& authority,
                                                         const std::vector<std::string>& names, Timestamp now) {
  // Clients look at the alternative names only; a common name has room for 64 letters (RFC 5280, ub-common-name).
  const bool fits = !names.empty() && names.front().size() <= 64;
  return issue_for_server(
      authority, {.common_name = fits ? names.front() : "Aerolith", .names = names, .now = now, .life = kNameLife});
}

Result<KeyPair, CertificateError> issue_signing_certificate(const KeyPair& authority, const std::string& common_name,
                                                            Timestamp now) {
  constexpr int kBits = 2048;
  const Key key(EVP_RSA_gen(kBits));
  return issue(authority, key.get(), {.common_name = common_name, .names = {}, .now = now, .life = kServerLife});
}

std::string common_name_of(std::string_view certificate_pem) {
  const Certificate certificate = read_certificate(certificate_pem);
  if (certificate == nullptr) return "";
  std::array<char, 128> text{};
  X509_NAME* const subject = X509_get_subject_name(certificate.get());
  const int size = X509_NAME_get_text_by_NID(subject, NID_commonName, text.data(), static_cast<int>(text.size()));
  return size > 0 ? std::string(text.data()) : "";
}

std::string find_certificate_fault(const KeyPair& server, std::string_view authority_pem,
                                   const std::vector<std::string>& names, Timestamp now) {
  const Certificate certificate = read_certificate(server.certificate_pem);
  const Certificate issuer = read_certificate(authority_pem);
  const Key key = read_key(server.key_pem);
  if (certificate == nullptr || issuer == nullptr || key == nullptr) return "it is missing or damaged";
  if (X509_check_private_key(certificate.get(), key.get()) != 1) return "its key is another one's";
  if (X509_verify(certificate.get(), X509_get0_pubkey(issuer.get())) != 1) return "it is not of this CA";
  if (!server.certificate_pem.ends_with(authority_pem)) return "what stands behind it is not the CA's certificate";
  if (ends_before(certificate.get(), now + kRenewBefore)) return "it expires within 30 days";
  if (names_of(certificate.get()) != std::set<std::string>(names.begin(), names.end())) return "the names changed";
  return "";
}

std::string find_authority_fault(const KeyPair& authority, Timestamp now) {
  const Certificate certificate = read_certificate(authority.certificate_pem);
  const Key key = read_key(authority.key_pem);
  if (certificate == nullptr || key == nullptr) return "it is missing or damaged";
  if (X509_check_private_key(certificate.get(), key.get()) != 1) return "its key is another one's";
  if (ends_before(certificate.get(), now + kRenewBefore)) return "it expires within 30 days";
  return "";
}

std::vector<std::string> server_names(const std::string& region, const std::vector<std::string>& host_names,
                                      const std::vector<std::string>& listen) {
  std::vector<std::string> names = {"localhost", "*.localhost", "s3.localhost", "*.s3.localhost", "127.0.0.1", "::1"};
  const auto add = [&names](std::string name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  };
  // A wildcard stands for one label only, so each depth that AWS uses is named.
  add(fmt::format("*.s3.{}.localhost", region));
  add(fmt::format("*.{}.localhost", region));
  for (const char* const suffix : {"amazonaws.com", "api.aws"}) {
    add(fmt::format("*.{}", suffix));
    add(fmt::format("*.{}.{}", region, suffix));
  }
  add("*.s3.amazonaws.com");
  for (const char* const label : {"s3", "s3-control", "dualstack", "s3.dualstack", "dkr.ecr", "elb", "execute-api"}) {
    add(fmt::format("*.{}.{}.amazonaws.com", label, region));
  }
  for (const std::string& name : host_names) {
    add(name);
    if (is_address(name)) continue;
    add("*." + name);
    add("*.s3." + name);
  }
  for (const std::string& address : listen) {
    std::string host = address.substr(0, address.rfind(':'));
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    if (host == "0.0.0.0" || host == "::") {
      std::array<char, 256> own{};
      if (gethostname(own.data(), own.size() - 1) == 0 && own[0] != '\0') add(own.data());
    } else {
      std::array<unsigned char, 16> bytes{};
      std::array<char, INET6_ADDRSTRLEN> text{};
      // The shortest spelling, which is how the certificate's names read back.
      if (inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1 &&
          inet_ntop(AF_INET6, bytes.data(), text.data(), text.size()) != nullptr) {
        host = text.data();
      }
      add(host);
    }
  }
  return names;
}

}  // namespace aerolith::main_program
