#include "main/listen_address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace aerolith::main_program {
namespace {

struct HostAndPort {
  std::string host;  // the address's bytes
  in_port_t port = 0;
  bool is_wildcard() const { return host.find_first_not_of('\0') == std::string::npos; }
};

HostAndPort split(const ListenAddress& where) {
  if (where.address.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &where.address, sizeof(v6));
    return {std::string(reinterpret_cast<const char*>(&v6.sin6_addr), sizeof(v6.sin6_addr)), v6.sin6_port};
  }
  sockaddr_in v4{};
  std::memcpy(&v4, &where.address, sizeof(v4));
  return {std::string(reinterpret_cast<const char*>(&v4.sin_addr), sizeof(v4.sin_addr)), v4.sin_port};
}

}  // namespace

std::optional<ListenAddress> resolve_listen_address(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), text.c_str() + colon + 1, &hints, &found) != 0) return std::nullopt;
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  ListenAddress where;
  where.size = found->ai_addrlen;
  std::memcpy(&where.address, found->ai_addr, found->ai_addrlen);
  return where;
}

bool is_loopback(const ListenAddress& where) {
  const HostAndPort bound = split(where);
  if (where.address.ss_family == AF_INET) return bound.host.front() == 127;
  return bound.host == std::string(15, '\0') + '\x01';
}

int try_bind(const ListenAddress& where, int kind) {
  const int descriptor = socket(where.address.ss_family, kind | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return errno;
  const int on = 1;
  // Of datagram sockets two could then share the port.
  if (kind == SOCK_STREAM) setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (where.address.ss_family == AF_INET6) setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  const int result = bind(descriptor, reinterpret_cast<const sockaddr*>(&where.address), where.size) == 0 ? 0 : errno;
  close(descriptor);
  return result;
}

bool is_taken_by(const ListenAddress& wanted, const ListenAddress& bound) {
  if (wanted.address.ss_family != bound.address.ss_family) return false;
  const HostAndPort one = split(wanted);
  const HostAndPort other = split(bound);
  return one.port == other.port && (one.host == other.host || one.is_wildcard() || other.is_wildcard());
}

}  // namespace aerolith::main_program
