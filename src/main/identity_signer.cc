#include "main/identity_signer.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>

#include <utility>

#include "base/encoding.h"
#include "base/log.h"
#include "main/openssl_handles.h"

namespace aerolith::main_program {
namespace {

struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }  // not what is on it
};
using Envelope = std::unique_ptr<PKCS7, Free<PKCS7_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;

// As in a PEM file, whose first and last line AWS leaves out.
std::string in_lines(std::string_view bytes) {
  constexpr size_t kLine = 64;
  const std::string text = base64_encode(bytes);
  std::string lines;
  for (size_t at = 0; at < text.size(); at += kLine) {
    if (at > 0) lines += '\n';
    lines += text.substr(at, kLine);
  }
  return lines;
}

}  // namespace

struct IdentitySigner::Identity {
  Key key;
  Certificate certificate;
  Certificate authority;
};

IdentitySigner::IdentitySigner(KeyPair authority, const Clock& clock)
    : authority_(std::move(authority)), clock_(clock) {}
IdentitySigner::~IdentitySigner() = default;

std::shared_ptr<const IdentitySigner::Identity> IdentitySigner::identity() {
  const std::lock_guard lock(mutex_);
  if (identity_ != nullptr) return identity_;
  const auto issued = issue_signing_certificate(authority_, "Aerolith instance identity", clock_.now());
  if (!issued.has_value()) {
    log_error("can't make a key for instance identity documents", {{"reason", issued.error().detail}});
    return nullptr;
  }
  auto made = std::make_shared<Identity>();
  made->key.reset(PEM_read_bio_PrivateKey(read_bytes(issued->key_pem).get(), nullptr, nullptr, nullptr));
  made->certificate = read_certificate(issued->certificate_pem);
  made->authority = read_certificate(authority_.certificate_pem);
  if (!made->key || !made->certificate || !made->authority) return nullptr;
  identity_ = std::move(made);
  return identity_;
}

std::string IdentitySigner::sign_pkcs7(std::string_view document) {
  const auto signer = identity();
  if (signer == nullptr) return "";
  const std::unique_ptr<STACK_OF(X509), FreeStack> others(sk_X509_new_null());
  if (others == nullptr || sk_X509_push(others.get(), signer->authority.get()) == 0) return "";
  const Envelope envelope(PKCS7_sign(signer->certificate.get(), signer->key.get(), others.get(),
                                     read_bytes(document).get(), PKCS7_BINARY | PKCS7_NOSMIMECAP));
  if (envelope == nullptr) return "";
  unsigned char* bytes = nullptr;
  const int size = i2d_PKCS7(envelope.get(), &bytes);
  if (size <= 0) return "";
  std::string lines = in_lines({reinterpret_cast<const char*>(bytes), static_cast<size_t>(size)});
  OPENSSL_free(bytes);
  return lines;
}

std::string IdentitySigner::sign(std::string_view document) {
  const auto signer = identity();
  const DigestContext context(EVP_MD_CTX_new());
  if (signer == nullptr || context == nullptr) return "";
  const auto* const data = reinterpret_cast<const unsigned char*>(document.data());
  size_t size = 0;
  const bool is_ready = EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, signer->key.get()) == 1 &&
                        EVP_DigestSign(context.get(), nullptr, &size, data, document.size()) == 1;
  if (!is_ready) return "";
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, data, document.size()) !=
      1) {
    return "";
  }
  signature.resize(size);
  return in_lines(signature);
}

}  // namespace aerolith::main_program
