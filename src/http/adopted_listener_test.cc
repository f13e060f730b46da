// Listening sockets that come and go while the server runs.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <latch>
#include <thread>

#include "http/server_test_support.h"

namespace aerolith::http {
namespace {

using namespace testing_support;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

struct Listening {
  int descriptor = -1;
  uint16_t port = 0;
};

Listening listen_somewhere() {
  Listening made{.descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(::bind(made.descriptor, reinterpret_cast<const sockaddr*>(&address), size), 0);
  EXPECT_EQ(::listen(made.descriptor, 8), 0);
  EXPECT_EQ(::getsockname(made.descriptor, reinterpret_cast<sockaddr*>(&address), &size), 0);
  made.port = ntohs(address.sin_port);
  return made;
}

bool is_refused(uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const bool refused = ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0;
  ::close(descriptor);
  return refused;
}

Response label(Request& request) { return text_response("[" + request.head.listener + "]"); }

TEST(AdoptedListener, TheRequestTellsItsLabelAndOthersStay) {
  ServerSettings settings = test_settings();
  settings.io_threads = 2;
  TestServer server(label, settings);
  const Listening one = listen_somewhere();
  const Listening two = listen_somewhere();
  ASSERT_TRUE(server.server->adopt(one.descriptor, "one"));
  ASSERT_TRUE(server.server->adopt(two.descriptor, "two"));
  Client of_one(one.port);
  Client of_two(two.port);
  Client own(server.port);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(of_one.send(kGet));
    EXPECT_EQ(of_one.receive().body, "[one]");
    ASSERT_TRUE(of_two.send(kGet));
    EXPECT_EQ(of_two.receive().body, "[two]");
    ASSERT_TRUE(own.send(kGet));
    EXPECT_EQ(own.receive().body, "[]");
  }
  server.server->drop("one");
  EXPECT_TRUE(of_one.sees_close());
  EXPECT_TRUE(is_refused(one.port));
  ASSERT_TRUE(of_two.send(kGet));
  EXPECT_EQ(of_two.receive().body, "[two]");
  // The label may come again.
  const Listening again = listen_somewhere();
  ASSERT_TRUE(server.server->adopt(again.descriptor, "one"));
  Client of_again(again.port);
  ASSERT_TRUE(of_again.send(kGet));
  EXPECT_EQ(of_again.receive().body, "[one]");
}

TEST(AdoptedListener, AServerMayListenNowhereElse) {
  ServerSettings settings = test_settings();
  settings.listen.clear();
  FunctionHandler handler;
  handler.on_request = label;
  auto server = Server::start(settings, handler);
  ASSERT_TRUE(server.has_value());
  EXPECT_TRUE((*server)->addresses().empty());
  const Listening only = listen_somewhere();
  ASSERT_TRUE((*server)->adopt(only.descriptor, "only"));
  Client client(only.port);
  ASSERT_TRUE(client.send(kGet));
  EXPECT_EQ(client.receive().body, "[only]");
  (*server)->stop();
  EXPECT_TRUE(is_refused(only.port));
  const Listening late = listen_somewhere();
  EXPECT_FALSE((*server)->adopt(late.descriptor, "late").has_value());
  EXPECT_TRUE(is_refused(late.port));
}

TEST(AdoptedListener, DroppedWhileAHandlerRuns) {
  std::latch entered(1);
  std::latch may_end(1);
  TestServer server([&](Request&) {
    entered.count_down();
    may_end.wait();
    return text_response("late");
  });
  const Listening where = listen_somewhere();
  ASSERT_TRUE(server.server->adopt(where.descriptor, "one"));
  Client client(where.port);
  ASSERT_TRUE(client.send(kGet));
  entered.wait();
  server.server->drop("one");
  EXPECT_TRUE(client.sees_close());
  may_end.count_down();
}

TEST(AdoptedListener, ComeAndGoUnderLoad) {
  TestServer server(label);
  for (int i = 0; i < 30; ++i) {
    const Listening where = listen_somewhere();
    ASSERT_TRUE(server.server->adopt(where.descriptor, "one"));
    std::vector<std::thread> clients;
    for (int k = 0; k < 3; ++k) {
      clients.emplace_back([port = where.port] {
        Client client(port);
        if (client.send(kGet)) client.receive();
      });
    }
    for (auto& client : clients) client.join();
    server.server->drop("one");
    EXPECT_TRUE(is_refused(where.port));
  }
  for (int i = 0; i < 100 && server.server->stats().open_connections > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(server.server->stats().open_connections, 0U);
}

TEST(AdoptedListener, AnAnswersPacketsCrossSoManyNetworks) {
  // What the client's system notes of the last packet that came: IP_RECVTTL doesn't work for TCP, so the socket of the
  // server's end is asked, which handlers don't know; here it is found by its peer's port.
  TestServer server([](Request& request) {
    Response response = text_response("x");
    if (request.head.target == "/near") response.hop_limit = 1;
    return response;
  });
  Client client(server.port);
  sockaddr_in own{};
  socklen_t size = sizeof(own);
  ASSERT_EQ(::getsockname(client.descriptor(), reinterpret_cast<sockaddr*>(&own), &size), 0);
  const auto hops = [&] {
    for (int descriptor = 0; descriptor < 256; ++descriptor) {
      sockaddr_in peer{};
      socklen_t peer_size = sizeof(peer);
      if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &peer_size) != 0) continue;
      if (peer.sin_family != AF_INET || peer.sin_port != own.sin_port) continue;
      int value = 0;
      socklen_t value_size = sizeof(value);
      ::getsockopt(descriptor, IPPROTO_IP, IP_TTL, &value, &value_size);
      return value;
    }
    return 0;
  };
  ASSERT_TRUE(client.send("GET /near HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_EQ(hops(), 1);
  ASSERT_TRUE(client.send("GET /far HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_GT(hops(), 1);
}

}  // namespace
}  // namespace aerolith::http
