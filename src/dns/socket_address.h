// An address and port of IPv4 or IPv6.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>

namespace aerolith::dns {

class SocketAddress {
 public:
  // "127.0.0.1:53", "[::1]:53", or a name of this machine; of several addresses of a name the first.
  static std::optional<SocketAddress> parse(const std::string& text);
  // What a socket is bound to; nullopt for none.
  static std::optional<SocketAddress> of_socket(int descriptor);

  std::string text() const;        // as parse() reads it
  std::string host_bytes() const;  // 4 or 16 bytes
  bool is_wildcard() const;
  int family() const { return storage_.ss_family; }
  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  sockaddr* data() { return reinterpret_cast<sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }
  void set_size(socklen_t size) { size_ = size; }
  uint16_t port() const;
  SocketAddress with_port(uint16_t port) const;

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = sizeof(storage_);
};

}  // namespace aerolith::dns
