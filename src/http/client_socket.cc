#include "http/client_socket.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace aerolith::http {
namespace {

using Code = ClientErrorCode;

Result<ClientSocket, ClientError> connect_one(const addrinfo& target, const std::string& address, SteadyTime deadline) {
  ClientSocket socket(::socket(target.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
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

class PlainStream final : public ClientStream {
 public:
  explicit PlainStream(ClientSocket socket) : socket_(std::move(socket)) {}

  Result<size_t, ClientError> read(char* into, size_t size, SteadyTime deadline) override {
    while (true) {
      const ssize_t got = recv(socket_.descriptor(), into, size, 0);
      if (got >= 0) return static_cast<size_t>(got);
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return fail(Code::disconnected, std::strerror(errno));
      if (!socket_.wait(POLLIN, deadline)) return fail(Code::timed_out, "no answer in time");
    }
  }

  Result<void, ClientError> write_all(std::string_view bytes, SteadyTime deadline) override {
    while (!bytes.empty()) {
      const ssize_t sent = send(socket_.descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        bytes.remove_prefix(static_cast<size_t>(sent));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        if (!socket_.wait(POLLOUT, deadline)) return fail(Code::timed_out, "the server doesn't take the request");
      } else if (errno == EPIPE || errno == ECONNRESET) {
        return {};
      } else if (errno != EINTR) {
        return fail(Code::disconnected, std::strerror(errno));
      }
    }
    return {};
  }

 private:
  ClientSocket socket_;
};

}  // namespace

ClientSocket::~ClientSocket() {
  if (descriptor_ >= 0) close(descriptor_);
}

bool ClientSocket::wait(short events, SteadyTime deadline) const {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd entry{descriptor_, events, 0};
    const int ready = poll(&entry, 1, static_cast<int>(std::min<int64_t>(left.count(), 60'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return true;  // the next call on the socket says what is wrong
  }
}

Result<ClientAddress, ClientError> split_address(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == address.size()) {
    return fail(Code::bad_address, fmt::format("{} is not host:port", address));
  }
  ClientAddress parts{address.substr(0, colon), address.substr(colon + 1)};
  if (parts.host.front() == '[' && parts.host.back() == ']') parts.host = parts.host.substr(1, parts.host.size() - 2);
  return parts;
}

Result<ClientSocket, ClientError> connect_to(const std::string& address, SteadyTime deadline) {
  const ClientAddress parts = TRY(split_address(address));
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(parts.host.c_str(), parts.port.c_str(), &hints, &found); error != 0) {
    return fail(Code::bad_address, fmt::format("{}: {}", address, gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  ClientError last{Code::connect_failed, address};
  for (const addrinfo* target = found; target != nullptr; target = target->ai_next) {
    Result<ClientSocket, ClientError> socket = connect_one(*target, address, deadline);
    if (socket.has_value()) return socket;
    last = std::move(socket).error();
  }
  return std::unexpected(std::move(last));
}

std::unique_ptr<ClientStream> make_plain_stream(ClientSocket socket) {
  return std::make_unique<PlainStream>(std::move(socket));
}

}  // namespace aerolith::http
