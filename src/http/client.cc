#include "http/client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

namespace aerolith::http {
namespace {

namespace beast = boost::beast::http;
using SteadyTime = std::chrono::steady_clock::time_point;
using Code = ClientErrorCode;

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  int descriptor() const { return descriptor_; }

  // False when the deadline came first.
  bool wait(short events, SteadyTime deadline) const {
    while (true) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      if (left.count() <= 0) return false;
      pollfd entry{descriptor_, events, 0};
      const int ready = poll(&entry, 1, static_cast<int>(std::min<int64_t>(left.count(), 60'000)));
      if (ready > 0) return true;
      if (ready < 0 && errno != EINTR) return true;  // the next call on the socket says what is wrong
    }
  }

 private:
  int descriptor_;
};

struct Address {
  std::string host;
  std::string port;
};

Result<Address, ClientError> split_address(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == address.size()) {
    return fail(Code::bad_address, fmt::format("{} is not host:port", address));
  }
  Address parts{address.substr(0, colon), address.substr(colon + 1)};
  if (parts.host.front() == '[' && parts.host.back() == ']') parts.host = parts.host.substr(1, parts.host.size() - 2);
  return parts;
}

Result<Socket, ClientError> connect_one(const addrinfo& target, const std::string& address, SteadyTime deadline) {
  Socket socket(::socket(target.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.descriptor() < 0) return fail(Code::connect_failed, std::strerror(errno));
  const int on = 1;
  setsockopt(socket.descriptor(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (connect(socket.descriptor(), target.ai_addr, target.ai_addrlen) == 0) return socket;
  if (errno != EINPROGRESS) return fail(Code::connect_failed, fmt::format("{}: {}", address, std::strerror(errno)));
  if (!socket.wait(POLLOUT, deadline)) return fail(Code::timed_out, fmt::format("{}: no connection in time", address));
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(socket.descriptor(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return fail(Code::connect_failed, fmt::format("{}: {}", address, std::strerror(error)));
  return socket;
}

Result<Socket, ClientError> connect_to(const std::string& address, SteadyTime deadline) {
  const Address parts = TRY(split_address(address));
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(parts.host.c_str(), parts.port.c_str(), &hints, &found); error != 0) {
    return fail(Code::bad_address, fmt::format("{}: {}", address, gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  ClientError last{Code::connect_failed, address};
  for (const addrinfo* target = found; target != nullptr; target = target->ai_next) {
    Result<Socket, ClientError> socket = connect_one(*target, address, deadline);
    if (socket.has_value()) return socket;
    last = std::move(socket).error();
  }
  return std::unexpected(std::move(last));
}

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

Result<void, ClientError> send_all(const Socket& socket, std::string_view bytes, SteadyTime deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket.descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!socket.wait(POLLOUT, deadline)) return fail(Code::timed_out, "the server doesn't take the request");
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return {};  // it may have answered before it closed
    } else if (errno != EINTR) {
      return fail(Code::disconnected, std::strerror(errno));
    }
  }
  return {};
}

std::unexpected<ClientError> refused(boost::system::error_code error) {
  if (error == beast::error::body_limit) return fail(Code::too_large, "the answer is too large");
  if (error == beast::error::partial_message || error == beast::error::end_of_stream) {
    return fail(Code::disconnected, "the connection ended before the answer did");
  }
  return fail(Code::malformed, fmt::format("not an HTTP answer: {}", error.message()));
}

Result<ClientResponse, ClientError> receive(const Socket& socket, const ClientRequest& request,
                                            const ClientLimits& limits, SteadyTime deadline) {
  beast::response_parser<beast::string_body> parser;
  parser.eager(true);
  parser.body_limit(limits.body_limit_bytes);
  parser.skip(request.method == "HEAD");
  std::string pending;
  std::array<char, 16384> chunk{};
  boost::system::error_code error;
  while (!parser.is_done()) {
    const ssize_t size = recv(socket.descriptor(), chunk.data(), chunk.size(), 0);
    if (size < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return fail(Code::disconnected, std::strerror(errno));
      if (!socket.wait(POLLIN, deadline)) return fail(Code::timed_out, "no answer in time");
      continue;
    }
    if (size == 0) {
      parser.put_eof(error);
      if (error) return refused(error);
      break;
    }
    pending.append(chunk.data(), static_cast<size_t>(size));
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

}  // namespace

Result<ClientResponse, ClientError> fetch(const std::string& address, const ClientRequest& request,
                                          const ClientLimits& limits) {
  const SteadyTime start = std::chrono::steady_clock::now();
  const SteadyTime end = start + limits.total_deadline;
  const Socket socket = TRY(connect_to(address, std::min(end, start + limits.connect_deadline)));
  TRY(send_all(socket, serialize(address, request), end));
  return receive(socket, request, limits, end);
}

}  // namespace aerolith::http
