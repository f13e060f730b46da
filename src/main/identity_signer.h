// Signs instance identity documents with a key that the local CA vouches for.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "base/time.h"
#include "main/certificates.h"
#include "services/imds/service.h"

namespace aerolith::main_program {

// The CA's own key is one for certificates, and no RSA key, which verifiers expect: at the first document a key of its
// own is made, with a certificate of the CA. Safe from any thread.
class IdentitySigner final : public imds::DocumentSigner {
 public:
  // `clock` must outlive this.
  IdentitySigner(KeyPair authority, const Clock& clock);
  ~IdentitySigner() override;

  // The certificate and the CA's are in it.
  std::string sign_pkcs7(std::string_view document) override;
  // RSA with SHA-256.
  std::string sign(std::string_view document) override;

 private:
  struct Identity;
  // Null: it failed, which is logged.
  std::shared_ptr<const Identity> identity();

  const KeyPair authority_;
  const Clock& clock_;
  std::mutex mutex_;
  std::shared_ptr<const Identity> identity_;
};

}  // namespace aerolith::main_program
