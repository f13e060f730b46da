// For tests: real packets between namespaces.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace aerolith::network {

// Longer than a loaded machine needs to answer, shorter than a person's patience.
inline constexpr auto kDropped = std::chrono::milliseconds(400);
inline constexpr auto kAnswered = std::chrono::seconds(5);

// Tells each client first by which address it came, then echoes lines.
class EchoServer {
 public:
  // In the namespace at `path`, on all addresses; or with `listening`, a socket that is there already.
  EchoServer(const std::string& path, uint16_t port);
  explicit EchoServer(int listening);
  ~EchoServer();
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;

 private:
  void serve();

  int listening_ = -1;
  std::atomic<bool> is_stopping_ = false;
  std::thread thread_;
};

// A TCP connection from inside a namespace.
class Connection {
 public:
  // `from`: an address of the client's own choice; empty: the kernel's.
  static std::optional<Connection> open(const std::string& path, const std::string& address, uint16_t port,
                                        std::chrono::milliseconds patience = kAnswered, const std::string& from = {});
  ~Connection();
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&&) = delete;

  const std::string& seen_as() const { return seen_as_; }  // the client's address for the server
  bool echoes(std::chrono::milliseconds patience = kAnswered);

 private:
  explicit Connection(int descriptor) : descriptor_(descriptor) {}
  std::optional<std::string> read_line(std::chrono::milliseconds patience);

  int descriptor_;
  std::string seen_as_;
};

// Whether it gets through, and as whom: "" when it doesn't.
std::string reach(const std::string& path, const std::string& address, uint16_t port,
                  std::chrono::milliseconds patience = kAnswered);
// Whether an ICMP echo is answered.
bool ping(const std::string& path, const std::string& address, std::chrono::milliseconds patience = kAnswered);
// A UDP datagram to a socket bound by this very function in `to`; from `source`, spoofed where that isn't the guest's.
bool datagram_arrives(const std::string& from, const std::string& source, const std::string& to,
                      const std::string& address, std::chrono::milliseconds patience);

}  // namespace aerolith::network
