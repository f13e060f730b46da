// A small synchronous HTTP/1.1 client, one request a connection: over plain TCP for the command line's talk with the
// server on this machine, over TLS for the documents of identity providers. Follows no redirects.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/message.h"

namespace aerolith::http {

struct ClientRequest {
  std::string method = "GET";
  std::string target = "/";
  Headers headers = {};  // Host (unless set here), Content-Length and Connection are added
  std::string body = {};
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body = {};
};

enum class ClientErrorCode {
  bad_address,     // not host:port, or a name that doesn't resolve
  connect_failed,  // refused, unreachable
  timed_out,
  disconnected,  // the connection ended before the answer did
  malformed,     // the answer isn't HTTP
  too_large,     // the answer's body is over the limit
  untrusted,     // the server's certificate isn't trusted, or isn't that host's
};
using ClientError = Failure<ClientErrorCode>;

struct ClientLimits {
  std::chrono::milliseconds connect_deadline{2'000};
  std::chrono::milliseconds total_deadline{30'000};  // from the call to the last byte of the answer
  size_t body_limit_bytes = size_t{16} << 20;
};

// `address` is host:port or [v6]:port. Blocks. Safe from any thread.
Result<ClientResponse, ClientError> fetch(const std::string& address, const ClientRequest& request,
                                          const ClientLimits& limits = {});

// Whose word counts for a server's certificate: the system's store of certificate authorities, and these.
struct TlsTrust {
  std::string ca_file = {};  // PEM
  // SHA-1 in lower-case hex of certificates, asked only where no authority vouches for the server: a chain that leads
  // to such a one, which the server must show itself, is trusted. AWS's rule for OIDC providers:
  // https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateOpenIDConnectProviderThumbprint.html
  std::vector<std::string> thumbprints = {};
};

Result<ClientResponse, ClientError> fetch_tls(const std::string& address, const TlsTrust& trust,
                                              const ClientRequest& request, const ClientLimits& limits = {});

// The SHA-1, in hex, of the topmost certificate that the server there shows. Nothing about it is checked.
Result<std::string, ClientError> fetch_top_thumbprint(const std::string& address, const ClientLimits& limits = {});

}  // namespace aerolith::http
