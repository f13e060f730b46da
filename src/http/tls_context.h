// The server's side of TLS: certificate, versions, ciphers, resumption.
#pragma once

#include <memory>

#include "http/name_certificates.h"
#include "http/server.h"

struct ssl_ctx_st;

namespace aerolith::http {

// Shared by all connections; safe from any thread after load().
class TlsContext {
 public:
  // bad_certificate with the file and what is wrong with it.
  static Result<std::unique_ptr<TlsContext>, ServerError> load(const TlsSettings& settings);

  ssl_ctx_st* native() const { return context_.get(); }

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const;
  };
  std::unique_ptr<NameCertificates> names_;  // null: one certificate for all
  std::unique_ptr<ssl_ctx_st, Free> context_;
};

}  // namespace aerolith::http
