// The edge over real sockets: connections, bodies in, limits, deadlines, stop.
#include "http/server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <latch>
#include <thread>

#include "http/server_test_support.h"

namespace aerolith::http {
namespace {

using namespace std::string_literals;

using namespace testing_support;
using std::chrono::milliseconds;

Response echo(Request& request) {
  auto body = read_all(*request.body, 64 << 20);
  if (!body.has_value()) return text_response(body.error().detail, 400);
  return text_response(request.head.method + " " + request.head.target + " " + *body);
}

std::string get(std::string_view target, std::string_view fields = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
}

std::string put(std::string_view body, std::string_view fields = "") {
  return "PUT /o HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(fields) +
         "\r\n" + std::string(body);
}

std::string put_head(uint64_t size, std::string_view fields = "") {
  return "PUT /o HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) + "\r\n" + std::string(fields) +
         "\r\n";
}

TEST(Server, KeepsAConnectionAcrossRequests) {
  TestServer server(echo);
  Client client(server.port);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(client.send(get("/a?i=" + std::to_string(i))));
    const Answer answer = client.receive();
    ASSERT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "GET /a?i=" + std::to_string(i) + " ");
    EXPECT_TRUE(answer.fields.contains("date"));
    EXPECT_FALSE(answer.fields.contains("connection"));
  }
  EXPECT_EQ(server.server->stats().accepted_connections, 1u);
  EXPECT_EQ(server.server->stats().open_connections, 1u);
}

TEST(Server, TellsTheHandlerWhoAsks) {
  TestServer server([](Request& request) {
    return text_response(request.head.peer_address + (request.head.is_tls ? " tls" : " plain"));
  });
  Client client(server.port);
  client.send(get("/"));
  EXPECT_EQ(client.receive().body, "127.0.0.1 plain");
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  TestServer server(echo);
  Client client(server.port);
  std::string all;
  for (int i = 0; i < 200; ++i) all += i % 2 == 0 ? get("/" + std::to_string(i)) : put("body" + std::to_string(i));
  ASSERT_TRUE(client.send(all));
  for (int i = 0; i < 200; ++i) {
    const Answer answer = client.receive();
    ASSERT_EQ(answer.status, 200);
    const std::string number = std::to_string(i);
    EXPECT_EQ(answer.body, i % 2 == 0 ? "GET /" + number + " " : "PUT /o body" + number);
  }
}

TEST(Server, ReadsAHeadByteByByte) {
  TestServer server(echo);
  Client client(server.port);
  for (const char byte : put("hello", "X-Field: value\r\n")) ASSERT_TRUE(client.send({&byte, 1}));
  EXPECT_EQ(client.receive().body, "PUT /o hello");
}

TEST(Server, SpeaksHttp10) {
  TestServer server(echo);
  Client closing(server.port);
  closing.send("GET /x HTTP/1.0\r\n\r\n");
  const Answer answer = closing.receive();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.fields.at("connection"), "close");
  EXPECT_TRUE(closing.sees_close());

  Client keeping(server.port);
  for (int i = 0; i < 2; ++i) {
    keeping.send("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(keeping.receive().fields.at("connection"), "keep-alive");
  }
}

TEST(Server, ClosesWhenAskedTo) {
  TestServer server(echo);
  Client client(server.port);
  client.send(get("/", "Connection: close\r\n"));
  EXPECT_EQ(client.receive().fields.at("connection"), "close");
  EXPECT_TRUE(client.sees_close());
  client.close();
  EXPECT_TRUE(eventually([&] { return server.server->stats().open_connections == 0; }));
}

TEST(Server, ReadsChunkedBodies) {
  TestServer server(echo);
  Client client(server.port);
  const std::string head = "PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  client.send(head + "5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\nTrailer: v\r\n\r\n" + get("/next"));
  EXPECT_EQ(client.receive().body, "PUT /c hello, world");
  EXPECT_EQ(client.receive().body, "GET /next ");

  std::string expected;
  client.send(head);
  for (int i = 0; i < 300; ++i) {
    const std::string piece(static_cast<size_t>(1000 + i * 13), static_cast<char>('a' + i % 26));
    char size[32];
    std::snprintf(size, sizeof(size), "%zx\r\n", piece.size());
    expected += piece;
    ASSERT_TRUE(client.send(size + piece + "\r\n"));
  }
  client.send("0\r\n\r\n");
  EXPECT_EQ(client.receive().body, "PUT /c " + expected);
}

