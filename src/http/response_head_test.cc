#include "http/response_head.h"

#include <gtest/gtest.h>

#include "base/time.h"

namespace aerolith::http {
namespace {

Response with_status(int status) {
  Response response;
  response.status = status;
  return response;
}

bool has(const std::string& head, std::string_view part) { return head.find(part) != std::string::npos; }

TEST(ResponseHead, WritesStatusFieldsAndLength) {
  Response response = with_status(404);
  response.headers.add("Content-Type", "application/xml");
  response.headers.add("content-length", "999");
  response.headers.add("Connection", "close");
  std::string head = begin_head(response, RequestMethod::other, 12);
  end_head(head, Persistence::keep_alive);
  EXPECT_TRUE(head.starts_with("HTTP/1.1 404 Not Found\r\nDate: "));
  EXPECT_TRUE(has(head, "\r\nContent-Type: application/xml\r\n"));
  EXPECT_TRUE(head.ends_with("\r\nContent-Length: 12\r\n\r\n"));
  EXPECT_FALSE(has(head, "999"));
  EXPECT_FALSE(has(head, "Connection"));
  const size_t date = head.find("Date: ") + 6;
  EXPECT_TRUE(parse_http_date(head.substr(date, head.find("\r\n", date) - date)).has_value());
}

TEST(ResponseHead, AFieldCannotSplitTheAnswer) {
  Response response;
  response.headers.add("X-Echo", std::string("a\r\nSet-Cookie: b\0c", 18));
  const std::string head = begin_head(response, RequestMethod::other, 0);
  EXPECT_TRUE(has(head, "X-Echo: a  Set-Cookie: b c\r\n"));
}

TEST(ResponseHead, TellsLengthsAsTheRfcSays) {
  EXPECT_FALSE(has(begin_head(with_status(204), RequestMethod::other, 0), "Content-Length"));
  EXPECT_FALSE(has(begin_head(with_status(304), RequestMethod::other, 0), "Content-Length"));
  EXPECT_TRUE(has(begin_head(with_status(200), RequestMethod::head, 7), "Content-Length: 7\r\n"));
  Response head_answer = with_status(200);
  head_answer.head_content_length = 5'000'000'000;
  EXPECT_TRUE(has(begin_head(head_answer, RequestMethod::head, 0), "Content-Length: 5000000000\r\n"));
  EXPECT_FALSE(sends_body(200, RequestMethod::head));
  EXPECT_FALSE(sends_body(304, RequestMethod::other));
  EXPECT_TRUE(sends_body(200, RequestMethod::other));
}

TEST(ResponseHead, EndsByPersistence) {
  std::string head;
  end_head(head, Persistence::close);
  EXPECT_EQ(head, "Connection: close\r\n\r\n");
  head.clear();
  end_head(head, Persistence::keep_alive_http10);
  EXPECT_EQ(head, "Connection: keep-alive\r\n\r\n");
}

}  // namespace
}  // namespace aerolith::http
