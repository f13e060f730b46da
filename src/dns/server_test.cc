#include "dns/server.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <optional>
#include <thread>

#include "dns/socket_address.h"
#include "dns/test_packets.h"

namespace aerolith::dns {
namespace {

using testing_support::get16;
using testing_support::make_query;
using testing_support::put16;
using testing_support::read_answer;

const std::string kLoopback("\x7f\0\0\1", 4);

ServerSettings test_settings(std::vector<std::string> upstream = {}) {
  return {.listen = {"127.0.0.1:0"},
          .upstream = std::move(upstream),
          .responder = {.is_ours = [](std::string_view name) { return name == "s3.localhost"; },
                        .addresses = ServerAddresses::of({"127.0.0.1:4566"})}};
}

std::unique_ptr<Server> must_start(const ServerSettings& settings) {
  auto started = Server::start(settings);
  if (!started.has_value()) throw std::runtime_error(started.error().detail);
  return *std::move(started);
}

class Socket {
 public:
  Socket(const std::string& address, int kind) {
    const auto where = SocketAddress::parse(address);
    descriptor_ = ::socket(where->family(), kind | SOCK_CLOEXEC, 0);
    if (::connect(descriptor_, where->data(), where->size()) != 0) throw std::runtime_error("no connection");
  }
  ~Socket() { ::close(descriptor_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  void send(const std::string& bytes) const { ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  // What comes within the time; empty: nothing, or the end.
  std::string receive(int timeout_ms = 10'000) const {
    pollfd ready{descriptor_, POLLIN, 0};
    if (::poll(&ready, 1, timeout_ms) != 1) return "";
    std::array<char, 65536> buffer;
    const ssize_t got = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    return got > 0 ? std::string(buffer.data(), static_cast<size_t>(got)) : "";
  }
  std::string receive_message() const {
    std::string bytes;
    while (bytes.size() < 2 || bytes.size() < 2 + get16(bytes, 0)) {
      const std::string more = receive();
      if (more.empty()) return "";
      bytes += more;
    }
    return bytes.substr(2);
  }

 private:
  int descriptor_ = -1;
};

std::string ask_datagram(const std::string& address, const std::string& query) {
  const Socket socket(address, SOCK_DGRAM);
  socket.send(query);
  return socket.receive();
}

std::string framed(const std::string& message) {
  std::string bytes;
  put16(bytes, static_cast<unsigned>(message.size()));
  return bytes + message;
}

std::string ask_stream(const std::string& address, const std::string& query) {
  const Socket socket(address, SOCK_STREAM);
  socket.send(framed(query));
  return socket.receive_message();
}

TEST(DnsServer, AnswersOnBothTransports) {
  const auto server = must_start(test_settings());
  ASSERT_EQ(server->addresses().size(), 1U);
  const std::string query = make_query({.name = "s3.localhost"});
  EXPECT_EQ(read_answer(ask_datagram(server->addresses()[0], query)).addresses, std::vector{kLoopback});
  EXPECT_EQ(read_answer(ask_stream(server->addresses()[0], query)).addresses, std::vector{kLoopback});
}

TEST(DnsServer, AStreamInPiecesAndInOneGo) {
  const auto server = must_start(test_settings());
  const Socket slow(server->addresses()[0], SOCK_STREAM);
  for (const char byte : framed(make_query({.name = "s3.localhost", .id = 1}))) slow.send(std::string(1, byte));
  EXPECT_EQ(read_answer(slow.receive_message()).id, 1U);
  std::string many;
  for (unsigned id = 0; id < 100; ++id) many += framed(make_query({.name = "s3.localhost", .id = id}));
  const Socket fast(server->addresses()[0], SOCK_STREAM);
  fast.send(many);
  std::string answers;
  while (answers.size() < 100 * (2 + 46)) {
    const std::string more = fast.receive();
    ASSERT_FALSE(more.empty());
    answers += more;
  }
  for (unsigned id = 0; id < 100; ++id) {
    const unsigned size = get16(answers, 0);
    EXPECT_EQ(get16(answers, 2), id);
    answers.erase(0, 2 + size);
  }
}

TEST(DnsServer, GarbageHarmsNobody) {
  const auto server = must_start(test_settings());
  const std::string address = server->addresses()[0];
  for (size_t size = 0; size < 40; ++size) {
    const Socket socket(address, SOCK_DGRAM);
    socket.send(std::string(size, '\xff'));
    socket.send(std::string(size, '\0'));
  }
  const Socket half(address, SOCK_STREAM);
  half.send(
      std::string("\xff\xff"
                  "abc"));
  const Socket answers(address, SOCK_STREAM);
  answers.send(framed(make_query({.name = "s3.localhost", .flags = 0x8000})));
  EXPECT_EQ(answers.receive(), "");
  EXPECT_EQ(read_answer(ask_stream(address, make_query({.name = "s3.localhost"}))).code, 0U);
  EXPECT_EQ(read_answer(ask_datagram(address, make_query({.name = "s3.localhost"}))).code, 0U);
}

TEST(DnsServer, ForwardsUnderTheAskersId) {
  // Another of ours that knows a name which the first doesn't.
  ServerSettings knowing = test_settings();
  knowing.responder.is_ours = [](std::string_view name) { return name == "example.com"; };
  const auto upstream = must_start(knowing);
  // Nobody listens at the first: the second is asked at once.
  const auto server = must_start(test_settings({"127.0.0.1:9", upstream->addresses()[0]}));
  for (const auto ask : {ask_datagram, ask_stream}) {
    const auto answer = read_answer(ask(server->addresses()[0], make_query({.name = "example.com", .id = 77})));
    EXPECT_EQ(answer.id, 77U);
    EXPECT_EQ(answer.addresses, std::vector{kLoopback});
    EXPECT_EQ(read_answer(ask(server->addresses()[0], make_query({.name = "other.example"}))).code, 5U);
  }
}

TEST(DnsServer, SaysSoWhenNoResolverAnswers) {
  const auto server = must_start(test_settings({"127.0.0.1:9"}));
  const std::string query = make_query({.name = "example.com"});
  EXPECT_EQ(read_answer(ask_datagram(server->addresses()[0], query)).code, 2U);
  EXPECT_EQ(read_answer(ask_stream(server->addresses()[0], query)).code, 2U);
}

TEST(DnsServer, ASilentResolverIsGivenUp) {
  const int silent = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const auto any = SocketAddress::parse("127.0.0.1:0");
  ASSERT_EQ(::bind(silent, any->data(), any->size()), 0);
  const auto server = must_start(test_settings({SocketAddress::of_socket(silent)->text()}));
  // What is ours is answered meanwhile.
  const Socket waiting(server->addresses()[0], SOCK_DGRAM);
  waiting.send(make_query({.name = "example.com"}));
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(read_answer(ask_datagram(server->addresses()[0], make_query({.name = "s3.localhost"}))).code, 0U);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(1));
  EXPECT_EQ(read_answer(waiting.receive()).code, 2U);
  ::close(silent);
}

TEST(DnsServer, AdoptsSocketsAndLetsGoOfThem) {
  ServerSettings settings = test_settings();
  settings.listen.clear();
  settings.responder.find_records = [](std::string_view, const Arrival& arrival) {
    return OwnRecords{.addresses = {arrival.label == "one" ? std::string("\x0a\0\0\1", 4) : kLoopback}};
  };
  const auto server = must_start(settings);
  EXPECT_TRUE(server->addresses().empty());
  // As the fabric gives them: blocking, without any option.
  const auto open = [](const SocketAddress& where, int kind) {
    const int descriptor = ::socket(AF_INET, kind | SOCK_CLOEXEC, 0);
    if (::bind(descriptor, where.data(), where.size()) == 0 && (kind == SOCK_DGRAM || ::listen(descriptor, 8) == 0)) {
      return descriptor;
    }
    ::close(descriptor);
    return -1;
  };
  // On an address of its own, and a fixed port: no other test's socket can lie there, before or after.
  const auto adopt = [&](const std::string& host) {
    const SocketAddress where = *SocketAddress::parse(host + ":10053");
    const int datagram = open(where, SOCK_DGRAM);
    const int stream = open(where, SOCK_STREAM);
    EXPECT_TRUE(datagram >= 0 && stream >= 0) << where.text();
    server->adopt(datagram, stream, host.ends_with(".1") ? "one" : "two");
    return where.text();
  };
  const std::string net = fmt::format("127.{}.{}.", ::getpid() / 256 % 256, ::getpid() % 256);
  const std::string one = adopt(net + "1");
  const std::string two = adopt(net + "2");
  const std::string query = make_query({.name = "anything.internal"});
  for (const auto ask : {ask_datagram, ask_stream}) {
    EXPECT_EQ(read_answer(ask(one, query)).addresses, std::vector{std::string("\x0a\0\0\1", 4)});
    EXPECT_EQ(read_answer(ask(two, query)).addresses, std::vector{kLoopback});
  }
  const Socket idle(one, SOCK_STREAM);
  idle.send(framed(query));
  EXPECT_FALSE(idle.receive_message().empty());
  server->drop("one");
  EXPECT_EQ(idle.receive(), "");
  EXPECT_THROW(Socket(one, SOCK_STREAM), std::runtime_error);
  EXPECT_EQ(read_answer(ask_stream(two, query)).addresses, std::vector{kLoopback});
}

TEST(DnsServer, RefusesToAskItself) {
  std::string address = must_start(test_settings())->addresses()[0];
  ServerSettings settings = test_settings({address});
  for (const std::string& listen : {address, "0.0.0.0" + address.substr(address.rfind(':'))}) {
    settings.listen = {listen};
    const auto started = Server::start(settings);
    ASSERT_FALSE(started.has_value());
    EXPECT_NE(started.error().detail.find("this very responder"), std::string::npos) << started.error().detail;
  }
}

TEST(DnsServer, NamesWhatItCannotBind) {
  const auto first = must_start(test_settings());
  ServerSettings settings = test_settings();
  settings.listen = {first->addresses()[0]};
  const auto second = Server::start(settings);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ServerErrorCode::bind_failed);
  EXPECT_NE(second.error().detail.find(first->addresses()[0]), std::string::npos);
  settings.listen = {"nonsense"};
  const auto third = Server::start(settings);
  ASSERT_FALSE(third.has_value());
  EXPECT_EQ(third.error().code, ServerErrorCode::bad_address);
}

TEST(DnsServer, GivesItsPortBack) {
  std::string address;
  for (int i = 0; i < 3; ++i) {
    ServerSettings settings = test_settings();
    if (!address.empty()) settings.listen = {address};
    const auto server = must_start(settings);
    address = server->addresses()[0];
    EXPECT_FALSE(ask_stream(address, make_query({.name = "s3.localhost"})).empty());
  }
}

}  // namespace
}  // namespace aerolith::dns
