#include "http/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <utility>

#include "http/client_socket.h"
#include "http/client_tls.h"

namespace aerolith::http {
namespace {

namespace beast = boost::beast::http;
using Code = ClientErrorCode;

std::string serialize(const std::string& address, const ClientRequest& request) {
  std::string bytes = fmt::format("{} {} HTTP/1.1\r\n", request.method, request.target);
  if (!request.headers.contains("Host")) bytes += fmt::format("Host: {}\r\n", address);
  for (const auto& [name, value] : request.headers.fields()) bytes += fmt::format("{}: {}\r\n", name, value);
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    bytes += fmt::format("Content-Length: {}\r\n", request.body.size());
  }
  bytes += "Connection: close\r\n\r\n";
  return bytes + request.body;
}

std::unexpected<ClientError> refused(boost::system::error_code error) {
  if (error == beast::error::body_limit) return fail(Code::too_large, "the answer is too large");
  if (error == beast::error::partial_message || error == beast::error::end_of_stream) {
    return fail(Code::disconnected, "the connection ended before the answer did");
  }
  return fail(Code::malformed, fmt::format("not an HTTP answer: {}", error.message()));
}

Result<ClientResponse, ClientError> receive(ClientStream& stream, const ClientRequest& request,
                                            const ClientLimits& limits, SteadyTime deadline) {
  beast::response_parser<beast::string_body> parser;
  parser.eager(true);
  parser.body_limit(limits.body_limit_bytes);
  parser.skip(request.method == "HEAD");
  std::string pending;
  std::array<char, 16384> chunk{};
  boost::system::error_code error;
  while (!parser.is_done()) {
    const size_t size = TRY(stream.read(chunk.data(), chunk.size(), deadline));
    if (size == 0) {
      parser.put_eof(error);
      if (error) return refused(error);
      break;
    }
    pending.append(chunk.data(), size);
    while (!pending.empty() && !parser.is_done()) {
      const size_t used = parser.put(boost::asio::buffer(pending), error);
      pending.erase(0, used);
      if (error == beast::error::need_more) {
        error = {};
        break;
      }
      if (error) return refused(error);
    }
  }
  const auto& message = parser.get();
  ClientResponse response;
  response.status = static_cast<int>(message.result_int());
  for (const auto& field : message) {
    response.headers.add(std::string(field.name_string()), std::string(field.value()));
  }
  response.body = message.body();
  return response;
}

Result<ClientResponse, ClientError> exchange(ClientStream& stream, const std::string& address,
                                             const ClientRequest& request, const ClientLimits& limits,
                                             SteadyTime deadline) {
  TRY(stream.write_all(serialize(address, request), deadline));
  return receive(stream, request, limits, deadline);
}

struct Deadlines {
  explicit Deadlines(const ClientLimits& limits)
      : end(std::chrono::steady_clock::now() + limits.total_deadline),
        connect(std::min(end, std::chrono::steady_clock::now() + limits.connect_deadline)) {}
  SteadyTime end;
  SteadyTime connect;
};

}  // namespace

Result<ClientResponse, ClientError> fetch(const std::string& address, const ClientRequest& request,
                                          const ClientLimits& limits) {
  const Deadlines deadlines(limits);
  const auto stream = make_plain_stream(TRY(connect_to(address, deadlines.connect)));
  return exchange(*stream, address, request, limits, deadlines.end);
}

Result<ClientResponse, ClientError> fetch_tls(const std::string& address, const TlsTrust& trust,
                                              const ClientRequest& request, const ClientLimits& limits) {
  const Deadlines deadlines(limits);
  const ClientAddress parts = TRY(split_address(address));
  const auto stream =
      TRY(make_tls_stream(TRY(connect_to(address, deadlines.connect)), parts.host, trust, deadlines.end));
  return exchange(*stream, address, request, limits, deadlines.end);
}

Result<std::string, ClientError> fetch_top_thumbprint(const std::string& address, const ClientLimits& limits) {
  const Deadlines deadlines(limits);
  const ClientAddress parts = TRY(split_address(address));
  return read_top_thumbprint(TRY(connect_to(address, deadlines.connect)), parts.host, deadlines.end);
}

}  // namespace aerolith::http
