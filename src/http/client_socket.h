// The client's end of a connection: plain TCP, or TLS on it. Blocks, within a deadline.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "http/client.h"

namespace aerolith::http {

using SteadyTime = std::chrono::steady_clock::time_point;

// A descriptor that never blocks, closed at the end.
class ClientSocket {
 public:
  explicit ClientSocket(int descriptor) : descriptor_(descriptor) {}
  ClientSocket(ClientSocket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  ClientSocket& operator=(ClientSocket&&) = delete;
  ~ClientSocket();
  int descriptor() const { return descriptor_; }

  // False when the deadline came first.
  bool wait(short events, SteadyTime deadline) const;

 private:
  int descriptor_;
};

struct ClientAddress {
  std::string host;  // IPv6 without brackets
  std::string port;
};

// host:port or [v6]:port.
Result<ClientAddress, ClientError> split_address(const std::string& address);
Result<ClientSocket, ClientError> connect_to(const std::string& address, SteadyTime deadline);

// Bytes of one connection, either way.
class ClientStream {
 public:
  virtual ~ClientStream() = default;
  // How many were read, at most `size`; 0 at the end.
  virtual Result<size_t, ClientError> read(char* into, size_t size, SteadyTime deadline) = 0;
  // Returns early, without an error, where the peer takes no more: it may have answered before it closed.
  virtual Result<void, ClientError> write_all(std::string_view bytes, SteadyTime deadline) = 0;
};

std::unique_ptr<ClientStream> make_plain_stream(ClientSocket socket);

}  // namespace aerolith::http
