#include "main/name_issuer.h"

#include <utility>

#include "base/log.h"

namespace aerolith::main_program {

NameIssuer::NameIssuer(KeyPair authority, FindOwnName find_own_name, const Clock& clock)
    : authority_(std::move(authority)), find_own_name_(std::move(find_own_name)), clock_(clock) {}

std::string NameIssuer::subject_of(std::string_view server_name) const {
  const auto own = find_own_name_(server_name);
  if (!own) return "";
  return own->bucket_parent.empty() ? own->name : "*." + own->bucket_parent;
}

std::optional<http::IssuedCertificate> NameIssuer::issue(const std::string& subject) {
  std::vector<std::string> names = {subject};
  // A client that goes on from a bucket to its endpoint keeps the connection.
  if (subject.starts_with("*.")) names.push_back(subject.substr(2));
  auto issued = issue_name_certificate(authority_, names, clock_.now());
  if (!issued.has_value()) {
    log_error("can't make a certificate", {{"name", subject}, {"reason", issued.error().detail}});
    return std::nullopt;
  }
  return http::IssuedCertificate{std::move(issued->certificate_pem), std::move(issued->key_pem)};
}

}  // namespace aerolith::main_program
