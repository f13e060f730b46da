// TLS for the client: a handshake in which the server's certificate must be trusted before a byte of the request
// leaves.
#pragma once

#include <memory>
#include <string>

#include "http/client_socket.h"

namespace aerolith::http {

// `host` is what the certificate must be for: a name or an address. ClientErrorCode::untrusted where it isn't trusted.
Result<std::unique_ptr<ClientStream>, ClientError> make_tls_stream(ClientSocket socket, const std::string& host,
                                                                   const TlsTrust& trust, SteadyTime deadline);
// Shakes hands with whoever is there and answers the SHA-1, in hex, of the last certificate that it shows.
Result<std::string, ClientError> read_top_thumbprint(ClientSocket socket, const std::string& host, SteadyTime deadline);

}  // namespace aerolith::http
