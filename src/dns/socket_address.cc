#include "dns/socket_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>

#include <array>
#include <cstring>
#include <memory>

namespace aerolith::dns {
namespace {

const sockaddr_in& as_v4(const SocketAddress& address) { return reinterpret_cast<const sockaddr_in&>(*address.data()); }
const sockaddr_in6& as_v6(const SocketAddress& address) {
  return reinterpret_cast<const sockaddr_in6&>(*address.data());
}

}  // namespace

std::optional<SocketAddress> SocketAddress::parse(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return std::nullopt;
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), text.c_str() + colon + 1, &hints, &found) != 0) return std::nullopt;
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  SocketAddress address;
  address.size_ = found->ai_addrlen;
  std::memcpy(&address.storage_, found->ai_addr, found->ai_addrlen);
  return address;
}

std::optional<SocketAddress> SocketAddress::of_socket(int descriptor) {
  SocketAddress address;
  if (getsockname(descriptor, address.data(), &address.size_) != 0) return std::nullopt;
  return address;
}

std::string SocketAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> host{};
  if (family() == AF_INET) {
    inet_ntop(AF_INET, &as_v4(*this).sin_addr, host.data(), host.size());
    return fmt::format("{}:{}", host.data(), port());
  }
  inet_ntop(AF_INET6, &as_v6(*this).sin6_addr, host.data(), host.size());
  return fmt::format("[{}]:{}", host.data(), port());
}

std::string SocketAddress::host_bytes() const {
  if (family() == AF_INET) return {reinterpret_cast<const char*>(&as_v4(*this).sin_addr), 4};
  return {reinterpret_cast<const char*>(&as_v6(*this).sin6_addr), 16};
}

bool SocketAddress::is_wildcard() const { return host_bytes().find_first_not_of('\0') == std::string::npos; }

uint16_t SocketAddress::port() const {
  return ntohs(family() == AF_INET ? as_v4(*this).sin_port : as_v6(*this).sin6_port);
}

SocketAddress SocketAddress::with_port(uint16_t port) const {
  SocketAddress other = *this;
  if (family() == AF_INET) {
    reinterpret_cast<sockaddr_in&>(other.storage_).sin_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in6&>(other.storage_).sin6_port = htons(port);
  }
  return other;
}

}  // namespace aerolith::dns
