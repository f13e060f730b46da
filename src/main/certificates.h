// The local CA and the server's certificate. Text in, text out: no files here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace aerolith::main_program {

struct KeyPair {
  std::string certificate_pem;  // the server's: followed by the CA's
  std::string key_pem;          // PKCS#8, unencrypted
};

enum class CertificateErrorCode { malformed, failed };
using CertificateError = Failure<CertificateErrorCode>;

// ECDSA P-256, ten years.
Result<KeyPair, CertificateError> make_authority(const std::string& common_name, Timestamp now);
// ECDSA P-256, 820 days (some clients refuse more than 825). Names are DNS names (also wildcards) and IP addresses.
Result<KeyPair, CertificateError> issue_server_certificate(const KeyPair& authority,
                                                           const std::vector<std::string>& names, Timestamp now);

// As above, for 30 days: made again and again while the server runs. Never longer than the CA.
Result<KeyPair, CertificateError> issue_name_certificate(const KeyPair& authority,
                                                         const std::vector<std::string>& names, Timestamp now);

// For documents, not for servers: RSA 2048, as those who verify instance identity documents expect. As long as the
// server's; the CA's certificate isn't behind it.
Result<KeyPair, CertificateError> issue_signing_certificate(const KeyPair& authority, const std::string& common_name,
                                                            Timestamp now);

// Why the server needs a new certificate, for the log: it is damaged, not the CA's, expires within 30 days, or has
// other names. Empty when it needs none.
std::string find_certificate_fault(const KeyPair& server, std::string_view authority_pem,
                                   const std::vector<std::string>& names, Timestamp now);
// As above for the CA itself; `key_pem` must be its key.
std::string find_authority_fault(const KeyPair& authority, Timestamp now);

// The common name of a certificate, "Aerolith local CA of 123456789012"; empty where the text is none.
std::string common_name_of(std::string_view certificate_pem);

// What a client may call this server: loopback, S3's virtual hosts, AWS's own names, and the configured ones.
std::vector<std::string> server_names(const std::string& region, const std::vector<std::string>& host_names,
                                      const std::vector<std::string>& listen);

}  // namespace aerolith::main_program
