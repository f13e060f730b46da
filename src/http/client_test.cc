#include "http/client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace aerolith::http {
namespace {

// Takes one connection, reads a head, sends `answer` in pieces of `step` bytes and closes (or holds on).
class OneAnswer {
 public:
  OneAnswer(std::string answer, size_t step, std::chrono::milliseconds hold = {}) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    socklen_t size = sizeof(address);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this, answer = std::move(answer), step, hold] {
      const int peer = accept(listener_, nullptr, nullptr);
      char byte = 0;
      while (request_.find("\r\n\r\n") == std::string::npos && read(peer, &byte, 1) == 1) request_ += byte;
      for (size_t at = 0; at < answer.size(); at += step) {
        const std::string piece = answer.substr(at, step);
        if (send(peer, piece.data(), piece.size(), MSG_NOSIGNAL) < 0) break;
      }
      std::this_thread::sleep_for(hold);
      close(peer);
    });
  }
  ~OneAnswer() {
    join();
    close(listener_);
  }
  void join() {
    if (thread_.joinable()) thread_.join();
  }

  std::string address_;
  std::string request_;

 private:
  int listener_;
  std::thread thread_;
};

TEST(HttpClientTest, ReadsAnAnswerInAnyPieces) {
  for (const size_t step : {size_t{1}, size_t{7}, size_t{1000}}) {
    OneAnswer server("HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello", step);
    const auto response = fetch(server.address_, {.target = "/x?y"});
    ASSERT_TRUE(response.has_value()) << response.error().detail;
    EXPECT_EQ(response->status, 404);
    EXPECT_EQ(response->headers.find("x-a"), "b");
    EXPECT_EQ(response->body, "hello");
    server.join();
    EXPECT_TRUE(server.request_.starts_with("GET /x?y HTTP/1.1\r\nHost: " + server.address_ + "\r\n"));
  }
}

TEST(HttpClientTest, ReadsChunkedAndUntilClose) {
  OneAnswer chunked("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 5);
  EXPECT_EQ(fetch(chunked.address_, {})->body, "abcde");
  OneAnswer until_close("HTTP/1.1 200 OK\r\n\r\nall of it", 4);
  EXPECT_EQ(fetch(until_close.address_, {})->body, "all of it");
}

TEST(HttpClientTest, CutAnswerIsAnError) {
  OneAnswer server("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", 100);
  EXPECT_EQ(fetch(server.address_, {}).error().code, ClientErrorCode::disconnected);
}

TEST(HttpClientTest, GarbageIsAnError) {
  OneAnswer server("SSH-2.0-OpenSSH\r\n\r\n", 100);
  EXPECT_EQ(fetch(server.address_, {}).error().code, ClientErrorCode::malformed);
}

TEST(HttpClientTest, LimitsHold) {
  OneAnswer large("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n" + std::string(50, 'x'), 100);
  ClientLimits limits;
  limits.body_limit_bytes = 49;
  EXPECT_EQ(fetch(large.address_, {}, limits).error().code, ClientErrorCode::too_large);

  OneAnswer slow("HTTP/1.1 200 OK\r\n", 100, std::chrono::milliseconds(300));
  limits.total_deadline = std::chrono::milliseconds(50);
  EXPECT_EQ(fetch(slow.address_, {}, limits).error().code, ClientErrorCode::timed_out);
}

TEST(HttpClientTest, NobodyThere) {
  const int bound = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(bound, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  socklen_t size = sizeof(address);
  getsockname(bound, reinterpret_cast<sockaddr*>(&address), &size);
  // Bound but not listening: connections are refused.
  EXPECT_EQ(fetch("127.0.0.1:" + std::to_string(ntohs(address.sin_port)), {}).error().code,
            ClientErrorCode::connect_failed);
  close(bound);
  EXPECT_EQ(fetch("nonsense", {}).error().code, ClientErrorCode::bad_address);
}

}  // namespace
}  // namespace aerolith::http
