#include "main/name_issuer.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

namespace aerolith::main_program {
namespace {

class FixedClock final : public Clock {
 public:
  Timestamp now() const override { return now_; }
  Timestamp now_ = *parse_iso8601("2030-01-01T00:00:00Z");
};

std::optional<gateway::OwnName> find_here(std::string_view name) {
  if (name == "sts.amazonaws.com") return gateway::OwnName{std::string(name), ""};
  if (name == "b.s3.amazonaws.com") return gateway::OwnName{std::string(name), "s3.amazonaws.com"};
  return std::nullopt;
}

struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Certificate = std::unique_ptr<X509, FreeCertificate>;

Certificate read(const std::string& pem) {
  BIO* const bytes = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  Certificate certificate(PEM_read_bio_X509(bytes, nullptr, nullptr, nullptr));
  BIO_free(bytes);
  return certificate;
}

bool is_for(X509* certificate, std::string_view name) {
  return X509_check_host(certificate, name.data(), name.size(), 0, nullptr) == 1;
}

class NameIssuerTest : public testing::Test {
 protected:
  FixedClock clock_;
  KeyPair authority_ = *make_authority("Aerolith local CA of 123456789012", clock_.now());
  NameIssuer issuer_{authority_, find_here, clock_};
};

TEST_F(NameIssuerTest, OnlyNamesThatAreOurs) {
  EXPECT_EQ(issuer_.subject_of("sts.amazonaws.com"), "sts.amazonaws.com");
  EXPECT_EQ(issuer_.subject_of("b.s3.amazonaws.com"), "*.s3.amazonaws.com");
  EXPECT_EQ(issuer_.subject_of("bank.example"), "");
}

TEST_F(NameIssuerTest, HoldsTheNameAndNothingElse) {
  const auto issued = issuer_.issue("sts.amazonaws.com");
  ASSERT_TRUE(issued.has_value());
  const Certificate certificate = read(issued->certificate_pem);
  ASSERT_NE(certificate, nullptr);
  EXPECT_TRUE(is_for(certificate.get(), "sts.amazonaws.com"));
  EXPECT_FALSE(is_for(certificate.get(), "iam.amazonaws.com"));
  EXPECT_FALSE(is_for(certificate.get(), "localhost"));
  EXPECT_TRUE(issued->certificate_pem.ends_with(authority_.certificate_pem));
  const Certificate authority = read(authority_.certificate_pem);
  EXPECT_EQ(X509_verify(certificate.get(), X509_get0_pubkey(authority.get())), 1);
  EXPECT_EQ(X509_check_ca(certificate.get()), 0);
}

TEST_F(NameIssuerTest, OneForAllBucketsOfAnEndpoint) {
  const Certificate certificate = read(issuer_.issue("*.s3.amazonaws.com")->certificate_pem);
  EXPECT_TRUE(is_for(certificate.get(), "any-bucket.s3.amazonaws.com"));
  EXPECT_TRUE(is_for(certificate.get(), "s3.amazonaws.com"));
  EXPECT_FALSE(is_for(certificate.get(), "two.labels.s3.amazonaws.com"));
}

TEST_F(NameIssuerTest, ALongNameHasNoRoomInTheCommonName) {
  const std::string name = std::string(60, 'a') + ".b.s3.us-east-1.amazonaws.com";
  const auto issued = issuer_.issue(name);
  ASSERT_TRUE(issued.has_value());
  EXPECT_TRUE(is_for(read(issued->certificate_pem).get(), name));
}

TEST_F(NameIssuerTest, NeverOutlivesTheAuthority) {
  clock_.now_ += std::chrono::days(3652 - 7);
  const Certificate certificate = read(issuer_.issue("sts.amazonaws.com")->certificate_pem);
  const Certificate authority = read(authority_.certificate_pem);
  EXPECT_EQ(ASN1_TIME_compare(X509_get0_notAfter(certificate.get()), X509_get0_notAfter(authority.get())), 0);
}

TEST(CommonName, OfACertificate) {
  const FixedClock clock;
  EXPECT_EQ(common_name_of(make_authority("Aerolith local CA of 1", clock.now())->certificate_pem),
            "Aerolith local CA of 1");
  EXPECT_EQ(common_name_of("no certificate"), "");
}

}  // namespace
}  // namespace aerolith::main_program
