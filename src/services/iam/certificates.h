// X.509 certificates, private keys and SSH public keys as clients upload them.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "services/iam/errors.h"

namespace aerolith::iam {

struct CertificateFacts {
  Timestamp expires_at;
  std::string sha256;  // of its DER form
};

// Of one certificate in PEM. MalformedCertificate.
Result<CertificateFacts> read_certificate(const std::string& pem);
// One or more in PEM. MalformedCertificate.
Result<> check_chain(const std::string& pem);
// MalformedCertificate for what is no private key without a password in PEM, KeyPairMismatch for another's.
Result<> check_key_pair(const std::string& certificate_pem, const std::string& key_pem);

// InvalidInput for what is no private key of RSA without a password in PEM, with 2,048 bits at least.
Result<> check_rsa_private_key(const std::string& pem);

struct SshKey {
  std::string ssh_form;     // "ssh-rsa AAAA..."
  std::string pem;          // the same as a SubjectPublicKeyInfo
  std::string fingerprint;  // MD5 of the SSH form's bytes, with colons
};
// From either form. InvalidPublicKey, UnrecognizedPublicKeyEncoding; "the key must be RSA, 2048 bits at least".
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_UploadSSHPublicKey.html
Result<SshKey> read_ssh_key(const std::string& body);

}  // namespace aerolith::iam
