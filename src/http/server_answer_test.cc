// The edge over real sockets: answers, streams, files, TLS.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <latch>
#include <thread>

#include "http/server.h"
#include "http/server_test_support.h"

namespace aerolith::http {
namespace {

using namespace testing_support;
using std::chrono::milliseconds;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

// A file of a known pattern, already unlinked.
class PatternFile {
 public:
  explicit PatternFile(size_t size) {
    std::string name = (std::filesystem::temp_directory_path() / "aerolith-http-XXXXXX").string();
    descriptor_ = std::make_shared<int>(::mkstemp(name.data()));
    ::unlink(name.c_str());
    for (size_t i = 0; i < size; ++i) bytes_ += static_cast<char>(i * 31 % 253);
    EXPECT_EQ(::write(*descriptor_, bytes_.data(), bytes_.size()), static_cast<ssize_t>(size));
  }
  ~PatternFile() { ::close(*descriptor_); }

  FileRange range(uint64_t offset, uint64_t size) const { return {descriptor_, *descriptor_, offset, size}; }
  const std::string& bytes() const { return bytes_; }

 private:
  std::shared_ptr<int> descriptor_;
  std::string bytes_;
};

// Gives what a function gives.
class FunctionSource final : public BodySource {
 public:
  explicit FunctionSource(std::function<Result<BodyPiece, SourceError>()> next) : next_(std::move(next)) {}
  Result<BodyPiece, SourceError> next() override { return next_(); }

