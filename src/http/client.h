// A small synchronous HTTP/1.1 client, plain TCP, one request a connection: for the command line's talk with the
// server on this machine, and the like.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

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

}  // namespace aerolith::http