TEST(Server, RefusesBadChunksBeforeAHandlerRuns) {
  std::atomic<int> handled = 0;
  TestServer server([&](Request& request) {
    ++handled;
    return echo(request);
  });
  Client client(server.port);
  client.send("PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n");
  const Answer answer = client.receive();
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.fields.at("connection"), "close");
  EXPECT_TRUE(client.sees_close());
  EXPECT_EQ(handled, 0);
}

TEST(Server, RefusesHostileHeadsAndCloses) {
  TestServer server(echo);
  const struct {
    std::string bytes;
    int status;
  } cases[] = {
      {"GET / HTTP/1.1\nHost: h\n\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\nX: \0\r\n\r\n"s, 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/3.0\r\nHost: h\r\n\r\n", 505},
      {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
           get("/smuggled"),
       400},
      {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nContent-Length: 9\r\n\r\nabcd", 400},
      {"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
      {"GET /" + std::string(100'000, 'a'), 431},
      {"GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(200'000, 'a') + "\r\n\r\n", 431},
      {put_head(7ULL << 30), 413},
  };
  for (const auto& [bytes, status] : cases) {
    Client client(server.port);
    client.send(bytes);
    const Answer answer = client.receive();
    EXPECT_EQ(answer.status, status) << bytes.substr(0, 100);
    EXPECT_EQ(answer.fields.at("connection"), "close");
    EXPECT_TRUE(client.sees_close()) << bytes.substr(0, 100);
  }
}

TEST(Server, ChunkedBodyOverTheLimitIsRefused) {
  ServerSettings settings = test_settings();
  settings.body_limit_bytes = 1000;
  TestServer server(echo, settings);
  Client client(server.port);
  client.send("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n" + std::string(0x800, 'a'));
  EXPECT_EQ(client.receive().status, 413);
}

TEST(Server, SendsContinueOnlyWhenTheBodyIsRead) {
  TestServer server([](Request& request) {
    if (request.head.target == "/o") return echo(request);
    return text_response("refused", 403);
  });
  Client client(server.port);
  client.send(put_head(5, "Expect: 100-continue\r\n"));
  EXPECT_EQ(client.receive_head(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hello" + get("/other"));
  EXPECT_EQ(client.receive().body, "PUT /o hello");
  EXPECT_EQ(client.receive().status, 403);

  client.send("PUT /no HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  const Answer refused = client.receive();
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.fields.at("connection"), "close");
  EXPECT_TRUE(client.sees_close());
}

TEST(Server, SendsContinueForAnEmptyBody) {
  TestServer server(echo);
  Client client(server.port);
  client.send(put_head(0, "Expect: 100-continue\r\n") + get("/next"));
  EXPECT_EQ(client.receive_head(), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(client.receive().body, "PUT /o ");
  EXPECT_EQ(client.receive().body, "GET /next ");
}

TEST(Server, SendsContinueForAChunkedBody) {
  TestServer server(echo);
  Client client(server.port);
  client.send("PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.receive_head(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("3\r\nabc\r\n0\r\n\r\n");
  EXPECT_EQ(client.receive().body, "PUT /c abc");
}

TEST(Server, ALargeBodyWaitsForItsReader) {
  constexpr size_t kSize = 24 << 20;
  ServerSettings settings = test_settings();
  settings.body_buffer_bytes = 64 * 1024;
  std::latch may_read(1);
  std::atomic<uint64_t> sum = 0;
  TestServer server(
      [&](Request& request) {
        may_read.wait();
        std::vector<char> buffer(100'000);
        size_t total = 0;
        uint64_t own_sum = 0;
        while (true) {
          const auto got = request.body->read(buffer);
          if (!got.has_value()) return text_response("failed", 400);
          if (*got == 0) break;
          for (size_t i = 0; i < *got; ++i) own_sum += static_cast<unsigned char>(buffer[i]);
          total += *got;
        }
        sum = own_sum;
        return text_response(std::to_string(total));
      },
      settings);
  Client client(server.port);
  std::atomic<size_t> sent = 0;
  uint64_t expected = 0;
  std::string body(kSize, '\0');
  for (size_t i = 0; i < kSize; ++i) {
    body[i] = static_cast<char>(i % 251);
    expected += i % 251;
  }
  std::jthread sender([&] {
    client.send(put_head(kSize));
    for (size_t at = 0; at < kSize; at += 65536) {
      client.send(std::string_view(body).substr(at, 65536));
      sent = at;
    }
  });
  std::this_thread::sleep_for(milliseconds(300));
  // The rest is held back by the socket buffers, not taken into memory.
  EXPECT_LT(sent, kSize - (4 << 20));
  may_read.count_down();
  EXPECT_EQ(client.receive().body, std::to_string(kSize));
  EXPECT_EQ(sum, expected);
}

TEST(Server, ASlowBodyHoldsNoHandler) {
  ServerSettings settings = test_settings();
  settings.handler_threads = 1;
  TestServer server(echo, settings);
  Client slow(server.port);
  slow.send(put_head(10) + "hello");
  Client quick(server.port);
  quick.send(get("/q"));
  EXPECT_EQ(quick.receive().status, 200);
  EXPECT_TRUE(eventually([&] { return server.server->stats().running_handlers == 0; }));
  slow.send("world");
  EXPECT_EQ(slow.receive().body, "PUT /o helloworld");
}

TEST(Server, DeadlinesForHeadIdleAndBody) {
  ServerSettings settings = test_settings();
  settings.head_deadline = milliseconds(150);
  settings.idle_deadline = milliseconds(150);
  settings.stall_deadline = milliseconds(150);
  settings.body_buffer_bytes = 16;
  std::atomic<int> timed_out = 0;
  TestServer server(
      [&](Request& request) {
        const auto body = read_all(*request.body, 1000);
        if (!body.has_value() && body.error().code == BodyErrorCode::timed_out) ++timed_out;
        return text_response("late", body.has_value() ? 200 : 400);
      },
      settings);
  Client idle(server.port);
  EXPECT_TRUE(idle.sees_close());

  Client slow_head(server.port);
  slow_head.send("GET / HTTP/1.1\r\nHo");
  EXPECT_EQ(slow_head.receive().status, 408);
  EXPECT_TRUE(slow_head.sees_close());

  Client dripping(server.port);
  for (int i = 0; i < 40 && dripping.send("G"); ++i) std::this_thread::sleep_for(milliseconds(20));
  EXPECT_EQ(dripping.receive().status, 408);

  Client trickle(server.port);
  trickle.send(put_head(1000, "Expect: 100-continue\r\n"));
  ASSERT_TRUE(eventually([&] { return server.server->stats().running_handlers == 1; }));
  for (int i = 0; i < 40 && trickle.send("a"); ++i) std::this_thread::sleep_for(milliseconds(20));
  EXPECT_TRUE(eventually([&] { return timed_out == 1; }));
  timed_out = 0;

  Client slow_body(server.port);
  slow_body.send(put_head(10) + "abc");
  EXPECT_EQ(slow_body.receive().status, 408);
  EXPECT_EQ(timed_out, 0);

  Client slow_in_handler(server.port);
  slow_in_handler.send(put_head(100) + std::string(50, 'a'));
  const Answer answer = slow_in_handler.receive();
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.fields.at("connection"), "close");
  EXPECT_EQ(timed_out, 1);
}

TEST(Server, OverloadAnswersBeforeTheBodyIsRead) {
  ServerSettings settings = test_settings();
  settings.handler_threads = 1;
  settings.handler_queue = 1;
  std::latch release(1);
  TestServer server(
      [&](Request& request) {
        release.wait();
        return echo(request);
      },
      settings);
  Client running(server.port);
  running.send(get("/running"));
  ASSERT_TRUE(eventually([&] { return server.server->stats().running_handlers == 1; }));
  Client queued(server.port);
  queued.send(get("/queued"));
  ASSERT_TRUE(eventually([&] { return server.server->stats().queued_requests == 1; }));

  Client refused(server.port);
  refused.send(put_head(1 << 20));
  const Answer with_body = refused.receive();
  EXPECT_EQ(with_body.status, 503);
  EXPECT_EQ(with_body.body, "overloaded /o");
  EXPECT_EQ(with_body.fields.at("connection"), "close");
  EXPECT_TRUE(refused.sees_close());

  // Without a body the connection goes on, also through a long pipeline of refusals.
  Client pipelined(server.port);
  std::string many;
  for (int i = 0; i < 3000; ++i) many += get("/p");
  pipelined.send(many);
  for (int i = 0; i < 3000; ++i) ASSERT_EQ(pipelined.receive().status, 503);
  EXPECT_EQ(server.server->stats().rejected_requests, 3001u);

  release.count_down();
  EXPECT_EQ(running.receive().status, 200);
  EXPECT_EQ(queued.receive().status, 200);
  pipelined.send(get("/p"));
  EXPECT_EQ(pipelined.receive().status, 200);
}

TEST(Server, ASmallUnreadBodyIsDroppedALargeOneCloses) {
  TestServer server([](Request&) { return text_response("unread", 403); });
  Client small(server.port);
  small.send(put(std::string(1000, 'a')) + get("/"));
  EXPECT_EQ(small.receive().status, 403);
  EXPECT_EQ(small.receive().status, 403);

  ServerSettings settings = test_settings();
  settings.body_buffer_bytes = 1000;
  TestServer narrow([](Request&) { return text_response("unread", 403); }, settings);
  Client drained(narrow.port);
  drained.send(put(std::string(100'000, 'a')) + get("/"));
  EXPECT_EQ(drained.receive().status, 403);
  EXPECT_EQ(drained.receive().status, 403);

  Client large(narrow.port);
  const std::string body(8 << 20, 'a');
  std::jthread sender([&] { large.send(put(body)); });
  const Answer answer = large.receive();
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.body, "unread");
  EXPECT_EQ(answer.fields.at("connection"), "close");
}

TEST(Server, BodiesHaveABoundedMemory) {
  ServerSettings settings = test_settings();
  settings.body_memory_bytes = 1000;
  TestServer server([](Request& request) { return text_response(read_all(*request.body, 1000).value()); }, settings);
  Client first(server.port);
  first.send(put_head(700) + std::string(600, 'a'));
  std::this_thread::sleep_for(milliseconds(100));  // until those are read
  Client second(server.port);
  ASSERT_TRUE(eventually([&] { return server.server->stats().open_connections == 2; }));
  second.send(put(std::string(600, 'b')));
  EXPECT_EQ(second.receive().status, 503);
  first.send(std::string(100, 'a'));
  EXPECT_EQ(first.receive().status, 200);
  Client third(server.port);
  third.send(put(std::string(600, 'c')));
  EXPECT_EQ(third.receive().status, 200);
}

TEST(Server, TheHandlerLearnsThatTheClientWent) {
  ServerSettings settings = test_settings();
  settings.body_buffer_bytes = 1000;
  std::atomic<int> disconnected = 0;
  SentReports reports;
  TestServer server(
      [&](Request& request) {
        const auto body = read_all(*request.body, 1 << 20);
        if (!body.has_value() && body.error().code == BodyErrorCode::disconnected) ++disconnected;
        Response response = text_response("x");
        response.on_sent = reports.callback();
        return response;
      },
      settings);
  Client client(server.port);
  client.send(put_head(100'000) + std::string(5000, 'a'));
  ASSERT_TRUE(eventually([&] { return server.server->stats().running_handlers == 1; }));
  client.close();
  EXPECT_TRUE(eventually([&] { return disconnected == 1; }));
  reports.only();
  EXPECT_TRUE(eventually([&] { return server.server->stats().open_connections == 0; }));
}

TEST(Server, AnExceptionAnswers500) {
  TestServer server([](Request&) -> Response { throw std::runtime_error("a bug"); });
  Client client(server.port);
  client.send(get("/"));
  EXPECT_EQ(client.receive().status, 500);
}

TEST(Server, StopLetsRunningRequestsFinish) {
  std::latch release(1);
  auto server = std::make_unique<TestServer>([&](Request& request) {
    release.wait();
    return echo(request);
  });
  Client idle(server->port);
  Client running(server->port);
  running.send(get("/running"));
  ASSERT_TRUE(eventually([&] { return server->server->stats().running_handlers == 1; }));
  std::jthread stopper([&] { server->server->stop(); });
  EXPECT_TRUE(idle.sees_close());
  release.count_down();
  const Answer answer = running.receive();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.fields.at("connection"), "close");
  EXPECT_TRUE(running.sees_close());
  running.close();
  stopper.join();
  EXPECT_EQ(server->server->stats().open_connections, 0u);
}

TEST(Server, StopEndsAtItsDeadline) {
  ServerSettings settings = test_settings();
  settings.stop_deadline = milliseconds(100);
  settings.body_buffer_bytes = 16;
  SentReports reports;
  std::atomic<bool> failed = false;
  TestServer server(
      [&](Request& request) {
        failed = !read_all(*request.body, 1000).has_value();
        Response response = text_response("late");
        response.on_sent = reports.callback();
        return response;
      },
      settings);
  Client client(server.port);
  client.send(put_head(100) + std::string(20, 'a'));
  ASSERT_TRUE(eventually([&] { return server.server->stats().running_handlers == 1; }));
  server.server->stop();
  EXPECT_TRUE(failed);
  EXPECT_FALSE(reports.only().complete);
}

TEST(Server, RefusesConnectionsPastItsLimit) {
  ServerSettings settings = test_settings();
  settings.max_connections = 2;
  TestServer server(echo, settings);
  Client a(server.port);
  Client b(server.port);
  ASSERT_TRUE(eventually([&] { return server.server->stats().open_connections == 2; }));
  Client c(server.port);
  EXPECT_TRUE(c.sees_close());
  a.send(get("/"));
  EXPECT_EQ(a.receive().status, 200);
}

TEST(Server, NamesWhatIsWrongWithAnAddress) {
  FunctionHandler handler;
  ServerSettings settings = test_settings();
  for (const char* address : {"127.0.0.1", "127.0.0.1:", ":80", "127.0.0.1:70000", "127.0.0.1:x", "::1:80"}) {
    settings.listen = {address};
    const auto started = Server::start(settings, handler);
    ASSERT_FALSE(started.has_value()) << address;
    EXPECT_EQ(started.error().code, ServerErrorCode::bad_address);
  }
  TestServer taken(echo);
  settings.listen = {taken.server->addresses().front()};
  const auto started = Server::start(settings, handler);
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code, ServerErrorCode::bind_failed);
}

TEST(Server, SeveralIoThreadsServeManyClients) {
  ServerSettings settings = test_settings();
  settings.io_threads = 3;
  TestServer server(echo, settings);
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> clients;
    for (int t = 0; t < 8; ++t) {
      clients.emplace_back([&, t] {
        Client client(server.port);
        for (int i = 0; i < 100; ++i) {
          const std::string body(static_cast<size_t>(t * 997 + i * 31), 'b');
          client.send(put(body));
          if (client.receive().body == "PUT /o " + body) ++good;
        }
      });
    }
  }
  EXPECT_EQ(good, 800);
}

size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  size_t total = 0;
  size_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

TEST(Server, IdleConnectionsAreCheap) {
  constexpr size_t kConnections = 2000;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr size_t kLimitBytes = 256 * 1024;  // shadow memory and quarantine
#else
  constexpr size_t kLimitBytes = 4 * 1024;
#endif
  TestServer server(echo);
  std::vector<std::unique_ptr<Client>> clients;
  const auto open = [&](size_t count) {
    for (size_t i = 0; i < count; ++i) {
      clients.push_back(std::make_unique<Client>(server.port));
      clients.back()->send(put("some body"));
      ASSERT_EQ(clients.back()->receive().status, 200);
    }
  };
  open(100);
  const size_t before = resident_bytes();
  open(kConnections);
  EXPECT_EQ(server.server->stats().open_connections, kConnections + 100);
  const size_t each = (resident_bytes() - std::min(before, resident_bytes())) / kConnections;
  EXPECT_LE(each, kLimitBytes);
  RecordProperty("bytes_per_idle_connection", static_cast<int>(each));
  std::printf("bytes per idle connection, with the test's own client: %zu\n", each);
}

}  // namespace
}  // namespace aerolith::http