 private:
  std::function<Result<BodyPiece, SourceError>()> next_;
};

Response streamed(uint64_t size, std::function<Result<BodyPiece, SourceError>()> next) {
  Response response;
  response.body = StreamedBody{std::make_unique<FunctionSource>(std::move(next)), size};
  return response;
}

TEST(Answers, HeadSendsNoBody) {
  TestServer server([](Request& request) {
    Response response = text_response("12345");
    if (request.head.target == "/told") response.head_content_length = 5'000'000'000;
    return response;
  });
  Client client(server.port);
  client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\nHEAD /told HTTP/1.1\r\nHost: h\r\n\r\n" + std::string(kGet));
  EXPECT_EQ(client.receive(true).fields.at("content-length"), "5");
  EXPECT_EQ(client.receive(true).fields.at("content-length"), "5000000000");
  EXPECT_EQ(client.receive().body, "12345");
}

TEST(Answers, NoContentAndNotModifiedSendNoBody) {
  TestServer server([](Request& request) { return text_response("body", std::stoi(request.head.target.substr(1))); });
  Client client(server.port);
  for (const int status : {204, 304, 204}) {
    client.send("GET /" + std::to_string(status) + " HTTP/1.1\r\nHost: h\r\n\r\n");
    const Answer answer = client.receive();
    EXPECT_EQ(answer.status, status);
    EXPECT_FALSE(answer.fields.contains("content-length"));
  }
  client.send("GET /200 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.receive().body, "body");
}

TEST(Answers, AHandlerMayCloseTheConnection) {
  TestServer server([](Request&) {
    Response response = text_response("bye");
    response.headers.add("Connection", "close");
    return response;
  });
  Client client(server.port);
  client.send(kGet);
  const Answer answer = client.receive();
  EXPECT_EQ(answer.fields.at("connection"), "close");
  EXPECT_EQ(answer.body, "bye");
  EXPECT_TRUE(client.sees_close());
}

TEST(Answers, OnSentTellsTheBodyBytesOnce) {
  SentReports reports;
  TestServer server([&](Request&) {
    Response response = text_response("12345");
    response.on_sent = reports.callback();
    return response;
  });
  Client client(server.port);
  client.send(kGet);
  client.receive();
  const SentReport report = reports.only();
  EXPECT_EQ(report.body_bytes, 5u);
  EXPECT_TRUE(report.complete);
}

TEST(Answers, ALargeStringGoesOutWhole) {
  const std::string large(20 << 20, 'x');
  TestServer server([&](Request&) { return text_response(large); });
  Client client(server.port);
  for (int i = 0; i < 2; ++i) {
    client.send(kGet);
    EXPECT_EQ(client.receive().body, large);
  }
}

TEST(Answers, SendsFileRanges) {
  const PatternFile file(9 << 20);
  TestServer server([&](Request& request) {
    Response response;
    response.body = request.head.target == "/all" ? file.range(0, file.bytes().size()) : file.range(12345, 67);
    return response;
  });
  Client client(server.port);
  for (int i = 0; i < 2; ++i) {
    client.send("GET /all HTTP/1.1\r\nHost: h\r\n\r\nGET /part HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(client.receive().body, file.bytes());
    EXPECT_EQ(client.receive().body, file.bytes().substr(12345, 67));
  }
}

TEST(Answers, AFileShorterThanItsRangeCutsTheConnection) {
  const PatternFile file(1000);
  SentReports reports;
  TestServer server([&](Request&) {
    Response response;
    response.body = file.range(500, 1000);
    response.on_sent = reports.callback();
    return response;
  });
  Client client(server.port);
  client.send(kGet);
  const Answer answer = client.receive();
  EXPECT_EQ(answer.status, 200);
  EXPECT_FALSE(answer.is_whole);
  const SentReport report = reports.only();
  EXPECT_EQ(report.body_bytes, 500u);
  EXPECT_FALSE(report.complete);
}

TEST(Answers, StreamsPiecesOfBothKinds) {
  const PatternFile file(300'000);
  SentReports reports;
  TestServer server([&](Request&) {
    Response response = streamed(3 * 300'001, [&file, i = 0]() mutable -> Result<BodyPiece, SourceError> {
      if (i == 6) return BodyPiece(std::string());
      return i++ % 2 == 0 ? BodyPiece(std::string("|")) : BodyPiece(file.range(0, 300'000));
    });
    response.on_sent = reports.callback();
    return response;
  });
  Client client(server.port);
  client.send(kGet);
  const std::string part = "|" + file.bytes();
  EXPECT_EQ(client.receive().body, part + part + part);
  EXPECT_EQ(reports.only().body_bytes, 3u * 300'001);
}

TEST(Answers, AFailingStreamMustNotLookWhole) {
  const struct {
    std::function<Result<BodyPiece, SourceError>(int)> next;
    size_t received;
  } cases[] = {
      {[](int i) -> Result<BodyPiece, SourceError> {
         if (i < 2) return BodyPiece(std::string(10, 'a'));
         return fail(SourceErrorCode::failed, "checksum");
       },
       20},
      {[](int i) -> Result<BodyPiece, SourceError> { return BodyPiece(std::string(i < 3 ? 10 : 0, 'a')); }, 30},
      {[](int i) -> Result<BodyPiece, SourceError> { return BodyPiece(std::string(i < 3 ? 10 : 100, 'a')); }, 30},
      {[](int i) -> Result<BodyPiece, SourceError> {
         if (i < 1) return BodyPiece(std::string(10, 'a'));
         throw std::runtime_error("a bug");
       },
       10},
      {[](int) -> Result<BodyPiece, SourceError> { return fail(SourceErrorCode::failed, "at once"); }, 0},
  };
  for (const auto& c : cases) {
    SentReports reports;
    TestServer server([&](Request&) {
      Response response = streamed(100, [&c, i = 0]() mutable { return c.next(i++); });
      response.on_sent = reports.callback();
      return response;
    });
    Client client(server.port);
    client.send(kGet);
    const Answer answer = client.receive();
    EXPECT_FALSE(answer.is_whole);
    EXPECT_EQ(answer.body.size(), c.received);
    const SentReport report = reports.only();
    EXPECT_FALSE(report.complete);
    EXPECT_EQ(report.body_bytes, c.received);
  }
}

TEST(Answers, ASlowReaderHoldsNoHandlerAndLittleMemory) {
  ServerSettings settings = test_settings();
  settings.handler_threads = 1;
  constexpr size_t kPiece = 1 << 20;
  std::atomic<int> pulled = 0;
  TestServer server(
      [&](Request& request) {
        if (request.head.target == "/quick") return text_response("quick");
        return streamed(64 * kPiece, [&]() -> Result<BodyPiece, SourceError> {
          ++pulled;
          return BodyPiece(std::string(kPiece, 's'));
        });
      },
      settings);
  Client slow(server.port);
  slow.send(kGet);
  Client quick(server.port);
  std::this_thread::sleep_for(milliseconds(200));
  quick.send("GET /quick HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(quick.receive().body, "quick");
  EXPECT_LT(pulled, 20);  // what the socket buffers took, one in hand and one ahead
  EXPECT_EQ(slow.receive().body.size(), 64 * kPiece);
}

TEST(Answers, AReaderThatStopsReadingIsCut) {
  ServerSettings settings = test_settings();
  settings.stall_deadline = milliseconds(200);
  SentReports reports;
  TestServer server(
      [&](Request&) {
        Response response = text_response(std::string(64 << 20, 'x'));
        response.on_sent = reports.callback();
        return response;
      },
      settings);
  Client client(server.port);
  client.send(kGet);
  const SentReport report = reports.only();
  EXPECT_FALSE(report.complete);
  EXPECT_LT(report.body_bytes, 64u << 20);
  EXPECT_FALSE(client.receive().is_whole);
}

TEST(Answers, AClientThatLeavesMidDownloadIsReported) {
  SentReports reports;
  TestServer server([&](Request&) {
    Response response =
        streamed(1 << 30, []() -> Result<BodyPiece, SourceError> { return BodyPiece(std::string(1 << 20, 's')); });
    response.on_sent = reports.callback();
    return response;
  });
  Client client(server.port);
  client.send(kGet);
  client.receive_some(1000);
  client.close();
  EXPECT_FALSE(reports.only().complete);
  EXPECT_TRUE(eventually([&] { return server.server->stats().open_connections == 0; }));
}

TEST(Answers, AHalfClosedClientStillGetsItsAnswer) {
  TestServer server([](Request&) {
    std::this_thread::sleep_for(milliseconds(50));
    return text_response("answer");
  });
  Client client(server.port);
  client.send(kGet);
  client.half_close();
  EXPECT_EQ(client.receive().body, "answer");
  EXPECT_TRUE(client.sees_close());
}

Response describe(Request& request) {
  const auto body = read_all(*request.body, 64 << 20);
  return text_response((request.head.is_tls ? "tls " : "plain ") + body.value_or("failed"));
}

TEST(Tls, SharesThePortWithPlain) {
  const CertificateFolder certificate;
  ServerSettings settings = test_settings();
  settings.tls = certificate.settings;
  TestServer server(describe, settings);
  Client plain(server.port);
  plain.send(kGet);
  EXPECT_EQ(plain.receive().body, "plain ");
  Client tls(server.port);
  ASSERT_TRUE(tls.start_tls());
  const std::string large(3 << 20, 'u');
  const std::string put =
      "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(large.size()) + "\r\n\r\n" + large;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(tls.send(std::string(kGet) + put + std::string(kGet)));
    EXPECT_EQ(tls.receive().body, "tls ");
    EXPECT_EQ(tls.receive().body, "tls " + large);
    EXPECT_EQ(tls.receive().body, "tls ");
  }
}

TEST(Tls, ResumesSessions) {
  const CertificateFolder certificate;
  ServerSettings settings = test_settings();
  settings.tls = certificate.settings;
  TestServer server(describe, settings);
  for (const bool is_resumed : {false, true}) {
    Client client(server.port);
    ASSERT_TRUE(client.start_tls());
    client.send(kGet);
    EXPECT_EQ(client.receive().status, 200);
    EXPECT_EQ(client.is_session_resumed(), is_resumed);
  }
}

TEST(Tls, SendsFilesAndStreams) {
  const CertificateFolder certificate;
  ServerSettings settings = test_settings();
  settings.tls = certificate.settings;
  const PatternFile file(3 << 20);
  SentReports reports;
  TestServer server(
      [&](Request& request) {
        Response response;
        if (request.head.target == "/file") {
          response.body = file.range(1, file.bytes().size() - 1);
        } else {
          response = streamed(1 + file.bytes().size(), [&, i = 0]() mutable -> Result<BodyPiece, SourceError> {
            return i++ == 0 ? BodyPiece(std::string("|")) : BodyPiece(file.range(0, file.bytes().size()));
          });
        }
        return response;
      },
      settings);
  Client client(server.port);
  ASSERT_TRUE(client.start_tls());
  client.send("GET /file HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.receive().body, file.bytes().substr(1));
  client.send("GET /stream HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.receive().body, "|" + file.bytes());
  EXPECT_TRUE(client.sees_close());
}

TEST(Tls, GarbageAndSilenceAreClosed) {
  const CertificateFolder certificate;
  ServerSettings settings = test_settings();
  settings.tls = certificate.settings;
  settings.head_deadline = milliseconds(200);
  TestServer server(describe, settings);
  Client garbage(server.port);
  garbage.send("\x16 this is no record of a handshake at all");
  while (!garbage.receive_some(100).empty()) continue;  // an alert
  EXPECT_TRUE(garbage.sees_close());
  Client silent(server.port);
  silent.send("\x16\x03\x01");
  EXPECT_TRUE(silent.sees_close());
  TestServer without(describe);
  Client hello(without.port);
  hello.send("\x16\x03\x01\x02");
  EXPECT_TRUE(hello.sees_close());
}

TEST(Tls, NamesABadCertificate) {
  FunctionHandler handler;
  ServerSettings settings = test_settings();
  settings.tls = {.certificate_file = "/nonexistent/c.pem", .key_file = "/nonexistent/k.pem"};
  const auto started = Server::start(settings, handler);
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code, ServerErrorCode::bad_certificate);
  EXPECT_NE(started.error().detail.find("/nonexistent/c.pem"), std::string::npos);
}

}  // namespace
}  // namespace aerolith::http
