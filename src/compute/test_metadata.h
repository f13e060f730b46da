// For tests: a metadata service (version 2 alone) in a thread inside a network namespace, as much of it as the
// first-boot agent asks for.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace aerolith::compute {

class TestMetadata {
 public:
  using Paths = std::map<std::string, std::string>;

  // `paths`: what lies under /latest/.
  TestMetadata(const std::string& network_namespace, Paths paths) : paths_(std::move(paths)) {
    std::promise<bool> is_listening;
    std::future<bool> listening = is_listening.get_future();
    thread_ = std::thread([this, network_namespace, &is_listening] {
      const int where = ::open(network_namespace.c_str(), O_RDONLY | O_CLOEXEC);
      const bool ready = where >= 0 && ::setns(where, CLONE_NEWNET) == 0 && listen();
      if (where >= 0) ::close(where);
      is_listening.set_value(ready);
      if (ready) serve();
    });
    is_ready_ = listening.get();
  }
  ~TestMetadata() {
    stops_ = true;
    thread_.join();
    if (listener_ >= 0) ::close(listener_);
  }
  TestMetadata(const TestMetadata&) = delete;
  TestMetadata& operator=(const TestMetadata&) = delete;

  bool is_ready() const { return is_ready_; }

 private:
  static constexpr const char* kToken = "token-of-the-test";

  bool listen() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(80);
    ::inet_pton(AF_INET, "169.254.169.254", &address.sin_addr);
    return ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
           ::listen(listener_, 16) == 0;
  }

  void serve() {
    while (!stops_) {
      pollfd waited{listener_, POLLIN, 0};
      if (::poll(&waited, 1, 50) <= 0) continue;
      const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) continue;
      const std::string said = answer(read_head(connection));
      (void)::send(connection, said.data(), said.size(), MSG_NOSIGNAL);
      ::close(connection);
    }
  }

  static std::string read_head(int connection) {
    std::string head;
    while (head.find("\r\n\r\n") == std::string::npos) {
      std::array<char, 4096> piece;
      pollfd waited{connection, POLLIN, 0};
      if (::poll(&waited, 1, 2000) <= 0) break;
      const ssize_t n = ::recv(connection, piece.data(), piece.size(), 0);
      if (n <= 0) break;
      head.append(piece.data(), static_cast<size_t>(n));
    }
    return head;
  }

  std::string answer(const std::string& head) {
    const std::string path = head.substr(0, head.find(" HTTP/"));
    if (path == "PUT /latest/api/token") {
      return head.find("X-aws-ec2-metadata-token-ttl-seconds: ") == std::string::npos ? reply("400 Bad Request", "")
                                                                                      : reply("200 OK", kToken);
    }
    if (head.find("X-aws-ec2-metadata-token: " + std::string(kToken) + "\r\n") == std::string::npos) {
      return reply("401 Unauthorized", "");
    }
    const auto found = paths_.find(path.substr(std::min<size_t>(path.size(), std::string("GET /latest/").size())));
    return found == paths_.end() ? reply("404 Not Found", "") : reply("200 OK", found->second);
  }

  static std::string reply(const std::string& status, const std::string& body) {
    return "HTTP/1.1 " + status + "\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\nConnection: close\r\n\r\n" + body;
  }

  const Paths paths_;
  int listener_ = -1;
  bool is_ready_ = false;
  std::atomic<bool> stops_ = false;
  std::thread thread_;
};

}  // namespace aerolith::compute
