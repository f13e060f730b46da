#include "http/name_certificates.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <memory>

#include "http/server_test_support.h"
#include "http/tls_context.h"

namespace aerolith::http {
namespace {

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

IssuedCertificate self_signed(const std::string& subject) {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = X509_new();
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(subject.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  X509_sign(certificate, key, EVP_sha256());
  BIO* const certificate_text = BIO_new(BIO_s_mem());
  BIO* const key_text = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(certificate_text, certificate);
  PEM_write_bio_PKCS8PrivateKey(key_text, key, nullptr, nullptr, 0, nullptr, nullptr);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return {text_of(certificate_text), text_of(key_text)};
}

// Names under "ours." share a certificate, "<x>.ours" has its own.
class FakeSource final : public CertificateSource {
 public:
  std::string subject_of(std::string_view name) const override {
    if (name.ends_with(".shared.ours")) return "*.shared.ours";
    return name.ends_with(".ours") ? std::string(name) : "";
  }
  std::optional<IssuedCertificate> issue(const std::string& subject) override {
    ++issued;
    if (subject == "broken.ours") return IssuedCertificate{"no PEM", "no PEM"};
    if (subject == "failing.ours") return std::nullopt;
    return self_signed(subject);
  }
  int issued = 0;
};

class NameCertificatesTest : public testing::Test {
 protected:
  NameCertificatesTest() {
    TlsSettings settings = folder_.settings;
    settings.names = &source_;
    settings.kept_names = 2;
    auto loaded = TlsContext::load(settings);
    if (!loaded.has_value()) throw std::runtime_error(loaded.error().detail);
    server_ = *std::move(loaded);
    client_ = SSL_CTX_new(TLS_client_method());
  }
  ~NameCertificatesTest() override { SSL_CTX_free(client_); }

  // The common name that a client sees which asks for `server_name` (null: for none).
  std::string see(const char* server_name) {
    SSL* const client = SSL_new(client_);
    SSL* const server = SSL_new(server_->native());
    BIO* client_end = nullptr;
    BIO* server_end = nullptr;
    BIO_new_bio_pair(&client_end, 0, &server_end, 0);
    SSL_set_bio(client, client_end, client_end);
    SSL_set_bio(server, server_end, server_end);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    if (server_name != nullptr) SSL_set_tlsext_host_name(client, server_name);
    for (int turn = 0; turn < 10; ++turn) {
      SSL_do_handshake(client);
      SSL_do_handshake(server);
    }
    std::array<char, 256> name{};
    X509* const certificate = SSL_get1_peer_certificate(client);
    if (certificate != nullptr && SSL_is_init_finished(client) != 0) {
      X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(), name.size());
    }
    X509_free(certificate);
    SSL_free(client);
    SSL_free(server);
    return name.data();
  }

  testing_support::CertificateFolder folder_;
  FakeSource source_;
  std::unique_ptr<TlsContext> server_;
  SSL_CTX* client_ = nullptr;
};

TEST_F(NameCertificatesTest, EachNameGetsItsOwn) {
  EXPECT_EQ(see("a.ours"), "a.ours");
  EXPECT_EQ(see("b.ours"), "b.ours");
  EXPECT_EQ(see("x.shared.ours"), "*.shared.ours");
}

TEST_F(NameCertificatesTest, OthersGetTheServersOwn) {
  const std::string own = see(nullptr);
  EXPECT_EQ(own, "localhost");
  EXPECT_EQ(see("bank.example"), own);
  EXPECT_EQ(source_.issued, 0);
}

TEST_F(NameCertificatesTest, IsMadeOnceAndKeptWhileItIsUsed) {
  see("a.ours");
  see("a.ours");
  EXPECT_EQ(source_.issued, 1);
  see("x.shared.ours");
  see("y.shared.ours");
  EXPECT_EQ(source_.issued, 2);
  see("a.ours");
  see("c.ours");  // puts out the shared one, which was used before a.ours
  see("a.ours");
  EXPECT_EQ(source_.issued, 3);
  see("x.shared.ours");
  EXPECT_EQ(source_.issued, 4);
}

TEST_F(NameCertificatesTest, KeepsNoMoreThanItMay) {
  NameCertificates kept(source_, 2);
  for (const char* const name : {"a.ours", "b.ours", "c.ours", "b.ours"}) {
    SSL* const tls = SSL_new(server_->native());
    EXPECT_TRUE(kept.use_for(tls, name));
    SSL_free(tls);
  }
  EXPECT_EQ(kept.size(), 2U);
}

TEST_F(NameCertificatesTest, AFailureIsNoDeadConnection) {
  EXPECT_EQ(see("failing.ours"), "localhost");
  EXPECT_EQ(see("broken.ours"), "localhost");
}

}  // namespace
}  // namespace aerolith::http
