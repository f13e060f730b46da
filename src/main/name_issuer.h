// Certificates of the local CA for names that are this installation's, made when a client asks for one.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "gateway/own_names.h"
#include "http/server.h"
#include "main/certificates.h"

namespace aerolith::main_program {

// Nullopt for a name that isn't ours. Quick: asked by the threads of sockets. Safe from any thread.
using FindOwnName = std::function<std::optional<gateway::OwnName>(std::string_view name)>;

// Holds the CA's key as long as it lives. Safe from any thread; making a certificate takes some tenths of a
// millisecond.
class NameIssuer final : public http::CertificateSource {
 public:
  // `clock` must outlive this.
  NameIssuer(KeyPair authority, FindOwnName find_own_name, const Clock& clock);

  // All buckets of one endpoint share a certificate: "*.s3.eu-west-1.amazonaws.com".
  std::string subject_of(std::string_view server_name) const override;
  std::optional<http::IssuedCertificate> issue(const std::string& subject) override;

 private:
  const KeyPair authority_;
  const FindOwnName find_own_name_;
  const Clock& clock_;
};

}  // namespace aerolith::main_program
