#include "network/test_traffic.h"

#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <stdexcept>
#include <utility>
#include <vector>

#include "network/host.h"

namespace aerolith::network {

namespace {

using Clock = std::chrono::steady_clock;

sockaddr_in name_of(const std::string& address, uint16_t port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  ::inet_pton(AF_INET, address.c_str(), &name.sin_addr);
  return name;
}

const sockaddr* general(const sockaddr_in& name) { return reinterpret_cast<const sockaddr*>(&name); }

// A socket that was made inside a namespace stays there, whoever uses it.
int socket_inside(const std::string& path, int type, int protocol = 0) {
  int descriptor = -1;
  const auto made = inside(path, [&]() -> Result<> {
    descriptor = ::socket(AF_INET, type | SOCK_CLOEXEC, protocol);
    return {};
  });
  if (!made || descriptor < 0) throw std::runtime_error("no socket in " + path);
  return descriptor;
}

bool wait_for(int descriptor, short events, Clock::time_point until) {
  pollfd waited{descriptor, events, 0};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
  return left > 0 && ::poll(&waited, 1, static_cast<int>(left)) == 1;
}

uint16_t checksum(const void* bytes, size_t size) {
  std::vector<uint8_t> data(size + size % 2);
  std::memcpy(data.data(), bytes, size);
  uint32_t sum = 0;
  for (size_t i = 0; i < data.size(); i += 2) sum += static_cast<uint32_t>(data[i] << 8 | data[i + 1]);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return htons(static_cast<uint16_t>(~sum));
}

}  // namespace

EchoServer::EchoServer(const std::string& path, uint16_t port)
    : EchoServer([&] {
        const int descriptor = socket_inside(path, SOCK_STREAM);
        const int yes = 1;
        ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        const sockaddr_in name = name_of("0.0.0.0", port);
        if (::bind(descriptor, general(name), sizeof name) != 0 || ::listen(descriptor, 16) != 0) {
          throw std::runtime_error("listen in " + path);
        }
        return descriptor;
      }()) {}

EchoServer::EchoServer(int listening) : listening_(listening), thread_([this] { serve(); }) {}

EchoServer::~EchoServer() {
  is_stopping_ = true;
  thread_.join();
  ::close(listening_);
}

void EchoServer::serve() {
  std::vector<pollfd> waited = {{listening_, POLLIN, 0}};
  while (!is_stopping_) {
    if (::poll(waited.data(), waited.size(), 20) <= 0) continue;
    for (size_t i = waited.size(); i-- > 1;) {
      if (waited[i].revents == 0) continue;
      std::array<char, 4096> buffer;
      const ssize_t n = ::recv(waited[i].fd, buffer.data(), buffer.size(), 0);
      if (n > 0 && ::send(waited[i].fd, buffer.data(), static_cast<size_t>(n), MSG_NOSIGNAL) == n) continue;
      ::close(waited[i].fd);
      waited.erase(waited.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (waited[0].revents == 0) continue;
    sockaddr_in client{};
    socklen_t size = sizeof client;
    const int accepted = ::accept4(listening_, reinterpret_cast<sockaddr*>(&client), &size, SOCK_CLOEXEC);
    if (accepted < 0) continue;
    std::array<char, INET_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET, &client.sin_addr, text.data(), text.size());
    const std::string line = std::string(text.data()) + "\n";
    ::send(accepted, line.data(), line.size(), MSG_NOSIGNAL);
    waited.push_back({accepted, POLLIN, 0});
  }
  for (size_t i = 1; i < waited.size(); ++i) ::close(waited[i].fd);
}

std::optional<Connection> Connection::open(const std::string& path, const std::string& address, uint16_t port,
                                           std::chrono::milliseconds patience, const std::string& from) {
  const auto until = Clock::now() + patience;
  Connection connection(socket_inside(path, SOCK_STREAM | SOCK_NONBLOCK));
  const sockaddr_in own = name_of(from, 0);
  if (!from.empty() && ::bind(connection.descriptor_, general(own), sizeof own) != 0) return std::nullopt;
  const sockaddr_in name = name_of(address, port);
  if (::connect(connection.descriptor_, general(name), sizeof name) != 0 && errno != EINPROGRESS) return std::nullopt;
  if (!wait_for(connection.descriptor_, POLLOUT, until)) return std::nullopt;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(connection.descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return std::nullopt;
  const auto line = connection.read_line(std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()));
  if (!line) return std::nullopt;
  connection.seen_as_ = *line;
  return connection;
}

Connection::Connection(Connection&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), seen_as_(std::move(other.seen_as_)) {}

Connection::~Connection() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::optional<std::string> Connection::read_line(std::chrono::milliseconds patience) {
  const auto until = Clock::now() + patience;
  std::string line;
  while (wait_for(descriptor_, POLLIN, until)) {
    char c = 0;
    if (::recv(descriptor_, &c, 1, 0) != 1) return std::nullopt;
    if (c == '\n') return line;
    line += c;
  }
  return std::nullopt;
}

bool Connection::echoes(std::chrono::milliseconds patience) {
  static std::atomic<int> count = 0;
  const std::string word = "line " + std::to_string(++count);
  const std::string line = word + "\n";
  if (::send(descriptor_, line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size())) return false;
  const auto until = Clock::now() + patience;
  // An answer to an earlier line may come late.
  while (const auto answer = read_line(std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()))) {
    if (*answer == word) return true;
  }
  return false;
}

std::string reach(const std::string& path, const std::string& address, uint16_t port,
                  std::chrono::milliseconds patience) {
  const auto connection = Connection::open(path, address, port, patience);
  return connection ? connection->seen_as() : "";
}

bool ping(const std::string& path, const std::string& address, std::chrono::milliseconds patience) {
  const auto until = Clock::now() + patience;
  const int descriptor = socket_inside(path, SOCK_RAW, IPPROTO_ICMP);
  icmphdr echo{};
  echo.type = ICMP_ECHO;
  static std::atomic<uint16_t> count = 0;
  echo.un.echo.id = htons(static_cast<uint16_t>(::getpid() & 0xffff));
  echo.un.echo.sequence = htons(++count);
  echo.checksum = checksum(&echo, sizeof echo);
  const sockaddr_in name = name_of(address, 0);
  bool answered = ::sendto(descriptor, &echo, sizeof echo, 0, general(name), sizeof name) == sizeof echo;
  while (answered) {
    if (!wait_for(descriptor, POLLIN, until)) {
      answered = false;
      break;
    }
    std::array<uint8_t, 1500> buffer{};
    const ssize_t n = ::recv(descriptor, buffer.data(), buffer.size(), 0);
    icmphdr answer{};
    if (n < static_cast<ssize_t>(sizeof(iphdr) + sizeof answer)) continue;
    std::memcpy(&answer, buffer.data() + sizeof(iphdr), sizeof answer);
    if (answer.type == ICMP_ECHOREPLY && answer.un.echo.sequence == echo.un.echo.sequence &&
        answer.un.echo.id == echo.un.echo.id) {
      break;
    }
  }
  ::close(descriptor);
  return answered;
}

bool datagram_arrives(const std::string& from, const std::string& source, const std::string& to,
                      const std::string& address, std::chrono::milliseconds patience) {
  constexpr uint16_t kPort = 4711;
  const int receiver = socket_inside(to, SOCK_DGRAM);
  const sockaddr_in bound = name_of("0.0.0.0", kPort);
  if (::bind(receiver, general(bound), sizeof bound) != 0) throw std::runtime_error("bind in " + to);
  const int sender = socket_inside(from, SOCK_RAW, IPPROTO_RAW);
  struct Packet {
    iphdr ip;
    udphdr udp;
  } packet{};
  packet.ip.version = 4;
  packet.ip.ihl = 5;
  packet.ip.ttl = 64;
  packet.ip.protocol = IPPROTO_UDP;
  packet.ip.tot_len = htons(sizeof packet);
  packet.ip.saddr = name_of(source, 0).sin_addr.s_addr;
  packet.ip.daddr = name_of(address, 0).sin_addr.s_addr;
  packet.udp.source = htons(kPort);
  packet.udp.dest = htons(kPort);
  packet.udp.len = htons(sizeof packet.udp);
  const sockaddr_in name = name_of(address, 0);
  ::sendto(sender, &packet, sizeof packet, 0, general(name), sizeof name);
  const bool arrived = wait_for(receiver, POLLIN, Clock::now() + patience);
  ::close(sender);
  ::close(receiver);
  return arrived;
}

}  // namespace aerolith::network
