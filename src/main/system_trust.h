// The local CA in the store of certificates that this system's programs trust.
//
// Debian and its kin only: a file in /usr/local/share/ca-certificates, and update-ca-certificates, which makes the
// bundle of all (man 8 update-ca-certificates).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace aerolith::main_program {

enum class TrustState : uint8_t {
  absent,
  stale,  // another certificate of this CA's name, or one that update-ca-certificates hasn't seen
  trusted,
};

enum class TrustErrorCode {
  no_authority,  // there is no CA here, or what is there is none
  unsupported,   // another system; the detail says what to do by hand
  not_root,
  failed,
};
using TrustError = Failure<TrustErrorCode>;

class SystemTrust {
 public:
  // `ca_file`: PEM. no_authority, unsupported.
  static Result<SystemTrust, TrustError> open(const std::filesystem::path& ca_file);

  TrustState state() const;
  // The file that install() writes; its name comes from the CA's, so that several installations don't meet.
  const std::filesystem::path& file() const { return file_; }

  // True when something was done. Both need root.
  Result<bool, TrustError> install() const;
  Result<bool, TrustError> remove() const;

 private:
  SystemTrust(std::string certificate_pem, std::filesystem::path file)
      : certificate_pem_(std::move(certificate_pem)), file_(std::move(file)) {}

  std::string certificate_pem_;
  std::filesystem::path file_;
};

}  // namespace aerolith::main_program
