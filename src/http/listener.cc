#include "http/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <future>
#include <optional>
#include <utility>

#include "base/log.h"

namespace aerolith::http {
namespace {

namespace asio = boost::asio;

constexpr int kAcceptsPerTurn = 64;
constexpr std::chrono::milliseconds kRetryAccept{50};

struct HostAndPort {
  std::string host;
  std::string port;
};

std::optional<HostAndPort> split_address(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon + 1 == address.size()) return std::nullopt;
  HostAndPort parts{address.substr(0, colon), address.substr(colon + 1)};
  if (parts.port.size() > 5 || parts.port.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  if (std::stoi(parts.port) > 65535) return std::nullopt;
  if (parts.host.starts_with('[') && parts.host.ends_with(']')) {
    parts.host = parts.host.substr(1, parts.host.size() - 2);
  } else if (parts.host.find(':') != std::string::npos) {
    return std::nullopt;
  }
  if (parts.host.empty()) return std::nullopt;
  return parts;
}

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

std::string host_of(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    return text.data();
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    ::inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text.data(), text.size());
  } else {
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  }
  return text.data();
}

std::string bound_address(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  const bool is_v6 = address.ss_family == AF_INET6;
  const uint16_t port = is_v6 ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                              : reinterpret_cast<const sockaddr_in&>(address).sin_port;
  const std::string host = is_v6 ? "[" + host_of(address) + "]" : host_of(address);
  return host + ":" + std::to_string(ntohs(port));
}

// A listening descriptor, or -1 with errno.
int listen_on(const addrinfo& where) {
  const int descriptor = ::socket(where.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (descriptor < 0) return -1;
  const int on = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (where.ai_family == AF_INET6) ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  if (::bind(descriptor, where.ai_addr, where.ai_addrlen) == 0 && ::listen(descriptor, SOMAXCONN) == 0) {
    return descriptor;
  }
  const int error = errno;
  ::close(descriptor);
  errno = error;
  return -1;
}

}  // namespace

Listener::Listener(Edge& edge, const std::vector<std::unique_ptr<IoThread>>& threads)
    : edge_(edge), threads_(threads), acceptor_(threads.front()->context()), retry_(threads.front()->context()) {}

Result<void, ServerError> Listener::assign(int descriptor) {
  boost::system::error_code error;
  acceptor_.assign(asio::ip::tcp::v4(), descriptor, error);
  if (error) {
    ::close(descriptor);
    return fail(ServerErrorCode::bind_failed, "cannot listen: " + error.message());
  }
  address_ = bound_address(descriptor);
  return {};
}

Result<std::shared_ptr<Listener>, ServerError> Listener::adopt(int descriptor, std::string label, Edge& edge,
                                                               const std::vector<std::unique_ptr<IoThread>>& threads) {
  // accept_some() goes on until there is nobody left.
  const int flags = ::fcntl(descriptor, F_GETFL);
  if (flags >= 0) ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
  auto listener = std::make_shared<Listener>(edge, threads);
  listener->label_ = std::move(label);
  TRY(listener->assign(descriptor));
  return listener;
}

Result<std::shared_ptr<Listener>, ServerError> Listener::bind(const std::string& address, Edge& edge,
                                                              const std::vector<std::unique_ptr<IoThread>>& threads) {
  const auto parts = split_address(address);
  if (!parts) return fail(ServerErrorCode::bad_address, "not host:port or [v6]:port: " + address);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  if (const int error = ::getaddrinfo(parts->host.c_str(), parts->port.c_str(), &hints, &list); error != 0) {
    return fail(ServerErrorCode::bad_address, "cannot resolve " + address + ": " + ::gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, FreeAddresses> resolved(list);
  const int descriptor = listen_on(*resolved);
  if (descriptor < 0) {
    return fail(ServerErrorCode::bind_failed, "cannot listen on " + address + ": " + std::strerror(errno));
  }
  auto listener = std::make_shared<Listener>(edge, threads);
  TRY(listener->assign(descriptor));
  return listener;
}

void Listener::start() {
  asio::post(threads_.front()->context(), [self = shared_from_this()] {
    if (self->acceptor_.is_open()) self->wait();
  });
}

void Listener::stop() {
  std::promise<void> done;
  asio::post(threads_.front()->context(), [this, &done] {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    retry_.cancel();
    done.set_value();
  });
  done.get_future().wait();
}

void Listener::wait() {
  acceptor_.async_wait(Acceptor::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
    if (!error && self->acceptor_.is_open()) self->accept_some();
  });
}

void Listener::accept_some() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    sockaddr_storage peer{};
    socklen_t size = sizeof(peer);
    const int descriptor =
        ::accept4(acceptor_.native_handle(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
      is_short_ = false;
      take(descriptor, host_of(peer));
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) break;
    // Out of descriptors or memory: the connection stays in the backlog, and asking again at once would spin.
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) return pause();
    // What else accept() tells is about one connection that is gone already.
  }
  wait();
}

void Listener::pause() {
  if (!std::exchange(is_short_, true)) {
    log_warning("cannot accept a connection; raise the limit of open files (ulimit -n)",
                {{"error", std::strerror(errno)}});
  }
  retry_.expires_after(kRetryAccept);
  retry_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error && self->acceptor_.is_open()) self->accept_some();
  });
}

void Listener::take(int descriptor, std::string peer_address) {
  if (edge_.open_connections >= edge_.settings.max_connections) {
    ::close(descriptor);
    return;
  }
  ++edge_.open_connections;
  ++edge_.accepted_connections;
  IoThread& thread = *threads_[next_thread_];
  next_thread_ = (next_thread_ + 1) % threads_.size();
  thread.adopt(descriptor, std::move(peer_address), label_);
}

}  // namespace aerolith::http
