#include "http/request_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace aerolith::http {
namespace {

using namespace std::string_literals;

constexpr size_t kLimitBytes = 4096;

// The status of the refusal of `bytes`, 0 when they are a good head, 1 when they are unfinished.
int status_of(std::string_view bytes) {
  HeadScanner scanner;
  const auto size = scanner.scan(bytes, kLimitBytes);
  if (!size.has_value()) return size.error().status;
  if (*size == 0) return 1;
  const auto parsed = parse_head(bytes.substr(0, *size));
  return parsed.has_value() ? 0 : parsed.error().status;
}

ParsedHead parse(std::string_view bytes) {
  auto parsed = parse_head(bytes);
  if (!parsed.has_value()) {
    ADD_FAILURE() << parsed.error().reason;
    return {};
  }
  return std::move(*parsed);
}

TEST(RequestParser, KeepsTargetAsOnTheWire) {
  const ParsedHead parsed = parse("GET /b/a%2Fb//../%c3%a4?x=%20&y HTTP/1.1\r\nHost: h\r\nX-A:  v \r\n\r\n");
  EXPECT_EQ(parsed.head.method, "GET");
  EXPECT_EQ(parsed.head.target, "/b/a%2Fb//../%c3%a4?x=%20&y");
  EXPECT_EQ(parsed.head.path(), "/b/a%2Fb//../%c3%a4");
  EXPECT_EQ(parsed.head.query(), "x=%20&y");
  EXPECT_EQ(parsed.head.headers.find("x-a"), "v");
  EXPECT_TRUE(parsed.keep_alive);
  EXPECT_EQ(parsed.framing, Framing::none);
}

TEST(RequestParser, CutsAbsoluteFormAndTakesItsHost) {
  const ParsedHead parsed = parse("GET http://bucket.s3.localhost:4566/k?a=b HTTP/1.1\r\nHost: other\r\n\r\n");
  EXPECT_EQ(parsed.head.target, "/k?a=b");
  EXPECT_EQ(parsed.head.headers.find("host"), "bucket.s3.localhost:4566");
  EXPECT_EQ(parse("GET http://h?a HTTP/1.1\r\nHost: h\r\n\r\n").head.target, "/?a");
}

TEST(RequestParser, DecidesFraming) {
  const ParsedHead length = parse("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\nExpect: 100-Continue\r\n\r\n");
  EXPECT_EQ(length.framing, Framing::length);
  EXPECT_EQ(length.content_length_bytes, 12u);
  EXPECT_TRUE(length.expects_continue);
  EXPECT_EQ(parse("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n").framing, Framing::chunked);
  EXPECT_EQ(parse("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").framing, Framing::none);
}

TEST(RequestParser, KnowsWhenTheConnectionGoesOn) {
  EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").keep_alive);
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_TRUE(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive);
}

TEST(RequestParser, RefusesHostileHeads) {
  const std::string host = "Host: h\r\n";
  const struct {
    std::string bytes;
    int status;
  } cases[] = {
      {"GET / HTTP/1.1\nHost: h\n\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n"s, 400},
      {"GET / HTTP/1.1\r\nHost: h\r\nX: a\x01\r\n\r\n", 400},
      {"GET /a\x7f HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\n: empty\r\n\r\n", 400},
      {"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET / a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET /\r\n\r\n", 400},
      {"G@T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET path HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET / http/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET / HTTP/1.10\r\nHost: h\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
      {"PRI * HTTP/2.0\r\n\r\n", 505},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\n" + host + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\n" + host + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\n" + host + "Content-Length: 5, 5\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\n" + host + "Content-Length: +5\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\n" + host + "Content-Length: 0x5\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\n" + host + "Content-Length:\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\n" + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked, chunked\r\n\r\n", 501},
      {"PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {"PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: identity\r\n\r\n", 501},
      {"PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n", 501},
      {"PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET /" + std::string(kLimitBytes, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", 431},
      {std::string(kLimitBytes, 'a'), 431},
  };
  for (const auto& [bytes, status] : cases) EXPECT_EQ(status_of(bytes), status) << bytes.substr(0, 200);
  EXPECT_EQ(status_of("\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), 0);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: h\r\n"), 1);
}

TEST(RequestParser, RefusesTooManyFields) {
  std::string bytes = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 600; ++i) bytes += "a:\r\n";
  EXPECT_EQ(status_of(bytes + "\r\n"), 431);
}

TEST(RequestParser, FindsAHeadByteByByte) {
  const std::string bytes = "GET / HTTP/1.1\r\nHost: h\r\n\r\nGET";
  HeadScanner scanner;
  for (size_t end = 1; end < bytes.size() - 3; ++end) {
    ASSERT_EQ(scanner.scan(std::string_view(bytes).substr(0, end), kLimitBytes).value(), 0u);
  }
  EXPECT_EQ(scanner.scan(std::string_view(bytes).substr(0, bytes.size() - 3), kLimitBytes).value(), bytes.size() - 3);
}

struct Decoded {
  std::string body;
  bool is_done = false;
  bool is_refused = false;
  size_t used_bytes = 0;
};

Decoded decode(std::string_view input, size_t step, size_t room_bytes) {
  Decoded decoded;
  ChunkDecoder decoder;
  std::vector<char> room(room_bytes);
  size_t end = std::min(step, input.size());
  while (!decoder.is_done()) {
    const auto progress = decoder.decode(input.substr(decoded.used_bytes, end - decoded.used_bytes), room);
    if (!progress.has_value()) {
      decoded.is_refused = true;
      return decoded;
    }
    decoded.used_bytes += progress->consumed_bytes;
    decoded.body.append(room.data(), progress->produced_bytes);
    if (progress->consumed_bytes > 0) continue;
    if (end == input.size()) return decoded;
    end = std::min(end + step, input.size());
  }
  decoded.is_done = true;
  return decoded;
}

TEST(ChunkDecoder, DecodesHoweverItIsCut) {
  const std::string input = "5\r\nhello\r\n1;name=value\r\n,\r\n00006\r\n world\r\n0\r\nX-T: v\r\n\r\nNEXT";
  for (const size_t step : {1u, 2u, 3u, 7u, 1000u}) {
    for (const size_t room : {1u, 4u, 1000u}) {
      const Decoded decoded = decode(input, step, room);
      EXPECT_TRUE(decoded.is_done);
      EXPECT_EQ(decoded.body, "hello, world");
      EXPECT_EQ(input.substr(decoded.used_bytes), "NEXT");
    }
  }
}

TEST(ChunkDecoder, RefusesBadFraming) {
  for (const std::string input :
       {"x\r\nhello\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n", "5\r\nhelloX\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n", " 5\r\nhello\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nhello\r\n0\r\n\r\n", "5;a=\"\n\"\r\nhello\r\n0\r\n\r\n", "\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\r\nContent-Length: 3\r\n\r\n", "5\r\nhello0\r\n\r\n....",
        "5\r\nhello\r\n0\r\nbad trailer\r\n\r\n"}) {
    for (const size_t step : {1u, 1000u}) EXPECT_TRUE(decode(input, step, 1000).is_refused) << input;
  }
  EXPECT_TRUE(decode("5;" + std::string(100'000, 'a'), 4096, 1000).is_refused);
  EXPECT_TRUE(decode("0\r\nX: " + std::string(100'000, 'a'), 4096, 1000).is_refused);
  EXPECT_FALSE(decode("5\r\nhel", 1, 1000).is_done);
}

}  // namespace
}  // namespace aerolith::http
