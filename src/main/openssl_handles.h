// Owners of OpenSSL's objects.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <string_view>

namespace aerolith::main_program {

template <auto free_function>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    free_function(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Bytes = std::unique_ptr<BIO, Free<BIO_free_all>>;

// The text is the caller's, and must outlive what reads it.
inline Bytes read_bytes(std::string_view text) {
  return Bytes(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Empty where the text holds none.
inline Certificate read_certificate(std::string_view pem) {
  return Certificate(PEM_read_bio_X509(read_bytes(pem).get(), nullptr, nullptr, nullptr));
}

}  // namespace aerolith::main_program
