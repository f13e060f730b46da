#include "main/identity_signer.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>

#include "base/encoding.h"
#include "main/openssl_handles.h"

namespace aerolith::main_program {
namespace {

constexpr std::string_view kDocument = "{\n  \"instanceId\" : \"i-1\"\n}";

using Envelope = std::unique_ptr<PKCS7, Free<PKCS7_free>>;
using Roots = std::unique_ptr<X509_STORE, Free<X509_STORE_free>>;

std::string decoded(std::string lines) {
  std::erase(lines, '\n');
  return base64_decode(lines).value_or("");
}

class IdentitySignerTest : public testing::Test {
 protected:
  KeyPair make_ca() { return make_authority("test CA", clock_.now()).value(); }

  Envelope read(const std::string& lines) {
    const std::string der = decoded(lines);
    const auto* data = reinterpret_cast<const unsigned char*>(der.data());
    return Envelope(d2i_PKCS7(nullptr, &data, static_cast<long>(der.size())));
  }
  // What was signed; empty where the signature isn't good, or nobody trusts the signer.
  std::string verified(PKCS7* envelope, const KeyPair& authority) {
    const Certificate root = read_certificate(authority.certificate_pem);
    const Roots roots(X509_STORE_new());
    X509_STORE_add_cert(roots.get(), root.get());
    const Bytes content(BIO_new(BIO_s_mem()));
    if (PKCS7_verify(envelope, nullptr, roots.get(), nullptr, content.get(), 0) != 1) return "";
    char* data = nullptr;
    const long size = BIO_get_mem_data(content.get(), &data);
    return {data, static_cast<size_t>(size)};
  }

  SystemClock clock_;
  KeyPair authority_ = make_ca();
  IdentitySigner signer_{authority_, clock_};
};

TEST_F(IdentitySignerTest, WhoTrustsTheCaCanVerifyTheDocument) {
  const std::string lines = signer_.sign_pkcs7(kDocument);
  EXPECT_FALSE(lines.ends_with('\n'));
  EXPECT_EQ(lines.find('\n'), 64U);
  const Envelope envelope = read(lines);
  ASSERT_NE(envelope, nullptr);
  EXPECT_EQ(verified(envelope.get(), authority_), kDocument);
  EXPECT_EQ(verified(envelope.get(), make_ca()), "");
}

TEST_F(IdentitySignerTest, TheBareSignatureIsOfTheSameKey) {
  const Envelope envelope = read(signer_.sign_pkcs7(kDocument));
  ASSERT_NE(envelope, nullptr);
  STACK_OF(X509)* const signers = PKCS7_get0_signers(envelope.get(), nullptr, 0);
  ASSERT_EQ(sk_X509_num(signers), 1);
  EVP_PKEY* const key = X509_get0_pubkey(sk_X509_value(signers, 0));
  sk_X509_free(signers);
  EXPECT_EQ(EVP_PKEY_get_base_id(key), EVP_PKEY_RSA);
  const std::string signature = decoded(signer_.sign(kDocument));
  const auto is_good = [&](std::string_view document) {
    const std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
    EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key);
    return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                            reinterpret_cast<const unsigned char*>(document.data()), document.size()) == 1;
  };
  EXPECT_TRUE(is_good(kDocument));
  EXPECT_FALSE(is_good("another"));
}

TEST_F(IdentitySignerTest, WithoutACaNothingIsSigned) {
  IdentitySigner none{KeyPair(), clock_};
  EXPECT_EQ(none.sign_pkcs7(kDocument), "");
  EXPECT_EQ(none.sign(kDocument), "");
}

}  // namespace
}  // namespace aerolith::main_program
